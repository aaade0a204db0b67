import asyncio
import json
import os
import signal
import socket
import sys
from contextlib import aclosing
from pathlib import Path

import psutil
import pytest

from limner.contracts.engine import Painted, Submitting
from limner.domain.errors import EngineCrashed, OutOfMemory, RateLimited
from limner.engines.frames import task_to_message, write_frame
from limner.testing.tasks import paint_task
from tests.engines.isolation import child_of_this_process, doing, facts_of, is_alive, misbehaving, strokes_of, until


@pytest.mark.parametrize(("deed", "word"), [("segfault", "SIGSEGV"), ("exit", "status 3")])
async def test_the_death_of_a_child_that_painted_alone_is_its_own(ledger, deed, word):
    with pytest.raises(EngineCrashed, match=word) as caught:
        await strokes_of(ledger(), misbehaving(deed))

    assert caught.value.facts["own"] is True


async def test_the_next_paint_starts_a_new_child(ledger):
    engine = ledger()
    with pytest.raises(EngineCrashed):
        await strokes_of(engine, misbehaving("segfault"))

    assert [type(stroke) for stroke in await strokes_of(engine)] == [Submitting, Painted]


async def test_a_kill_from_outside_is_told(isolated):
    painting = isolated("Closing", {"folder": "/nowhere"}).paint(paint_task())
    await anext(painting)
    os.kill(child_of_this_process().pid, signal.SIGKILL)

    with pytest.raises(EngineCrashed, match="SIGKILL"):
        await anext(painting)


async def test_an_idle_child_that_died_is_replaced_unnoticed(isolated):
    engine = isolated("Telling")
    first = (await facts_of(engine))["pid"]
    os.kill(first, signal.SIGKILL)
    await until(lambda: not psutil.pid_exists(first))
    await asyncio.sleep(0.1)

    assert (await facts_of(engine))["pid"] != first


async def test_a_child_that_died_before_it_knew_of_a_paint_did_not_die_of_it(isolated):
    engine = isolated("Telling")
    await engine.open()
    child = child_of_this_process().pid
    os.kill(child, signal.SIGSTOP)
    painting = asyncio.create_task(strokes_of(engine))
    await asyncio.sleep(0.1)
    os.kill(child, signal.SIGKILL)

    with pytest.raises(EngineCrashed) as caught:
        await painting
    assert caught.value.facts["own"] is False


async def test_memory_above_the_address_space_limit_is_out_of_memory(isolated):
    engine = isolated("Hoarding", {"megabytes": 4000}, memory_limit=3000 * 2**20)

    with pytest.raises(OutOfMemory) as caught:
        await strokes_of(engine)
    assert caught.value.facts["own"] is True


async def test_memory_above_the_watched_limit_is_out_of_memory(isolated):
    engine = isolated("Hoarding", {"megabytes": 400}, memory="rss", memory_limit=300 * 2**20)

    with pytest.raises(OutOfMemory, match="300 MiB") as caught:
        await strokes_of(engine)
    assert caught.value.facts["own"] is True


async def test_memory_below_the_watched_limit_is_left_alone(isolated):
    engine = isolated("Hoarding", {"megabytes": 10}, memory="rss", memory_limit=1000 * 2**20)

    assert (await strokes_of(engine))[-1] == Painted(ordinal=0, image=b"image")


async def test_garbage_on_the_link_is_a_crash(isolated):
    with pytest.raises(EngineCrashed, match="link"):
        await strokes_of(isolated("Garbling"))


async def test_leaving_the_interpreter_is_a_crash(isolated):
    with pytest.raises(EngineCrashed, match="ended by itself"):
        await strokes_of(isolated("Leaving"))


async def test_what_is_no_stroke_is_a_crash(isolated):
    with pytest.raises(EngineCrashed, match="TypeError"):
        await strokes_of(isolated("Wordless"))


async def test_an_unforeseen_exception_gives_its_type_and_not_its_text(isolated, caplog):
    with pytest.raises(EngineCrashed) as caught:
        await strokes_of(isolated("Secretive"), paint_task(prompt="my secret prompt"))

    assert caught.value.detail == "The engine raised ValueError."
    assert "odd_engines.py" in caplog.text
    assert "secret" not in caplog.text


async def test_an_engine_error_arrives_as_it_was_raised(isolated):
    with pytest.raises(RateLimited, match="Come back later") as caught:
        await isolated("Unwell").health()

    assert caught.value.retry_after == 7
    assert caught.value.facts == {"quota": "images"}


async def test_the_death_of_a_child_takes_its_grandchildren_along(isolated):
    painting = isolated("Forking").paint(paint_task())
    grandchild = (await anext(painting)).handle
    with pytest.raises(EngineCrashed, match="SIGSEGV"):
        await anext(painting)

    await until(lambda: not is_alive(grandchild))


