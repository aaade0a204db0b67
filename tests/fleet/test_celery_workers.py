"""Servers, a broker and Celery's own workers, as they are deployed: processes that share nothing but URLs."""

import json
import secrets
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from kombu import Queue

from limner.dispatchers.celery import LOOK, celery_app
from tests.faults.installation import LIMNER, installation, until
from tests.faults.oracle import FINAL, wait_until_final
from tests.fleet.customs import customized

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

{engines}

[limits]
poll = {poll}
drain_grace = {grace}
running_per_owner = {share}
"""

NO_BROKER = "celery+redis://127.0.0.1:1/0"
STATES = "SELECT state, count(*) AS n FROM limner_jobs GROUP BY state"

on_redis = pytest.mark.parametrize("broker", ["redis"], indirect=True)


@pytest.fixture
def queue():
    return f"limner-test-{secrets.token_hex(4)}"


@pytest.fixture
def fleet(tmp_path, postgres_url, broker, queue):
    @contextmanager
    def fleet(*, seconds=60.0, poll=60.0, grace=0.5, share=16, broker=broker, engines=""):
        facts = {"broker": broker, "queue": queue, "home": tmp_path, "seconds": seconds, "poll": poll}
        facts |= {"grace": grace, "share": share}
        with installation(
            tmp_path, SETTINGS.format(**facts, engines=engines.format(queue=queue)), postgres_url
        ) as place:
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


def ready(place):
    until(lambda: " ready." in place.log.read_text())


def looked(place):
    """How many nudges ended in a look."""
    return sum("limner.look" in line and "succeeded" in line for line in place.log.read_text().splitlines())


@pytest.fixture
def deaf(tmp_path, monkeypatch):
    """Processes hear of nothing through the database, and poll long after the test: what they find, a nudge told them."""
    customized(tmp_path, monkeypatch, DEAF)


DEAF = """
from limner.notifiers.postgres import ListenWatch

