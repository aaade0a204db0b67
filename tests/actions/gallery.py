"""Rows of pictures in memory, and means around them, for tests of the picture actions."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from limner.contracts.repository import NamedBytes, SweepReport
from limner.domain.errors import LeaseLost
from limner.domain.event import JobChanged
from limner.domain.identity import Principal, new_id
from limner.domain.image import Image, ImageId
from limner.domain.job import Claim, Job, JobId, JobState, Lease
from limner.domain.request import ImageRequest

NOW = datetime(2026, 9, 1, 9, tzinfo=UTC)
ANN = Principal(user_id="ann")
BEN = Principal(user_id="ben")


class Gallery:
    """What the actions need of a repository."""

    def __init__(self):
        self.images = {}
        self.epoch = 1
        self.restorable = True
        self.expired_keys = ()

    def add(self, owner="ann", **facts):
        number = len(self.images)
        image_id = ImageId(new_id())
        given = {
            "id": image_id, "job_id": new_id(), "owner": owner, "ordinal": 0, "seed": number, "width": 64, "height": 64,
            "format": "png", "bytes": 1, "sha256": f"{number:064x}", "color": "#000000", "key": f"job-{number}/0/1.png",
            "seq": 3, "created_at": NOW,
        }  # fmt: skip
        self.images[image_id] = Image(**(given | facts))
        return self.images[image_id]

    async def find_image(self, image_id):
        return self.images.get(image_id)

    async def page_of_images(self, owner, *, before, limit):
        own = [image for image in self.images.values() if image.owner == owner and image.deleted_at is None]
        return tuple([image for image in reversed(own) if before is None or image.id < before][:limit])

    async def named_bytes(self, *, after, limit):
        kept = sorted((image.key, image.bytes, image.sha256) for image in self.images.values() if image.key > after)
        return tuple(NamedBytes(key=key, size=size, sha256=sha256) for key, size, sha256 in kept[:limit])

    async def delete_image(self, image_id):
        return self._set_deleted(image_id, NOW)

    async def restore_image(self, image_id):
        return self._set_deleted(image_id, None) if self.restorable else None

    def _set_deleted(self, image_id, deleted_at):
        image = self.images[image_id] = replace(self.images[image_id], deleted_at=deleted_at)
        return JobChanged(job_id=image.job_id, owner=image.owner, seq=image.seq + 1)

    async def known_keys(self, keys):
        return frozenset(keys) & {image.key for image in self.images.values()}

    async def keep_image(self, lease, image, *, finish):
        if lease.epoch != self.epoch:
            raise LeaseLost
        facts = {
            "id": image.id,
            "ordinal": image.ordinal,
            "seed": image.seed,
            "width": image.width,
            "format": image.format,
        }
        self.add(
            job_id=lease.job_id, height=image.height, bytes=image.bytes, sha256=image.sha256, key=image.key, **facts
        )
        return JobChanged(job_id=lease.job_id, owner="ann", seq=4 if finish else 3)

    async def expire(self, *, policy):
        change = JobChanged(job_id="job", owner="ann", seq=9)
        keys, self.expired_keys = self.expired_keys[:2], self.expired_keys[2:]
        return SweepReport(changes=(change,)), keys


class Megaphone:
    """A notifier that remembers."""

    def __init__(self):
        self.heard = []

    def publish(self, signals):
        self.heard += signals


def claim(*, wanted="png", epoch=1, count=2, prompt="a red fox in snow"):
    request = ImageRequest(prompt=prompt, model="painter", width=96, height=64, count=count, seed=41, format=wanted)
    job = Job(
        id=JobId(new_id()),
        owner="ann",
        state=JobState.RUNNING,
        request=request,
        route=("painter",),
        created_at=NOW,
        deadline_at=NOW + timedelta(days=1),
    )
    return Claim(lease=Lease(job_id=job.id, epoch=epoch), job=job)
