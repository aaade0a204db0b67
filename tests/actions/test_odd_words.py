"""Words of an engine that not every database takes: they are not ours to refuse, and no job may be stuck with them."""

import pytest

from limner.contracts.engine import Submitting
from limner.domain.errors import EngineError, RefusedByPolicy
from limner.domain.job import JobState, Note
from limner.domain.wording import keepable
from tests.actions.workshop import Scripted, picture, workshop

ODD = "no\x00 good \ud800"


async def raises(task):
    raise RefusedByPolicy(ODD)
    yield


async def calls(task):
    yield Submitting(ordinals=tuple(task.ordinals), request_key=f"{task.request_key}\x00")


async def remarks(task):
    for ordinal in task.ordinals:
        painted = picture(task, ordinal)
        yield type(painted)(ordinal=ordinal, image=painted.image, notes=(Note(code="odd\x00", detail=ODD),))


def test_line_breaks_and_letters_of_all_tongues_stay():
    assert keepable("größer\n\tals 木") == "größer\n\tals 木"


@pytest.mark.parametrize("error", [EngineError(ODD), RefusedByPolicy(ODD)])
def test_an_error_of_an_engine_is_plain(error):
    assert error.detail == "no  good  "


async def ended(tmp_path, play):
    async with workshop(tmp_path, policy={"max_attempts": 1}, fox=Scripted(play)) as shop:
        return await shop.end(await shop.submit())


async def test_an_error_is_kept_without_them(tmp_path):
    job = await ended(tmp_path, raises)
    assert (job.state, job.error.detail) == (JobState.FAILED, "no  good  ")


async def test_a_note_is_kept_without_them(tmp_path):
    job = await ended(tmp_path, remarks)
    assert job.state is JobState.SUCCEEDED
    (note,) = job.notes
    assert (note.code, note.detail) == ("odd ", "no  good  ")


async def test_a_call_with_such_a_key_is_never_made(tmp_path):
    job = await ended(tmp_path, calls)
    assert (
        job.error.detail
        == "The engine yielded a call whose request key has a control character (U+0000) at position 39; remove it."
    )
