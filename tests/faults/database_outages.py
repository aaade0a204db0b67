"""The database is killed and started again, again and again, beneath a server and a worker: a pause, and nothing lost.

`python -m tests.faults.database_outages --outages 100 --seed 7` prints the seed first.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.faults.campaign import SHARE, Submitter, settings
from tests.faults.grounds import FLEETS, Ground, a_ground, add_ground
from tests.faults.oracle import check_everything, check_patience

LONGEST = 3.0
LEAST_JOBS = 50


@dataclass
class Outages:
    """What was done, and what came of it."""

    killed: int = 0
    jobs: int = 0


def run(home: Path, ground: Ground, *, outages: int, seed: int) -> Outages:
    """Raises AssertionError. No process may end, and no paint that is paid for may be thrown away."""
    struck, chance, server = Outages(), random.Random(seed), ground.postgres
    with ground.installation(home, settings(home)) as place:
        processes = [place.start("serve"), place.start("work")]
        processes += [place.start("work", "--pool", "prefork", "--concurrency", "2")] if ground.is_fleet else []
        place.wait_ready()
        submitter = Submitter(place, seed, misbehaving=0.0)
        submitter.start()
        while struck.killed < outages:
            time.sleep(chance.uniform(0.3, 1.5))
            server.stop()
            time.sleep(chance.uniform(0.0, LONGEST))
            server.start()
            struck.killed += 1
        while len(submitter.acknowledged) < LEAST_JOBS:
            time.sleep(0.1)
        submitter.leave()
        assert not any(process.poll() is not None for process in processes), "a process did not outlive the outage"
        place.wait_ready()
        ledgers = sorted(home.glob("*.jsonl"))
        struck.jobs = len(check_everything(place, submitter.acknowledged, share=SHARE, ledgers=ledgers))
        check_patience(place)
    return struck


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--outages", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    add_ground(parser, "postgres", *FLEETS)
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="limner-faults-") as folder, a_ground(arguments.on) as ground:
        print(run(Path(folder), ground, outages=arguments.outages, seed=arguments.seed))


if __name__ == "__main__":
    main()
