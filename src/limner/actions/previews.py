"""The last preview of each running job, in the storage: there the processes find it that serve its watchers.

It lies under the job's own id, so that one that a dead process left is collected like all that no row names.
"""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Iterable

from limner.contracts.storage import Storage
from limner.domain.errors import NotFound, StorageFull, StorageUnavailable
from limner.domain.event import PreviewTick, ProgressTick

OUTAGES = (StorageUnavailable, StorageFull, OSError)

NAME = "/preview.json"
"""Behind a job's id, its key."""


class PreviewBook:
    """The painting process's side. What was noted is written by `save`, the latest of each job, so that a job costs one
    small write a round at most; one that is over before a whole round has passed costs nothing.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._fresh: dict[str, PreviewTick] = {}
        self._a_round_old: set[str] = set()
        self._written: set[str] = set()
        self._over: set[str] = set()

    def note(self, preview: PreviewTick) -> None:
        self._fresh[preview.job_id] = preview

    def forget(self, job_id: str) -> None:
        """This process paints it no more."""
        self._fresh.pop(job_id, None)
        self._a_round_old.discard(job_id)
        if job_id in self._written:
            self._over.add(job_id)

    async def save(self) -> None:
        """The one place that writes and deletes: nothing is written behind its own deletion."""
        due = self._due()
        with contextlib.suppress(*OUTAGES):
            await self._write(due)
            await self._delete(tuple(self._over))

    def _due(self) -> list[PreviewTick]:
        due = [preview for preview in self._fresh.values() if preview.job_id in self._a_round_old]
        self._a_round_old |= self._fresh.keys()
        for preview in due:
            del self._fresh[preview.job_id]
        return due

    async def _write(self, previews: Iterable[PreviewTick]) -> None:
        for preview in previews:
            self._written.add(preview.job_id)
            await self._storage.write(_key(preview.job_id), _encoded(preview))

    async def _delete(self, job_ids: Iterable[str]) -> None:
        for job_id in job_ids:
            await self._storage.delete(_key(job_id))
            self._written.discard(job_id)
            self._over.discard(job_id)


async def find_preview(progress: ProgressTick, *, storage: Storage) -> PreviewTick | None:
    """What whoever paints the job wrote last; None where nothing is to be had."""
    try:
        kept = json.loads(await storage.read(_key(progress.job_id)))
    except (NotFound, *OUTAGES):
        return None
    return PreviewTick(
        job_id=progress.job_id,
        owner=progress.owner,
        ordinal=kept["ordinal"],
        step=kept["step"],
        image=base64.b64decode(kept["image"]),
        media_type=kept["media_type"],
    )


def is_preview(key: str) -> bool:
    """Whether it is one that lies there, and goes with the end of its job."""
    return key.endswith(NAME)


def _key(job_id: str) -> str:
    return job_id + NAME


def _encoded(preview: PreviewTick) -> bytes:
    image = base64.b64encode(preview.image).decode()
    facts = {"ordinal": preview.ordinal, "step": preview.step, "media_type": preview.media_type, "image": image}
    return json.dumps(facts).encode()