ListenWatch.start = lambda watch, loop, moved: None
"""


@pytest.mark.parametrize("pool", ["threads", "prefork"])
async def test_a_nudge_makes_workers_look_and_paint(deaf, fleet, pool):
    with fleet() as place:
        worker = place.start("work", "--pool", pool, "--concurrency", "2")
        ready(place)
        for number in range(2):
            jobs = [ask(place, prompt=f"fox {number}") for _ in range(3)]
            assert {job["state"] for job in wait_until_final(place, jobs, 30).values()} == {"succeeded"}
        until(lambda: looked(place) > 0)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(30) == 0


async def test_celerys_own_command_takes_the_queues_it_is_told(deaf, fleet, queue):
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
        until(lambda: is_looking(broker))
        until(lambda: "pong" in celery(broker, "inspect", "ping"))
        assert wait_until_final(place, [job], 30)[job]["state"] == "succeeded"
        until(lambda: is_looking(broker) is False)
        celery(broker, "control", "shutdown")
        assert worker.wait(30) == 0


def is_looking(broker):
    """By what Celery shows as active; nothing where no worker answered. Asked from here: a command of Celery's may take as
    long to start as a job to paint.
    """
    answers = celery_app(broker, "limner-test").control.inspect(timeout=2).active()
    return any(task["name"] == LOOK for tasks in answers.values() for task in tasks) if answers else None


def celery(broker, *command):
    url = broker.removeprefix("celery+")
    return subprocess.run(
        [CELERY, "-b", url, *command, "--timeout", "2"], capture_output=True, text=True, check=False
    ).stdout


@on_redis
@pytest.mark.parametrize("pool", ["threads", "prefork"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGQUIT])
async def test_a_shutdown_gives_back_what_is_painted_without_losing_a_lease(fleet, pool, number):
    with fleet() as place:
        worker = place.start("work", "--pool", pool, "--concurrency", "1")
        ready(place)
        job = ask(place, model="slow")
        until(lambda: state_of(place, job)["state"] == "running")
        worker.send_signal(number)
        assert worker.wait(30) == 0 or number == signal.SIGQUIT  # Celery says of a cold shutdown that it failed
        (row,) = place.rows("SELECT state, lease_owner, lease_losses, crash_count FROM limner_jobs")
        assert row == {"state": "queued", "lease_owner": None, "lease_losses": 0, "crash_count": 0}


@on_redis
@pytest.mark.parametrize("pool", ["threads", "prefork"])
async def test_a_warm_shutdown_lets_end_what_a_worker_found_by_itself(fleet, pool):
    with fleet(seconds=3.0, poll=0.5, grace=60, broker=NO_BROKER) as place:
        worker = place.start("work", "--pool", pool, "--concurrency", "1")
        job = ask(place, model="slow")
        until(lambda: state_of(place, job)["state"] == "running")
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(30) == 0
        assert state_of(place, job)["state"] == "succeeded"


@on_redis
@pytest.mark.parametrize("pool", ["threads", "prefork"])
async def test_a_shutdown_from_afar_does_not_wait_for_the_backlog(fleet, broker, pool):
    with fleet(seconds=1.0, grace=60, share=1) as place:
        worker = place.start("work", "--pool", pool, "--concurrency", "1")
        ready(place)
        for _ in range(60):
            ask(place, model="slow")
        until(lambda: is_looking(broker))
        celery(broker, "control", "shutdown")
        assert worker.wait(30) == 0
        states = {row["state"]: row["n"] for row in place.rows(STATES)}
        assert set(states) == {"queued", "succeeded"}


@on_redis
async def test_a_warm_shutdown_does_not_wait_for_a_child_that_was_killed(fleet):
    with fleet() as place:
        worker = place.start("work", "--pool", "prefork", "--concurrency", "2")
        ready(place)
        children = until(lambda: psutil.Process(worker.pid).children())
        children[0].kill()
        until(lambda: children[0].pid not in {child.pid for child in psutil.Process(worker.pid).children()})
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(30) == 0


async def test_a_nudge_is_acknowledged_before_the_work_and_one_more_is_taken(fleet, broker, queue):
    """So many wait at the broker, for others, while this worker has one look in hand and one ahead of it."""
    with fleet() as place:
        place.start("work", "--queues", queue, "--concurrency", "1")
        ready(place)
        job = ask(place, model="slow")
        until(lambda: state_of(place, job)["state"] == "running")
        with celery_app(broker, "limner-test").connection_for_write() as connection:
            until(lambda: " received" in place.log.read_text())
            for _ in range(4):
                celery_app(broker, "limner-test").send_task(LOOK, args=[queue], queue=queue, connection=connection)
            nudges = Queue(queue, routing_key=queue)(connection.default_channel)
            until(lambda: nudges.queue_declare().message_count == 3)
            time.sleep(1)
            assert nudges.queue_declare().message_count == 3


@on_redis
async def test_a_pool_of_processes_grows_and_the_new_child_paints(fleet, broker):
    with fleet() as place:
        worker = place.start("work", "--pool", "prefork", "--concurrency", "1")
        ready(place)
        for _ in range(3):
            ask(place, model="slow")
        until(lambda: len(painters(place)) == 1)
        celery(broker, "control", "pool_grow", "1")
        until(lambda: len(painters(place)) == 2)
        assert len(psutil.Process(worker.pid).children()) == 2
        assert {row["state"]: row["n"] for row in place.rows(STATES)} == {"running": 2, "queued": 1}


def painters(place):
    rows = place.rows("SELECT DISTINCT lease_owner FROM limner_jobs WHERE state = 'running'")
    return {row["lease_owner"] for row in rows}


NOTED = """
import json
import os
import psycopg

connect = psycopg.connect


def noting(*given, **named):
    with open("{notes}", "a") as notes:
        print(json.dumps({{"connects": os.getpid()}}), file=notes)
    return connect(*given, **named)


psycopg.connect = noting
"""
NOTING_ENGINE = """
import asyncio
import json
import os

from limner.testing.instant import InstantEngine


