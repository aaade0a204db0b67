import asyncio
import json
import signal
import subprocess
import sys

import pytest

from limner.actions.cancel_job import cancel_job
from limner.domain.identity import Principal
from limner.domain.job import Call, CallPhase, JobState
from limner.engines.isolated import IsolatedEngine
from limner.testing.ledger import LedgerEngine
from limner.testing.ledger_service import charges
from tests.actions.workshop import Scripted, paints, workshop

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who is gone")

LONG_LEASE = {"lease": 60.0}


def isolated(tmp_path, deed, **options):
    given = {"ledger": str(tmp_path / "ledger"), "misbehave": {"deed": deed, "at": "start"}, **options}
    return IsolatedEngine("limner.testing.ledger:LedgerEngine", given, close_grace=0.3)


def ledger_engine(tmp_path, **options):
    return LedgerEngine(ledger=str(tmp_path / "ledger"), **options)


ELSEWHERE = """
import asyncio, sys
from pathlib import Path
from limner.testing.ledger import LedgerEngine
from tests.actions.workshop import workshop

async def main(folder):
    fox = LedgerEngine(ledger=f"{folder}/ledger", mode="asynchronous", paint_seconds=3600)
    async with workshop(Path(folder), policy={"lease": 60.0}, fox=fox):
        await asyncio.Event().wait()

asyncio.run(main(sys.argv[1]))
"""


async def test_a_child_that_dies_three_times_fails_its_job_and_no_other(tmp_path):
    bad = isolated(tmp_path, "segfault")
    async with workshop(tmp_path, bad=bad, fox=Scripted(paints)) as shop:
        poison = await shop.submit(route=("bad",))
        others = [await shop.painted(route=("fox",)) for _ in range(5)]
        job = await shop.end(poison)
    assert (job.error.code, job.crash_count) == ("engine_crashed", 3)
    assert {other.state for other in others} == {JobState.SUCCEEDED}


@pytest.mark.parametrize("deed", ["hang", "deaf", "block", "hold_the_interpreter"])
async def test_a_child_that_falls_silent_is_killed(tmp_path, deed):
    bad = isolated(tmp_path, deed, silence_timeout=2.0)
    async with workshop(tmp_path, policy={"max_crashes": 1}, bad=bad) as shop:
        job = await shop.painted()
    assert (job.error.code, job.crash_count) == ("engine_timeout", 1)


async def test_a_cancel_reaches_a_deaf_child(tmp_path):
    async with workshop(tmp_path, bad=isolated(tmp_path, "deaf")) as shop:
        job_id = await shop.submit()
        await shop.until(job_id, lambda job: job.state is JobState.RUNNING)
        await asyncio.sleep(1.0)
        await cancel_job(
            job_id, Principal(user_id="ann"), repository=shop.rows, notifier=shop.notifier, observer=shop.observer
        )
        assert (await shop.end(job_id)).state is JobState.CANCELLED


async def test_a_handle_outlives_a_killed_worker_and_nothing_is_charged_twice(tmp_path):
    fox = ledger_engine(tmp_path, mode="asynchronous")
    async with workshop(tmp_path, policy=LONG_LEASE, work=False, fox=fox) as shop:
        process = subprocess.Popen([sys.executable, "-c", ELSEWHERE, str(tmp_path)])
        job_id = await shop.submit()
        await shop.until(job_id, lambda job: job.state is JobState.RUNNING and job.progress.step)
        process.send_signal(signal.SIGKILL)
        process.wait()
        make_ready(tmp_path / "ledger")
        await shop.worker().start()
        job = await shop.end(job_id)
    assert (job.state, job.lease_losses, job.ambiguous_calls) == (JobState.SUCCEEDED, 1, 0)
    assert list(charges(tmp_path / "ledger").values()) == [1]


def make_ready(ledger):
    """The service has painted meanwhile."""
    call = json.loads(ledger.read_text())
    ledger.write_text(json.dumps(call | {"ready_at": 0.0}) + "\n")


@pytest.mark.parametrize(("choice", "state"), [("fail", JobState.FAILED), ("retry", JobState.SUCCEEDED)])
async def test_a_worker_killed_during_a_call_leaves_a_charge_that_is_unknown(tmp_path, choice, state):
    fox = ledger_engine(tmp_path)
    async with workshop(tmp_path, policy=LONG_LEASE, work=False, fox=fox) as shop:
        job_id = await shop.submit()
        claim = (await shop.rows.claim("w", {"fox": 1}, policy=shop.policy))[0][0]
        await shop.rows.open_call(claim.lease, a_call(), fail_if_ambiguous=choice == "fail")
        await shop.rows.sweep(policy=shop.policy, is_dead=lambda worker: True)
        await shop.worker(on_ambiguous={"fox": choice}).start()
        job = await shop.end(job_id)
    assert (job.state, job.ambiguous_calls) == (state, 1)


def a_call():
    return Call(first_ordinal=0, count=1, attempt=1, phase=CallPhase.SUBMITTING, request_key="k")
