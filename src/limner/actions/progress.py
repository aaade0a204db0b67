"""From an engine's steps to how far a whole job is."""

from __future__ import annotations

import asyncio

from limner.contracts.codec import Codec
from limner.contracts.engine import Progress
from limner.contracts.repository import WorkRepository
from limner.domain.errors import BadImage
from limner.domain.event import PreviewTick, ProgressTick
from limner.domain.job import Job

LARGEST_PREVIEW = 24 * 1024
PREVIEW_SIZES = (256, 128)


class Tally:
    """Counts one try of a job: an engine's steps are those of the pictures that were missing when the try began.

    Fractions never fall: watchers see a bar, and a bar that goes back reads as a fault.
    """

    def __init__(self, job: Job, *, began: float) -> None:
        self._job = job
        self._began = began
        self._pictures = job.request.count
        self._asked = len(job.missing)
        self._kept = self._kept_before = self._pictures - self._asked
        self._fraction = self._kept_before / self._pictures
        self._step = 0
        self._steps: int | None = None

    def keep(self, *, now: float) -> ProgressTick:
        """One more picture is kept."""
        self._kept += 1
        return self._tick(self._kept / self._pictures, now)

    def note(self, progress: Progress, *, now: float) -> ProgressTick:
        """The engine says how far it is."""
        self._step, self._steps = progress.step, progress.steps
        if not progress.steps:
            return self._tick(self._fraction, now)
        before = round(progress.steps * self._kept_before / max(1, self._asked))
        self._step, self._steps = before + progress.step, before + progress.steps
        painted = self._asked * min(1.0, progress.step / progress.steps)
        return self._tick((self._kept_before + painted) / self._pictures, now)

    def _tick(self, fraction: float, now: float) -> ProgressTick:
        self._fraction = max(self._fraction, min(1.0, fraction))
        return ProgressTick(
            job_id=self._job.id,
            owner=self._job.owner,
            fraction=round(self._fraction, 4),
            step=self._step,
            steps=self._steps,
            eta_seconds=self._eta(now),
        )

    def _eta(self, now: float) -> float | None:
        gained = self._fraction - self._kept_before / self._pictures
        return round((now - self._began) * (1.0 - self._fraction) / gained, 1) if gained > 0 else None


async def preview_of(job: Job, progress: Progress, codec: Codec) -> PreviewTick | None:
    """The preview that came with a step, small enough for watchers; None where that cannot be had."""
    image = await _small(progress.preview, codec) if progress.preview else None
    media_type = _media_type(image) if image else None
    if image is None or media_type is None:
        return None
    return PreviewTick(
        job_id=job.id,
        owner=job.owner,
        ordinal=progress.ordinal or 0,
        step=progress.step,
        image=image,
        media_type=media_type,
    )


async def _small(image: bytes, codec: Codec) -> bytes | None:
    if len(image) <= LARGEST_PREVIEW and _media_type(image):
        return image
    for size in PREVIEW_SIZES:
        try:
            smaller = await asyncio.to_thread(codec.thumbnail, image, size=size)
        except BadImage:
            return None
        if len(smaller) <= LARGEST_PREVIEW:
            return smaller
    return None


def _media_type(image: bytes) -> str | None:
    if image[:4] == b"RIFF" and image[8:12] == b"WEBP":
        return "image/webp"
    return "image/jpeg" if image[:3] == b"\xff\xd8\xff" else None


class ProgressBook:
    """The last tick of each running job, until all of them are written in one go."""

    def __init__(self, repository: WorkRepository) -> None:
        self._repository = repository
        self._ticks: dict[str, ProgressTick] = {}

    def note(self, tick: ProgressTick) -> None:
        self._ticks[tick.job_id] = tick

    async def save(self) -> None:
        ticks, self._ticks = self._ticks, {}
        if ticks:
            await self._repository.save_progress(tuple(ticks.values()))
