from dataclasses import replace
from datetime import UTC, datetime

import pytest

from limner.actions.progress import LARGEST_PREVIEW, ProgressBook, Tally, preview_of
from limner.codecs.pillow import PillowCodec
from limner.contracts.engine import Progress
from limner.domain.event import ProgressTick
from limner.domain.image import Image, ImageId
from limner.domain.job import Job, JobId, JobState
from limner.domain.request import ImageRequest
from limner.testing.instant import checkerboard
from tests.actions.workshop import Unsteady

NOW = datetime(2026, 9, 1, 9, tzinfo=UTC)
WEBP = b"RIFF\0\0\0\0WEBPmore"


def job(count=1, kept=0):
    request = ImageRequest(prompt="a fox", model="a", width=64, height=64, count=count, seed=1, format="png")
    image = Image(
        id=ImageId("i"), job_id="j", owner="ann", ordinal=0, seed=1, width=64, height=64, format="png", bytes=1,
        sha256="", color="", key="", seq=3, created_at=NOW,
    )  # fmt: skip
    images = tuple(replace(image, ordinal=ordinal) for ordinal in range(kept))
    return Job(
        id=JobId("j"), owner="ann", state=JobState.RUNNING, request=request, route=("a",), images=images,
        created_at=NOW, deadline_at=NOW,
    )  # fmt: skip


def note(tally, step, steps, now=1.0):
    return tally.note(Progress(step=step, steps=steps), now=now)


def test_the_fraction_is_of_all_pictures():
    tick = note(Tally(job(count=2), began=0.0), 3, 8)
    assert (tick.fraction, tick.step, tick.steps) == (0.375, 3, 8)


def test_a_retry_begins_where_pictures_are_kept():
    tick = note(Tally(job(count=4, kept=3), began=0.0), 1, 2)
    assert (tick.fraction, tick.step, tick.steps) == (0.875, 7, 8)


def test_a_kept_picture_counts_whole():
    tally = Tally(job(count=4), began=0.0)
    assert tally.keep(now=1.0).fraction == 0.25


def test_the_fraction_never_falls():
    tally = Tally(job(count=2), began=0.0)
    note(tally, 6, 8)
    assert note(tally, 1, 8).fraction == 0.75


def test_an_engine_that_counts_too_far_is_not_beyond_the_end():
    assert note(Tally(job(), began=0.0), 9, 8).fraction == 1.0


@pytest.mark.parametrize("steps", [None, 0])
def test_steps_without_a_number_of_steps_tell_no_fraction(steps):
    tick = note(Tally(job(), began=0.0), 3, steps)
    assert (tick.fraction, tick.step, tick.steps, tick.eta_seconds) == (0.0, 3, steps, None)


def test_the_rest_takes_as_long_as_what_is_done_did():
    assert note(Tally(job(), began=10.0), 1, 4, now=12.0).eta_seconds == 6.0


def test_what_an_earlier_try_kept_says_nothing_of_the_pace():
    assert note(Tally(job(count=2, kept=1), began=0.0), 1, 2, now=3.0).eta_seconds == 3.0


@pytest.mark.parametrize(("image", "media_type"), [(WEBP, "image/webp"), (b"\xff\xd8\xff\xe0", "image/jpeg")])
async def test_a_small_preview_is_shown_as_it_is(image, media_type):
    preview = await preview_of(job(), Progress(step=2, ordinal=1, preview=image), PillowCodec())
    assert (preview.ordinal, preview.step, preview.image, preview.media_type) == (1, 2, image, media_type)


async def test_a_large_preview_is_made_small():
    preview = await preview_of(job(), Progress(step=2, preview=checkerboard(1024, 768, 7)), PillowCodec())
    assert PillowCodec().finish(preview.image, format="webp", labels={}).width == 256
    assert len(preview.image) <= LARGEST_PREVIEW


async def test_a_preview_that_stays_large_is_made_smaller_still():
    class Wordy(PillowCodec):
        def thumbnail(self, data, *, size):
            return WEBP + bytes(100 * size)

    preview = await preview_of(job(), Progress(step=2, preview=b"\x89PNG"), Wordy())
    assert len(preview.image) == len(WEBP) + 100 * 128


@pytest.mark.parametrize("image", [None, b"", b"<svg>", b"\x89PNG", WEBP + bytes(LARGEST_PREVIEW)])
async def test_what_is_no_picture_is_not_shown(image):
    assert await preview_of(job(), Progress(step=2, preview=image), PillowCodec()) is None


async def test_only_the_last_tick_of_each_job_is_written_in_one_go():
    class Rows:
        def __init__(self):
            self.written = []

        async def save_progress(self, ticks):
            self.written.append(ticks)

    rows = Rows()
    book = ProgressBook(Unsteady(rows))
    ticks = [
        ProgressTick(job_id=id_, owner="ann", fraction=f, step=1) for id_, f in (("a", 0.1), ("b", 0.2), ("a", 0.3))
    ]
    for tick in ticks:
        book.note(tick)
    await book.save()
    await book.save()
    assert rows.written == [(ticks[2], ticks[1])]
