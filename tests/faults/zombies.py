"""Workers frozen past their lease and thawed after another finished: they must change nothing.

`python -m tests.faults.zombies --zombies 200` runs many.
"""

from __future__ import annotations

import argparse
import random
import signal
import tempfile
import time
from pathlib import Path

from tests.faults.installation import Installation, installation
from tests.faults.oracle import check_everything

SETTINGS = """
model = "slow"

[engines.slow]
kind = "instant"
seconds = 0.6

[limits]
lease = 1.0
start_margin = 0.2
sweep = 0.1
poll = 0.2
queued_per_owner = 100000
"""


def epochs(place: Installation, job: str) -> tuple[int, str, str | None]:
    row = place.rows("SELECT lease_epoch, state, lease_owner FROM limner_jobs WHERE id = ?", job)[0]
    return row["lease_epoch"], row["state"], row["lease_owner"]


def freeze_one(place: Installation) -> tuple[str, bool]:
    """A job whose first worker freezes while it paints; returns it and whether another worker finished it meanwhile."""
    victim = place.start("work")
    with place.client() as client:
        job = str(client.post("/images", json={"prompt": "a frozen pond"}).raise_for_status().json()["id"])
    _wait(lambda: epochs(place, job)[1] == "running")
    victim.send_signal(signal.SIGSTOP)
    rescuer = place.start("work")
    finished = _wait(lambda: epochs(place, job)[1] == "succeeded", 20)
    before = place.rows("SELECT * FROM limner_jobs WHERE id = ?", job)[0]
    victim.send_signal(signal.SIGCONT)
    time.sleep(1.5)
    after = place.rows("SELECT * FROM limner_jobs WHERE id = ?", job)[0]
    assert tuple(before) == tuple(after), "a thawed worker wrote over a finished job"
    for process in (victim, rescuer):
        process.terminate()
        process.wait(15)
    return job, finished


def _wait(true: object, seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():  # type: ignore[operator]
            return True
        time.sleep(0.02)
    return False


def run(home: Path, *, zombies: int) -> int:
    """Returns how often the fence was hit, by the log of the thawed workers."""
    with installation(home, SETTINGS) as place:
        server = place.start("serve", faults="")
        place.wait_ready()
        del server
        jobs = [freeze_one(place) for _ in range(zombies)]
        assert all(finished for _, finished in jobs), jobs
        check_everything(place, [job for job, _ in jobs])
        return place.log.read_text().count("lease lost")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--zombies", type=int, default=200)
    arguments = parser.parse_args()
    random.seed(0)
    with tempfile.TemporaryDirectory(prefix="limner-zombies-") as folder:
        fenced = run(Path(folder), zombies=arguments.zombies)
    print(f"{arguments.zombies} zombies: 0 overwrote anything; the fence was hit {fenced} times")


if __name__ == "__main__":
    main()
