"""The broker dies, forgets, cuts and swallows while servers and Celery's workers go on: it carries nudges, and nothing is lost.

`python -m tests.faults.broker_outages --outages 50 --seed 7` prints the seed first; `--rabbitmq` strikes the other.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from kombu import Connection, Queue

from limner.dispatchers.celery import PATIENCE
from limner.settings import DEFAULT_QUEUE
from tests.faults.campaign import SHARE, Submitter, settings
from tests.faults.grounds import Ground, a_ground
from tests.faults.installation import Installation, until
from tests.faults.oracle import FINAL, check_everything
from tests.fleet.brokers import RABBIT, Proxy, Rabbit, Redis

LEAST_JOBS = 50
LONGEST_ANSWER = 5.0
"""Seconds in which a submission is answered, whatever the broker does."""

LATEST = 4.0
"""Seconds in which what is asked for is painted, though no nudge comes through: a poll, and what is before it."""
SWALLOWED = PATIENCE + 2.0
"""Seconds for which nothing comes through at least: longer than anybody waits for a broker."""


@dataclass
class Outages:
    """What was done, and what came of it."""

    struck: Counter[str] = field(default_factory=Counter)
    jobs: int = 0
    slowest_answer: float = 0.0
    nudges_lost: int = 0
    painted_meanwhile: int = 0


@dataclass
class Broker:
    """One that can be struck; `url` is the way through the proxy. `empties`: the strike that throws away what is
    `waiting`.
    """

    url: str
    proxy: Proxy
    strikes: dict[str, Callable[[], None]]
    empties: str
    waiting: Callable[[], int]


@contextlib.contextmanager
def redis() -> Iterator[Broker]:
    server = Redis()
    proxy = Proxy(server.port)

    def killed() -> None:
        server.kill()
        time.sleep(1.0)
        server.start()

    strikes = {
        "killed": killed,
        "flushed": lambda: server.do("FLUSHALL"),
        "clients killed": lambda: server.do("CLIENT", "KILL", "TYPE", "normal"),
    }
    try:
        url = f"celery+redis://127.0.0.1:{proxy.port}/0"
        yield Broker(url, proxy, strikes, "flushed", lambda: server.waiting(DEFAULT_QUEUE))
    finally:
        proxy.close()
        server.close()


@contextlib.contextmanager
def rabbitmq() -> Iterator[Broker]:
    """A node of our own; where there can be none, the one that runs, which is everybody's and is only cut off from us."""
    node = Rabbit() if Rabbit.is_installed() else None
    url = node.url if node else RABBIT
    found = urlsplit(url)
    proxy = Proxy(found.port or 5672)

    def stopped() -> None:
        node.kill()
        time.sleep(1.0)
        node.start()

    def cut_off() -> None:
        proxy.refuse()
        time.sleep(1.0)
        proxy.pass_on()

    first = {"stopped": stopped} if node else {"cut off": cut_off}
    strikes = {**first, "purged": lambda: purge(url), "clients killed": proxy.cut}
    through = f"celery+amqp://{found.username}:{found.password}@127.0.0.1:{proxy.port}//"
    try:
        yield Broker(through, proxy, strikes, "purged", lambda: waiting(url))
    finally:
        proxy.close()
        if node:
            node.close()


def purge(url: str) -> None:
    with Connection(url) as connection:
        Queue(DEFAULT_QUEUE)(connection.default_channel).purge()


def waiting(url: str) -> int:
    """Nudges that nobody has taken yet."""
    with Connection(url) as connection:
        return int(Queue(DEFAULT_QUEUE)(connection.default_channel).queue_declare(passive=True).message_count)


def run(home: Path, ground: Ground, broker: Broker, *, outages: int, swallowed: float, seed: int) -> Outages:
    """Strikes, and once swallows for so many seconds. Raises AssertionError."""
    struck, chance = Outages(), random.Random(seed)
    with replace(ground, dispatcher=broker.url).installation(home, settings(home)) as place:
        server = place.start("serve")
        workers = [place.start("work", "--pool", pool) for pool in ("threads", "prefork")]
        place.wait_ready()
        until(lambda: place.log.read_text().count(" ready.") == len(workers))
        submitter = Submitter(place, seed, misbehaving=0.0, pause=0.1)
        submitter.start()
        for number in range(outages):
            time.sleep(chance.uniform(0.2, 1.0))
            name = list(broker.strikes)[number % len(broker.strikes)]
            strike(broker, name, workers, struck)
            struck.struck[name] += 1
            submitter.acknowledged.append(answered(place, struck))
        broker.proxy.swallow()
        submitter.acknowledged += answered_for(place, swallowed, struck)
        broker.proxy.pass_on()
        until(lambda: len(submitter.acknowledged) >= LEAST_JOBS)
        submitter.leave()
        assert not submitter.refused, submitter.refused
        assert all(process.poll() is None for process in (server, *workers)), place.log.read_text()[-6000:]
        ledgers = sorted(home.glob("*.jsonl"))
        struck.jobs = len(check_everything(place, submitter.acknowledged, share=SHARE, ledgers=ledgers))
    return struck


def strike(broker: Broker, name: str, workers: list[subprocess.Popen[bytes]], struck: Outages) -> None:
    """What empties does so while the workers are frozen, or there would be nothing to throw away."""
    if name != broker.empties:
        broker.strikes[name]()
        return
    for worker in workers:
        worker.send_signal(signal.SIGSTOP)
    try:
        struck.nudges_lost += until(broker.waiting)
        broker.strikes[name]()
    finally:
        for worker in workers:
            worker.send_signal(signal.SIGCONT)


def answered(place: Installation, struck: Outages) -> str:
    """The id of what was asked for, and answered 202."""
    began = time.monotonic()
    with place.client() as client:
        answer = client.post("/images", json={"prompt": "a fox", "model": "instant"})
    assert answer.status_code == httpx.codes.ACCEPTED, answer.text
    struck.slowest_answer = max(struck.slowest_answer, time.monotonic() - began)
    return str(answer.json()["id"])


def answered_for(place: Installation, seconds: float, struck: Outages) -> list[str]:
    """The ids of what was asked for meanwhile, one after another; each is painted meanwhile, too."""
    end, asked = time.monotonic() + seconds, dict[str, float]()
    while time.monotonic() < end:
        asked[answered(place, struck)] = time.monotonic()
        time.sleep(0.2)
    states = {row["id"]: row["state"] for row in place.rows("SELECT id, state FROM limner_jobs")}
    early = [job for job, moment in asked.items() if moment < end - LATEST]
    assert early, "it was too short to see anything painted"
    assert not [job for job in early if states[job] not in FINAL], "nobody painted while nothing came through"
    struck.painted_meanwhile += len(early)
    return list(asked)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--outages", type=int, default=50)
    parser.add_argument("--swallowed", type=float, default=60.0, help="seconds for which nothing comes through")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--rabbitmq", action="store_true")
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)
    with (
        tempfile.TemporaryDirectory(prefix="limner-faults-") as folder,
        a_ground("postgres", bucket=True) as ground,
        rabbitmq() if given.rabbitmq else redis() as broker,
    ):
        print(run(Path(folder), ground, broker, outages=given.outages, swallowed=given.swallowed, seed=given.seed))


if __name__ == "__main__":
    main()
