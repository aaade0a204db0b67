import asyncio
import json
import os
import signal
import sys
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from limner.contracts.engine import OpenCall, Painted, Progress, Submitted, Submitting
from limner.domain.errors import EngineCrashed, EngineFailed, EngineTimeout, RateLimited, Transient, Unauthorised
from limner.engines.isolated import IsolatedEngine
from limner.testing.instant import InstantEngine, checkerboard
from limner.testing.tasks import paint_task
from tests.engines.isolation import child_of_this_process, doing, facts_of, is_alive, misbehaving, strokes_of, until


async def test_it_can_what_the_inner_engine_can():
    engine = IsolatedEngine("limner.testing.instant:InstantEngine", {"size": 32})

    assert engine.capabilities == InstantEngine(size=32).capabilities


async def test_it_paints_what_the_inner_engine_paints(isolated):
    engine = IsolatedEngine("limner.testing.instant:InstantEngine", {})
    task = paint_task(count=3)

    assert await strokes_of(engine, task) == await strokes_of(InstantEngine(), task)
    await engine.close()


async def test_the_child_is_another_process_that_yields_to_ours(isolated):
    facts = await facts_of(isolated("Telling"))

    assert facts["pid"] != os.getpid()
    assert facts["nice"] == min(os.nice(0) + 10, 19)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's own killer is Linux's")
async def test_the_kernel_kills_the_child_before_the_server_and_dumps_no_core(isolated):
    facts = await facts_of(isolated("Telling"))

    assert facts["oom_score"] > int(Path("/proc/self/oom_score_adj").read_text())
    assert facts["core_limit"] == 0


async def test_the_child_leaves_a_processor_free(isolated, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "64")
    environment = dict((await facts_of(isolated("Telling")))["environment"])

    assert int(environment["OMP_NUM_THREADS"]) <= max(1, os.cpu_count() - 1)
    assert int(environment["OPENBLAS_NUM_THREADS"]) <= max(1, os.cpu_count() - 1)


async def test_options_travel_neither_in_arguments_nor_in_the_environment(isolated):
    facts = await facts_of(isolated("Telling", {"key": "very-secret"}))

    assert "very-secret" not in facts["command"] + json.dumps(facts["environment"])


async def test_the_child_loads_neither_web_nor_database(isolated):
    modules = (await facts_of(isolated("Telling")))["modules"]

    assert not {"fastapi", "sqlalchemy", "pydantic", "PIL", "psutil"} & set(modules)


async def test_the_child_finds_modules_where_this_process_does(make_isolated, tmp_path, monkeypatch):
    (tmp_path / "found_here_only.py").write_text("from limner.testing import InstantEngine as Engine")
    monkeypatch.syspath_prepend(tmp_path)

    assert await strokes_of(make_isolated("found_here_only:Engine", {}))


async def test_the_whole_task_arrives(isolated):
    task = paint_task(
        job_id="job-9", options={"nested": {"text": "\ud800 ü"}}, deadline=datetime(2030, 1, 1, tzinfo=UTC)
    )
    facts = await facts_of(isolated("Telling"), task)

    assert facts["job"] == "job-9"
    assert facts["options"] == {"nested": {"text": "\ud800 ü"}}


async def test_open_calls_arrive(ledger, tmp_path):
    engine = ledger()
    bought = [stroke async for stroke in engine.paint(paint_task())]
    call = json.loads((tmp_path / "ledger.jsonl").read_text())["id"]
    resumed = paint_task(resume=(OpenCall(ordinals=(0,), request_key="key", handle={"call": call}),))

    assert [type(stroke) for stroke in bought] == [Submitting, Painted]
    assert [type(stroke) for stroke in await strokes_of(engine, resumed)] == [Painted]


@pytest.mark.parametrize("passed", [0, 1, 2])
async def test_the_child_waits_at_each_rendezvous_until_the_consumer_goes_on(isolated, tmp_path, passed):
    async with aclosing(isolated("Marking", {"folder": str(tmp_path)}).paint(paint_task())) as strokes:
        for _ in range(passed + 1):
            await anext(strokes)
        await asyncio.sleep(0.1)

    reached = {path.name for path in tmp_path.iterdir()}
    assert reached == set(["Submitting", "Submitted", "Painted"][:passed])


