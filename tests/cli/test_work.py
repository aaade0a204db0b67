import asyncio
import signal
import subprocess

from limner import JobState, Limner
from tests.processes import LIMNER, running


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
