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
from tests.faults.databases import a_server
from tests.faults.installation import installation
from tests.faults.oracle import check_everything, check_shares
from tests.repositories.postgres_server import Postgres

LONGEST = 3.0
LEAST_JOBS = 50


@dataclass
class Outages:
    """What was done, and what came of it."""

    killed: int = 0
    jobs: int = 0
    retried: int = 0
    lost_leases: int = 0


def run(home: Path, server: Postgres, *, outages: int, seed: int) -> Outages:
    """Raises AssertionError. No process may end, and no paint that is paid for may be thrown away."""
    struck, chance = Outages(), random.Random(seed)
    with installation(home, settings(home), server.new_database()) as place:
        processes = [place.start("serve"), place.start("work")]
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
        submitter.stopped.set()
        submitter.join()
        assert [process.poll() for process in processes] == [None, None], "a process did not outlive the outage"
        place.wait_ready()
        jobs = check_everything(place, submitter.acknowledged, seconds=120, ledgers=sorted(home.glob("*.jsonl")))
        check_shares(place, SHARE)
        struck.jobs = len(jobs)
        struck.retried = sum(job["attempt"] > 1 for job in jobs.values())
        struck.lost_leases = sum(row["lease_losses"] for row in place.rows("SELECT lease_losses FROM limner_jobs"))
    return struck


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--outages", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="limner-faults-") as folder, a_server() as server:
        print(run(Path(folder), server, outages=arguments.outages, seed=arguments.seed))


if __name__ == "__main__":
    main()
