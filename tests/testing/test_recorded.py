import json

import pytest

from limner.contracts.engine import Progress
from limner.domain.errors import BadParameter, SettingsError
from limner.testing import LedgerEngine
from limner.testing.engine_suite import collect
from limner.testing.instant import checkerboard
from limner.testing.recorded import RecordedEngine
from limner.testing.tasks import paint_task


@pytest.fixture
def recorder(tmp_path):
    options = {"ledger": str(tmp_path / "ledger"), "mode": "asynchronous", "paint_seconds": 0.03}
    return RecordedEngine(engine="ledger", options=options, folder=str(tmp_path / "recorded"), mode="record")


@pytest.fixture
def player(tmp_path):
    return RecordedEngine(engine="not-installed", folder=str(tmp_path / "recorded"))


async def record(recorder, task):
    await recorder.open()
    strokes = await collect(recorder, task)
    await recorder.close()
    return strokes


async def test_a_recording_is_played_without_the_engine(recorder, player):
    strokes = await record(recorder, paint_task(count=2))

    assert any(isinstance(stroke, Progress) and stroke.preview for stroke in strokes)
    assert await collect(player, paint_task(count=2)) == strokes


async def test_keys_are_those_of_the_try_that_plays(recorder, player):
    await record(recorder, paint_task())

    played = await collect(player, paint_task(request_key="second-try"))
    assert played[0].request_key == "second-try-0"


async def test_capabilities_are_recorded(recorder, player, tmp_path):
    await record(recorder, paint_task())

    assert player.capabilities == LedgerEngine(ledger=str(tmp_path / "ledger")).capabilities


async def test_inputs_are_known_by_what_they_show(recorder, player):
    await record(recorder, paint_task(inputs=[("image", checkerboard(8, 8, 1))]))

    assert await collect(player, paint_task(inputs=[("image", checkerboard(8, 8, 1))]))
    with pytest.raises(BadParameter, match="record"):
        await collect(player, paint_task(inputs=[("image", checkerboard(8, 8, 2))]))


@pytest.mark.parametrize("change", [{"prompt": "another"}, {"seed": 9}, {"count": 2}, {"width": 65}])
async def test_what_was_not_recorded_is_refused(recorder, player, change):
    await record(recorder, paint_task())

    with pytest.raises(BadParameter, match="record"):
        await collect(player, paint_task(**change))


async def test_a_paint_that_was_broken_off_is_not_recorded(recorder, player):
    await recorder.open()
    strokes = recorder.paint(paint_task())
    await anext(strokes)
    await strokes.aclose()

    with pytest.raises(BadParameter):
        await collect(player, paint_task())


def test_a_folder_without_a_recording_is_named(player, tmp_path):
    with pytest.raises(SettingsError, match="recorded holds no recording"):
        player.capabilities  # noqa: B018


async def test_a_recording_is_readable_by_people(recorder, tmp_path):
    await record(recorder, paint_task())
    (recording,) = (tmp_path / "recorded").glob("*/strokes.json")

    strokes = json.loads(recording.read_text())["strokes"]
    assert strokes[0]["stroke"] == "Submitting"
    assert (recording.parent / strokes[-1]["image"]).read_bytes().startswith(b"\x89PNG")