async def test_the_child_goes_on_once_the_consumer_does(isolated, tmp_path):
    strokes = await strokes_of(isolated("Marking", {"folder": str(tmp_path)}))

    assert [type(stroke) for stroke in strokes] == [Submitting, Submitted, Painted]
    assert {path.name for path in tmp_path.iterdir()} == {"Submitting", "Submitted", "Painted"}


async def test_progress_is_lossy_and_never_holds_the_child(isolated):
    async with aclosing(isolated("Chatty").paint(paint_task())) as strokes:
        first = await anext(strokes)
        await asyncio.sleep(0.5)
        rest = [stroke async for stroke in strokes]

    assert first == Progress(step=0, steps=10_000, ordinal=0, preview=b"0")
    assert len(rest) < 5_000
    assert rest[-1] == Painted(ordinal=0, image=b"image")


async def test_previews_arrive(isolated):
    strokes = await strokes_of(isolated("Chatty"))

    previews = [stroke.preview for stroke in strokes if isinstance(stroke, Progress)]
    assert previews[0] == b"0"
    assert previews == sorted(previews, key=int)


async def test_inputs_are_read_by_the_parent(isolated):
    async def read_input(name):
        return {"known": b"bytes of the parent"}[name]

    strokes = await strokes_of(isolated("Reading"), paint_task(read_input=read_input))

    assert [stroke.image for stroke in strokes] == [b"bytes of the parent", b"absent"]


async def test_an_input_that_cannot_be_read_fails_the_paint_as_the_parent_says(isolated):
    async def read_input(name):
        raise Transient("The storage is away.", retry_after=3)

    with pytest.raises(Transient, match="The storage is away") as raised:
        await strokes_of(isolated("Reading"), paint_task(read_input=read_input))
    assert raised.value.retry_after == 3


async def test_the_child_knows_what_its_inputs_are(isolated):
    given = [("image", checkerboard(20, 10, 1)), ("image", checkerboard(8, 8, 2))]

    assert await facts_of(isolated("Listing"), paint_task(inputs=given)) == [
        [["image", "image", "image/png", 20, 10], ["image-2", "image", "image/png", 8, 8]],
        "image",
    ]


async def test_what_the_engine_prints_does_not_disturb(isolated):
    assert (await strokes_of(isolated("Noisy")))[0].image == b"quiet"


async def test_paints_share_a_child(isolated):
    engine = isolated("Telling")

    first, second = await asyncio.gather(facts_of(engine), facts_of(engine))
    assert first["pid"] == second["pid"]


async def test_more_children_share_the_paints(isolated):
    engine = isolated("Telling", children=2)

    first, second = await asyncio.gather(facts_of(engine), facts_of(engine))
    assert first["pid"] != second["pid"]


async def test_strokes_of_paints_in_one_child_do_not_mix(ledger):
    engine = ledger()
    tasks = [paint_task(job_id=f"job-{seed}", seed=seed, count=3) for seed in range(0, 80, 10)]

    painted = await asyncio.gather(*(strokes_of(engine, task) for task in tasks))
    alone = [await strokes_of(InstantEngine(), task) for task in tasks]
    assert [[s.image for s in one if isinstance(s, Painted)] for one in painted] == [
        [s.image for s in one] for one in alone
    ]


async def test_the_death_of_a_shared_child_is_nobodys_own(ledger):
    engine = ledger()
    neighbour = await doing("hang", engine)
    deaths = await asyncio.gather(neighbour, strokes_of(engine, misbehaving("segfault")), return_exceptions=True)

    assert [type(death) for death in deaths] == [EngineCrashed, EngineCrashed]
    assert [death.facts["own"] for death in deaths] == [False, False]


async def test_who_is_killed_for_anothers_deafness_is_not_to_blame(ledger):
    engine = ledger(close_grace=0.1)
    neighbour = await doing("hang", engine)
    deaf = await doing("deaf", engine)
    deaf.cancel()

    with pytest.raises(EngineCrashed) as caught:
        await neighbour
    assert caught.value.facts["own"] is False


async def test_who_is_killed_for_anothers_impatience_is_not_to_blame(ledger):
    engine = ledger(close_grace=60)
    neighbour = await doing("hang", engine)
    deaf = await doing("deaf", engine)
    for _ in range(2):
        deaf.cancel()
        await asyncio.sleep(0.1)

    with pytest.raises(EngineCrashed) as caught:
        await neighbour
    assert caught.value.facts["own"] is False