async def test_closing_a_paint_cancels_it_in_the_child(isolated, tmp_path):
    engine = isolated("Closing", {"folder": str(tmp_path)})
    async with aclosing(engine.paint(paint_task())) as strokes:
        await anext(strokes)

    assert (tmp_path / "paint job-1").exists()


async def test_a_child_survives_a_cancelled_paint(isolated, tmp_path):
    engine = isolated("Closing", {"folder": str(tmp_path)})
    for job in ("one", "two"):
        async with aclosing(engine.paint(paint_task(job_id=job))) as strokes:
            await anext(strokes)
            child = child_of_this_process().pid

    assert is_alive(child)
    assert {path.name for path in tmp_path.iterdir()} == {"paint one", "paint two"}


async def test_a_cancel_reaches_an_engine_that_never_waits(isolated):
    async with aclosing(isolated("Endless", close_grace=60).paint(paint_task())) as strokes:
        await anext(strokes)
        child = child_of_this_process().pid

    assert is_alive(child)


@pytest.mark.parametrize("deed", ["deaf", "block", "hold_the_interpreter"])
async def test_a_paint_that_ignores_its_cancel_is_killed_after_the_grace(ledger, deed):
    engine = ledger(close_grace=0.2)
    painting = await doing(deed, engine)
    child = child_of_this_process().pid
    painting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await painting

    await until(lambda: not is_alive(child))
    assert await strokes_of(engine)


@pytest.mark.parametrize("deed", ["block", "hold_the_interpreter"])
async def test_a_child_that_hangs_does_not_hold_the_parent(ledger, deed):
    painting = await doing(deed, ledger(close_grace=0.1))
    ticks = 0
    for _ in range(50):
        await asyncio.sleep(0.01)
        ticks += 1

    assert ticks == 50
    assert not painting.done()
    painting.cancel()


async def test_a_paint_that_is_cancelled_before_it_began_ends_without_a_kill(isolated, tmp_path):
    engine = isolated("Closing", {"folder": str(tmp_path)}, close_grace=60)
    await engine.open()
    child = child_of_this_process().pid
    os.kill(child, signal.SIGSTOP)
    painting = asyncio.create_task(strokes_of(engine))
    await asyncio.sleep(0.1)
    painting.cancel()
    await asyncio.sleep(0.1)
    os.kill(child, signal.SIGCONT)
    with pytest.raises(asyncio.CancelledError):
        await painting

    assert is_alive(child)


PARENT = """
import asyncio, os
from limner.engines.isolated import IsolatedEngine
from limner.testing.tasks import paint_task

async def main():
    engine = IsolatedEngine("tests.engines.odd_engines:Telling", {{}})
    async for stroke in engine.paint(paint_task()):
        print(stroke.image.decode(), flush=True)
    {then}
    await asyncio.sleep(600)

asyncio.run(main())
"""


async def test_the_death_of_the_parent_kills_the_child():
    parent = await start_parent("pass")
    child = json.loads(await parent.stdout.readline())["pid"]
    parent.kill()
    await parent.wait()

    await until(lambda: not is_alive(child))


async def test_the_death_of_the_parent_kills_a_child_that_hangs():
    parent = await start_parent("os.kill(psutil.Process().children()[0].pid, 19)", extra="import psutil")
    child = json.loads(await parent.stdout.readline())["pid"]
    await until(lambda: psutil.Process(child).status() == psutil.STATUS_STOPPED)
    parent.kill()
    await parent.wait()

    await until(lambda: not is_alive(child))


async def test_the_end_of_the_link_kills_a_child_that_hangs(tmp_path):
    """As it is where the kernel kills no orphans."""
    ours, theirs = socket.socketpair()
    command = (sys.executable, "-m", "limner.engines.isolated_child")
    child = await asyncio.create_subprocess_exec(*command, stdin=theirs.fileno(), start_new_session=True)
    theirs.close()
    _, writer = await asyncio.open_unix_connection(sock=ours)
    options = {"ledger": str(tmp_path / "ledger")}
    blocked = paint_task(options={"misbehave": {"deed": "block", "at": "start"}})
    start = {
        "engine": "limner.testing.ledger:LedgerEngine",
        "options": options,
        "path": sys.path,
        "address_space": None,
    }
    write_frame(writer, {"do": "open", "id": 0, **start})
    write_frame(writer, {"do": "paint", "id": 1, "task": task_to_message(blocked)})
    await asyncio.sleep(1)
    writer.close()

    assert await child.wait() == -signal.SIGKILL


async def start_parent(then, extra=""):
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        extra + PARENT.format(then=then),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
