"""The object store goes away again and again while two servers share it: a pause, and nothing lost.

`python -m tests.faults.outages --outages 50 --seed 7` prints the seed first, so that a failure can be played again.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import random
import signal
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.faults.campaign import SHARE, Submitter, settings
from tests.faults.grounds import FLEETS, Ground, a_ground, add_ground
from tests.faults.installation import Installation, free_port
from tests.faults.oracle import check_everything
from tests.storages.buckets import Buckets

LONGEST = 1.5
LEAST_JOBS = 50


@dataclass
class Outages:
    """What was done, and what came of it."""

    killed: int = 0
    frozen: int = 0
    jobs: int = 0
    submitted_meanwhile: int = 0


def strike(store: Buckets, chance: random.Random, struck: Outages) -> None:
    """The store dies and is started again, or stops answering for a while, in turn."""
    if struck.killed <= struck.frozen:
        store.kill()
        time.sleep(chance.uniform(0.2, LONGEST))
        store.start()
        struck.killed += 1
    else:
        store.freeze()
        time.sleep(chance.uniform(0.2, LONGEST))
        store.process.send_signal(signal.SIGCONT)
        struck.frozen += 1


def run(home: Path, ground: Ground, *, outages: int, seed: int) -> Outages:
    """Raises AssertionError."""
    struck, chance, store = Outages(), random.Random(seed), ground.store
    with running(home, ground) as (place, other):
        submitter = Submitter(place, seed, misbehaving=0.0)
        submitter.start()
        while struck.killed + struck.frozen < outages:
            time.sleep(chance.uniform(0.2, 0.5))
            before = len(submitter.acknowledged)
            strike(store, chance, struck)
            struck.submitted_meanwhile += len(submitter.acknowledged) - before
        while len(submitter.acknowledged) < LEAST_JOBS:
            time.sleep(0.1)
        submitter.leave()
        assert not submitter.refused, submitter.refused
        place.wait_ready()
        jobs = check_everything(place, submitter.acknowledged, share=SHARE, ledgers=sorted(home.glob("*.jsonl")))
        struck.jobs = len(jobs)
        check_the_other_server(place, other, jobs.values())
    return struck


@contextlib.contextmanager
def running(home: Path, ground: Ground) -> Iterator[tuple[Installation, str]]:
    """An installation with two servers, and a worker of each pool of Celery's; the second server's URL."""
    with ground.installation(home, settings(home)) as place:
        port = free_port()
        place.start("serve", port=port)
        place.start("serve")
        for pool in ("threads", "prefork") if ground.is_fleet else ():
            place.start("work", "--pool", pool, "--concurrency", "2")
        place.wait_ready()
        yield place, f"http://127.0.0.1:{port}"


def check_the_other_server(place: Installation, url: str, jobs) -> None:
    """What one server was asked for, another one serves."""
    with httpx.Client(base_url=url, headers=place.headers, timeout=30) as client:
        for image in [image for job in jobs for image in job["images"]][:20]:
            data = client.get(image["url"]).raise_for_status().content
            assert hashlib.sha256(data).hexdigest() == image["sha256"], image


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--outages", type=int, default=50)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    add_ground(parser, "sqlite", *FLEETS)
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="limner-outages-") as folder, a_ground(arguments.on, bucket=True) as ground:
        print(run(Path(folder), ground, outages=arguments.outages, seed=arguments.seed))


if __name__ == "__main__":
    main()
