"""Workers frozen past their lease and thawed after another finished: they must change nothing.

`python -m tests.faults.zombies --zombies 200` runs many.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.faults.databases import a_database
from tests.faults.installation import Installation, installation
from tests.faults.oracle import check_everything

SETTINGS = """
model = "slow"

[engines.slow]
kind = "ledger"
ledger = "{home}/slow.jsonl"
paint_seconds = 0.8
on_ambiguous = "retry"

[limits]
lease = 1.0
start_margin = 0.2
sweep = 0.1
poll = 0.2
queued_per_owner = 100000
"""


def row_of(place: Installation, job: str) -> dict[str, Any]:
    return place.rows("SELECT * FROM limner_jobs WHERE id = ?", job)[0]


def freeze_one(place: Installation) -> str:
    """A job whose worker freezes while it paints and thaws after another finished; returns its id."""
    with place.client() as client:
        job = str(client.post("/images", json={"prompt": "a frozen pond"}).raise_for_status().json()["id"])
    _wait_until(lambda: row_of(place, job)["lease_owner"] is not None)
    pid = int(row_of(place, job)["lease_owner"].split(":")[3])
    time.sleep(0.2)
    freeze(place, pid)
    try:
        _wait_until(lambda: row_of(place, job)["finished_at"] is not None)
        finished = row_of(place, job)
    finally:
        os.kill(pid, signal.SIGCONT)
    time.sleep(1.0)
    assert row_of(place, job) == finished, "a thawed worker wrote over a finished job"
    return job


def freeze(place: Installation, pid: int) -> None:
    """Not amid a write to a file: frozen there a process holds its lock, and nobody could finish anything."""
    os.kill(pid, signal.SIGSTOP)
    while not place.database and not _is_free(place.home / "data" / "limner.db.lock"):
        os.kill(pid, signal.SIGCONT)
        time.sleep(0.01)
        os.kill(pid, signal.SIGSTOP)


def _is_free(lock: Path) -> bool:
    with lock.open("a") as file, contextlib.suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _wait_until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.02)


def run(home: Path, *, zombies: int, database: str = "") -> int:
    """Returns how often the fence was hit, by the log of the thawed workers."""
    with installation(home, SETTINGS.replace("{home}", str(home)), database) as place:
        place.start("serve")
        place.wait_ready()
        place.start("work")
        jobs = [freeze_one(place) for _ in range(zombies)]
        check_everything(place, jobs, ledgers=[home / "slow.jsonl"])
        return place.log.read_text().count("lease lost")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--zombies", type=int, default=200)
    parser.add_argument("--postgres", action="store_true", help="on a server of its own instead of a file")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="limner-zombies-") as folder, a_database(arguments.postgres) as database:
        fenced = run(Path(folder), zombies=arguments.zombies, database=database)
    print(f"{arguments.zombies} zombies: 0 overwrote anything; the fence was hit {fenced} times")


if __name__ == "__main__":
    main()
