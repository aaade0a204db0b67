"""The broker dies, forgets, cuts and swallows while servers and Celery's workers go on: it carries nudges, and nothing is lost.

`python -m tests.faults.broker_outages --outages 50 --seed 7` prints the seed first; `--rabbitmq` strikes one that runs here.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from kombu import Connection, Queue

from tests.faults.campaign import SHARE, Submitter, nudged_by, settings
from tests.faults.databases import a_database
from tests.faults.installation import Installation, installation
from tests.faults.oracle import check_everything, check_shares
from tests.fleet.brokers import RABBIT, Proxy, Redis

LEAST_JOBS = 50
LONGEST_ANSWER = 5.0
"""Seconds in which a submission is answered, whatever the broker does."""


@dataclass
class Outages:
    """What was done, and what came of it."""

    struck: Counter[str] = field(default_factory=Counter)
    jobs: int = 0
    slowest_answer: float = 0.0


@dataclass
class Broker:
    """One that can be struck; `url` is the way through the proxy."""

    url: str
    proxy: Proxy
    strikes: dict[str, Callable[[], None]]


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
        yield Broker(f"celery+redis://127.0.0.1:{proxy.port}/0", proxy, strikes)
    finally:
        proxy.close()
        server.close()


@contextlib.contextmanager
def rabbitmq() -> Iterator[Broker]:
    """It is everybody's here, so it is only cut off from us, and our queue emptied."""
    found = urlsplit(RABBIT)
    proxy = Proxy(found.port or 5672)

    def stopped() -> None:
        proxy.refuse()
        time.sleep(1.0)
        proxy.pass_on()

    strikes = {"cut off": stopped, "purged": purge, "clients killed": proxy.cut}
    try:
        yield Broker(f"celery+amqp://{found.username}:{found.password}@127.0.0.1:{proxy.port}//", proxy, strikes)
    finally:
        proxy.close()


def purge() -> None:
    with Connection(RABBIT) as connection:
        Queue("limner", routing_key="limner")(connection.default_channel).purge()


def run(home: Path, database: str, broker: Broker, *, outages: int, swallowed: float, seed: int) -> Outages:
    """Strikes, and once swallows for so many seconds. Raises AssertionError."""
    struck, chance = Outages(), random.Random(seed)
    with installation(home, nudged_by(broker.url) + settings(home), database) as place:
        server = place.start("serve")
        workers = [place.start("work", "--pool", pool) for pool in ("threads", "prefork")]
        place.wait_ready()
        submitter = Submitter(place, seed, misbehaving=0.0)
        submitter.start()
        for number in range(outages):
            time.sleep(chance.uniform(0.2, 1.0))
            name = list(broker.strikes)[number % len(broker.strikes)]
            broker.strikes[name]()
            struck.struck[name] += 1
            struck.slowest_answer = max(struck.slowest_answer, answered(place))
        broker.proxy.swallow()
        struck.slowest_answer = max(struck.slowest_answer, answered_for(place, swallowed))
        broker.proxy.pass_on()
        while len(submitter.acknowledged) < LEAST_JOBS:
            time.sleep(0.1)
        submitter.stopped.set()
        submitter.join()
        assert all(process.poll() is None for process in (server, *workers)), place.log.read_text()[-6000:]
        jobs = check_everything(place, submitter.acknowledged, seconds=120, ledgers=sorted(home.glob("*.jsonl")))
        check_shares(place, SHARE)
        struck.jobs = len(jobs)
    return struck


def answered(place: Installation) -> float:
    """Seconds until a submission was answered 202."""
    began = time.monotonic()
    with place.client() as client:
        answer = client.post("/images", json={"prompt": "a fox", "model": "instant"})
    assert answer.status_code == httpx.codes.ACCEPTED, answer.text
    return time.monotonic() - began


def answered_for(place: Installation, seconds: float) -> float:
    """The slowest of those that were asked for meanwhile, one after another; each is painted meanwhile, too."""
    end, slowest = time.monotonic() + seconds, 0.0
    while time.monotonic() < end:
        slowest = max(slowest, answered(place))
        time.sleep(0.2)
    return slowest


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
        a_database(postgres=True) as database,
        rabbitmq() if given.rabbitmq else redis() as broker,
    ):
        print(run(Path(folder), database, broker, outages=given.outages, swallowed=given.swallowed, seed=given.seed))


if __name__ == "__main__":
    main()
