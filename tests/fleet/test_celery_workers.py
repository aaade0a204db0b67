"""Servers, a broker and Celery's own workers, as they are deployed: processes that share nothing but URLs."""

import json
import secrets
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.installation import LIMNER, installation
from tests.faults.oracle import FINAL, wait_until_final

CELERY = str(Path(sys.executable).with_name("celery"))
SETTINGS = """
dispatcher = "{broker}"
model = "quick"

[engines.quick]
kind = "instant"
queue = "{queue}"

[engines.slow]
kind = "ledger"
queue = "{queue}"
ledger = "{home}/slow.jsonl"
paint_seconds = {seconds}
on_ambiguous = "retry"

[engines.elsewhere]
kind = "instant"
queue = "{queue}-gpu"

[limits]
poll = {poll}
drain_grace = 0.5
"""


@pytest.fixture
def queue():
    return f"limner-test-{secrets.token_hex(4)}"


@pytest.fixture
def fleet(tmp_path, postgres_url, broker, queue):
    @contextmanager
    def fleet(*, seconds=60.0, poll=60.0, broker=broker):
        facts = {"broker": broker, "queue": queue, "home": tmp_path, "seconds": seconds, "poll": poll}
        with installation(tmp_path, SETTINGS.format(**facts), postgres_url) as place:
            place.start("serve")
            place.wait_ready()
            yield place

    return fleet


def ask(place, model="quick", prompt="a fox"):
    with place.client() as client:
        return client.post("/images", json={"prompt": prompt, "model": model}).raise_for_status().json()["id"]


def state_of(place, job):
    with place.client() as client:
        return client.get(f"/jobs/{job}").raise_for_status().json()


def until(true, seconds=30.0):
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.05)
    return found


def ready(place):
    until(lambda: " ready." in place.log.read_text())


def looked(place):
    """How many nudges ended in a look."""
    return sum("limner.look" in line and "succeeded" in line for line in place.log.read_text().splitlines())


@pytest.mark.parametrize("pool", ["threads", "prefork"])
async def test_a_nudge_makes_workers_look_and_paint(fleet, pool):
    with fleet() as place:
        worker = place.start("work", "--pool", pool, "--concurrency", "2")
        ready(place)
        jobs = [ask(place, prompt=f"fox {number}") for number in range(6)]
        assert {job["state"] for job in wait_until_final(place, jobs, 30).values()} == {"succeeded"}
        until(lambda: looked(place) > 0)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(30) == 0


async def test_celerys_own_command_takes_the_queues_it_is_told(fleet, queue):
    with fleet() as place:
        place.run([CELERY, "-A", "limner.celery", "worker", "--pool", "threads", "-Q", f"{queue}-gpu"])
        ready(place)
        here, there = ask(place), ask(place, model="elsewhere")
        assert wait_until_final(place, [there], 30)[there]["state"] == "succeeded"
        assert state_of(place, here)["state"] == "queued"
        place.start("work", "--queues", queue)
        assert wait_until_final(place, [here], 30)[here]["state"] == "succeeded"


async def test_what_celery_shows_as_active_is_painting_and_remote_control_works(fleet, broker):
    with fleet(seconds=4.0) as place:
        worker = place.start("work")
        ready(place)
        job = ask(place, model="slow")
        until(lambda: "limner.look" in celery(broker, "inspect", "active"))
        assert "pong" in celery(broker, "inspect", "ping")
        assert wait_until_final(place, [job], 30)[job]["state"] == "succeeded"
        until(lambda: "limner.look" not in celery(broker, "inspect", "active"))
        celery(broker, "control", "shutdown")
        assert worker.wait(30) == 0


def celery(broker, *command):
    url = broker.removeprefix("celery+")
    return subprocess.run(
        [CELERY, "-b", url, *command, "--timeout", "2"], capture_output=True, text=True, check=False
    ).stdout


@pytest.mark.parametrize("pool", ["threads", "prefork"])
async def test_a_warm_shutdown_gives_back_what_is_painted_without_losing_a_lease(fleet, pool):
    with fleet() as place:
        worker = place.start("work", "--pool", pool, "--concurrency", "1")
        ready(place)
        job = ask(place, model="slow")
        until(lambda: state_of(place, job)["state"] == "running")
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(30) == 0
        (row,) = place.rows("SELECT state, lease_owner, lease_losses, crash_count FROM limner_jobs")
        assert row == {"state": "queued", "lease_owner": None, "lease_losses": 0, "crash_count": 0}


async def test_a_child_paints_one_job_at_a_time(fleet):
    with fleet(seconds=1.5) as place:
        place.start("work", "--pool", "prefork", "--concurrency", "2")
        ready(place)
        jobs = [ask(place, model="slow") for _ in range(4)]
        most = 0
        while any(state_of(place, job)["state"] not in FINAL for job in jobs):
            most = max(most, place.rows("SELECT count(*) AS n FROM limner_jobs WHERE state = 'running'")[0]["n"])
        assert most == 2


@pytest.mark.parametrize("pool", ["threads", "prefork"])
async def test_workers_paint_though_the_broker_was_never_there(fleet, pool):
    with fleet(poll=0.5, broker="celery+redis://127.0.0.1:1/0") as place:
        place.start("work", "--pool", pool, "--concurrency", "1")
        job = ask(place)
        assert wait_until_final(place, [job], 30)[job]["state"] == "succeeded"


def run(place, *command):
    return subprocess.run(command, env=place.environment(), capture_output=True, text=True, check=False, timeout=60)


async def test_what_cannot_work_is_refused_with_the_remedy(fleet):
    with fleet() as place:
        unknown = run(place, *LIMNER, "work", "--queues", "nowhere")
        assert "No engine is in queue nowhere" in unknown.stderr
        assert unknown.returncode != 0
        told = run(place, CELERY, "-A", "limner.celery", "worker", "--pool", "threads", "-Q", "nowhere")
        assert "No engine is in queue nowhere" in told.stdout + told.stderr
        assert told.returncode != 0


async def test_a_file_of_this_machine_is_no_database_for_celerys_workers(tmp_path, monkeypatch):
    monkeypatch.setenv("LIMNER_DISPATCHER", "celery+redis://127.0.0.1:1/0")
    for command in ("serve", "work"):
        refused = subprocess.run(
            [*LIMNER, command, "--home", str(tmp_path), "--json"],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert refused.returncode == 1
        assert "set LIMNER_DATABASE to postgresql://" in json.loads(refused.stderr)["detail"]


async def test_without_a_dispatcher_there_is_no_pool(tmp_path):
    refused = subprocess.run(
        [*LIMNER, "work", "--home", str(tmp_path), "--pool", "prefork"], capture_output=True, text=True, check=False
    )
    assert (refused.returncode, "no dispatcher is set" in refused.stderr) == (2, True)
