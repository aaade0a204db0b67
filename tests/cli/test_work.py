import asyncio
import signal
import subprocess

from limner import JobState, Limner
from tests.processes import LIMNER, running

LONG = """
[engines.long]
kind = "ledger"
ledger = "ledger"
on_ambiguous = "retry"
paint_seconds = 600

[limits]
drain_grace = 600
"""


async def test_a_second_signal_ends_it_at_once_and_loses_nothing(folder):
    (folder / "limner.toml").write_text(LONG)
    with running([*LIMNER, "work"], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as working:
        async with Limner(work=False) as limner:
            job = await limner.submit("a fox", owner="ann")
            while (await limner.jobs.find(job.id, owner="ann")).state is not JobState.RUNNING:
                await asyncio.sleep(0.05)
            working.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.5)  # two at the same moment are one to a process
            working.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(working.wait, 60) == -signal.SIGTERM
            async with asyncio.timeout(60):
                while (await limner.jobs.find(job.id, owner="ann")).state is not JobState.QUEUED:
                    await asyncio.sleep(0.05)


async def test_it_paints_for_the_processes_that_do_not(folder):
    quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    with running([*LIMNER, "work"], cwd=folder, **quiet) as working:
        async with Limner(work=False) as limner:
            job = await limner.submit("a fox", owner="ann")
            async with asyncio.timeout(30):
                assert (await limner.jobs.wait(job.id, owner="ann")).state is JobState.SUCCEEDED
        working.send_signal(signal.SIGTERM)
        out, _ = await asyncio.to_thread(working.communicate, timeout=20)
    assert (working.returncode, out.startswith("Painting for ")) == (0, True)


QUEUES = """
model = "quick"

[engines.quick]
kind = "instant"

[engines.large]
kind = "instant"
queue = "gpu"
"""


async def test_it_paints_for_the_queues_that_it_is_told_without_a_broker(folder):
    (folder / "limner.toml").write_text(QUEUES)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with running([*LIMNER, "work", "--queues", "gpu"], cwd=folder, **quiet):
        async with Limner(work=False) as limner:
            other = await limner.submit("a fox", owner="ann")
            job = await limner.submit("a fox", model="large", owner="ann")
            async with asyncio.timeout(30):
                assert (await limner.jobs.wait(job.id, owner="ann")).state is JobState.SUCCEEDED
            assert (await limner.jobs.find(other.id, owner="ann")).state is JobState.QUEUED