class Noting(InstantEngine):
    def __init__(self, notes: str) -> None:
        super().__init__()
        self.notes, self.made = notes, os.getpid()

    async def paint(self, task):
        await asyncio.sleep(1)
        with open(self.notes, "a") as notes:
            print(json.dumps({"made": self.made, "paints": os.getpid()}), file=notes)
        async for stroke in super().paint(task):
            yield stroke
"""


@on_redis
async def test_engines_and_connections_are_made_after_the_fork(fleet, tmp_path, monkeypatch):
    notes = tmp_path / "notes"
    customized(tmp_path, monkeypatch, NOTED.format(notes=notes), noting=NOTING_ENGINE)
    with fleet(engines=f'[engines.noting]\nkind = "noting"\nqueue = "{{queue}}"\nnotes = "{notes}"') as place:
        worker = place.start("work", "--pool", "prefork", "--concurrency", "2")
        ready(place)
        children = {child.pid for child in until(lambda: psutil.Process(worker.pid).children())}
        jobs = [ask(place, model="noting") for _ in range(4)]
        wait_until_final(place, jobs, 30)
        noted = [json.loads(line) for line in notes.read_text().splitlines()]
        painted = [(note["made"], note["paints"]) for note in noted if "made" in note]
        assert {made for made, _ in painted} == {paints for _, paints in painted} == children
        assert all(made == paints for made, paints in painted)
        connected = {note["connects"] for note in noted if "connects" in note}
        assert children < connected
        assert worker.pid not in connected


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
    with fleet(poll=0.5, broker=NO_BROKER) as place:
        place.start("work", "--pool", pool, "--concurrency", "1")
        job = ask(place)
        assert wait_until_final(place, [job], 30)[job]["state"] == "succeeded"


@on_redis
@pytest.mark.parametrize("pool", ["threads", "prefork"])
async def test_a_worker_outlives_a_broker_that_dies_with_messages_in_its_hands(fleet, mortal_redis, pool):
    with fleet(seconds=5.0, broker=f"celery+{mortal_redis.url}") as place:
        worker = place.start("work", "--pool", pool, "--concurrency", "2")
        ready(place)
        jobs = [asked_and_received(place, model="slow") for _ in range(3)]  # the third is not acknowledged
        mortal_redis.kill()
        until(lambda: "Connection to broker lost" in place.log.read_text())
        mortal_redis.start()
        assert {job["state"] for job in wait_until_final(place, jobs, 30).values()} == {"succeeded"}
        until(lambda: place.log.read_text().count("Connected to redis") > 1)
        asked_and_received(place)
        assert worker.poll() is None


def asked_and_received(place, **job):
    """Once the nudge has come."""
    before = place.log.read_text().count(" received")
    asked = ask(place, **job)
    until(lambda: place.log.read_text().count(" received") > before)
    return asked


def run(place, *command):
    return subprocess.run(command, env=place.environment(), capture_output=True, text=True, check=False, timeout=60)


@on_redis
@pytest.mark.parametrize("pool", ["threads", "prefork"])
async def test_a_queue_that_no_engine_is_in_is_refused(fleet, pool):
    with fleet() as place:
        unknown = run(place, *LIMNER, "work", "--pool", pool, "--queues", "nowhere")
        assert "No engine is in queue nowhere" in unknown.stderr
        assert unknown.returncode != 0
        told = run(place, CELERY, "-A", "limner.celery", "worker", "--pool", pool, "-Q", "nowhere")
        assert "No engine is in queue nowhere" in told.stderr
        assert told.returncode != 0


@on_redis
async def test_a_pool_that_cannot_paint_is_refused(fleet, queue):
    with fleet() as place:
        refused = run(place, CELERY, "-A", "limner.celery", "worker", "--pool", "solo", "-Q", queue)
        assert "use --pool threads" in refused.stderr
        assert refused.returncode != 0


async def test_a_file_of_this_machine_is_no_database_for_celerys_workers(tmp_path, monkeypatch):
    monkeypatch.setenv("LIMNER_DISPATCHER", NO_BROKER)
    monkeypatch.setenv("LIMNER_PORT", "0")
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