async def test_a_paint_that_has_to_be_alone_gets_a_child_of_its_own(isolated):
    engine = isolated("Telling")
    alone, shared = await asyncio.gather(facts_of(engine, paint_task(alone=True)), facts_of(engine))

    assert alone["pid"] != shared["pid"]
    await until(lambda: not is_alive(alone["pid"]))
    assert is_alive(shared["pid"])


async def test_a_death_alone_leaves_the_shared_child_alive(ledger):
    engine = ledger()
    neighbour = await doing("hang", engine)
    with pytest.raises(EngineCrashed) as caught:
        await strokes_of(engine, misbehaving("segfault", alone=True))

    assert caught.value.facts["own"] is True
    assert not neighbour.done()
    neighbour.cancel()


async def test_open_raises_what_the_engine_raises(isolated):
    with pytest.raises(Unauthorised, match="The key is not valid"):
        await isolated("Unopenable").open()


async def test_a_child_that_dies_while_it_opens_is_an_engine_that_cannot_be_opened(isolated):
    with pytest.raises(EngineFailed, match="SIGSEGV"):
        await strokes_of(isolated("Crashing"))


async def test_open_has_a_time_limit(isolated):
    with pytest.raises(EngineTimeout, match="did not open"):
        await isolated("Slow", {"seconds": 60}, open_timeout=0.5).open()


async def test_a_paint_that_waits_for_its_child_is_not_silent(isolated):
    strokes = await strokes_of(isolated("Slow", {"seconds": 0.5}))

    assert strokes[0] == Progress(step=0)
    assert strokes[-1] == Painted(ordinal=0, image=b"image")


async def test_close_closes_the_engine_and_ends_the_child(isolated, tmp_path):
    engine = isolated("Closing", {"folder": str(tmp_path)})
    await engine.open()
    child = child_of_this_process().pid
    await engine.close()

    assert (tmp_path / "engine").exists()
    assert not is_alive(child)


async def test_close_ends_a_running_paint_without_blame(isolated, tmp_path):
    engine = isolated("Closing", {"folder": str(tmp_path)})
    painting = engine.paint(paint_task())
    await anext(painting)
    await engine.close()

    with pytest.raises(EngineCrashed, match="closed") as caught:
        await anext(painting)
    assert caught.value.facts["own"] is False
    assert (tmp_path / "paint job-1").exists()


async def test_close_kills_a_child_that_does_not_listen(ledger):
    engine = ledger(close_grace=0.2)
    painting = await doing("hold_the_interpreter", engine)
    child = child_of_this_process().pid
    await engine.close()

    assert not is_alive(child)
    with pytest.raises(EngineCrashed):
        await painting


async def test_an_engine_that_was_closed_can_be_opened_again(isolated):
    engine = isolated("Telling")
    await engine.open()
    await engine.close()

    assert await facts_of(engine)


async def test_health_is_asked_of_the_engine(isolated):
    await isolated("Telling").health()
    with pytest.raises(RateLimited):
        await isolated("Unwell").health()


async def test_an_engine_that_paints_is_well(ledger):
    engine = ledger(health_timeout=0.2)
    painting = await doing("block", engine)
    await engine.health()

    painting.cancel()


async def test_a_health_that_does_not_come_is_a_time_out(isolated):
    engine = isolated("Telling", health_timeout=0.3)
    await engine.open()
    os.kill(child_of_this_process().pid, signal.SIGSTOP)

    with pytest.raises(EngineTimeout):
        await engine.health()


async def test_a_child_ignores_the_signals_that_stop_a_server(isolated):
    engine = isolated("Telling")
    child = (await facts_of(engine))["pid"]
    os.kill(child, signal.SIGTERM)
    os.kill(child, signal.SIGINT)

    assert (await facts_of(engine))["pid"] == child


async def test_it_can_cancel_what_its_engine_can(isolated):
    assert isolated("Calling").can_cancel
    assert not isolated("Telling").can_cancel


async def test_a_cancel_of_a_call_reaches_the_engine(isolated, tmp_path):
    engine = isolated("Calling", {"file": str(tmp_path / "call")})
    await engine.cancel(OpenCall(ordinals=(1, 2), request_key="k", handle={"id": 7}))
    assert json.loads((tmp_path / "call").read_text()) == [[1, 2], "k", {"id": 7}]
    with pytest.raises(RateLimited):
        await engine.cancel(OpenCall(ordinals=(0,), request_key="k", handle=None))
