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
from pathlib import Path
from typing import Any

from limner.testing.ledger_service import read_ledger
from tests.faults.grounds import Ground, a_ground, add_ground
from tests.faults.installation import Installation, until
from tests.faults.oracle import check_everything

FENCE = "lease lost: what was painted is dropped"
LEDGER = "slow.jsonl"
TRIES = 10
SHARE = 1
"""Jobs of the one owner that may run at once: a frozen one counts until its lease is over, and not again when it thaws."""

SETTINGS = f"""
model = "slow"

[engines.slow]
kind = "ledger"
ledger = "{{home}}/{LEDGER}"
paint_seconds = 0.8
on_ambiguous = "retry"

[engines.quick]
kind = "instant"

[limits]
lease = 1.0
start_margin = 0.2
sweep = 0.1
poll = 0.2
queued_per_owner = 100000
running_per_owner = {SHARE}
"""


def row_of(place: Installation, job: str) -> dict[str, Any]:
    return place.rows("SELECT * FROM limner_jobs WHERE id = ?", job)[0]


def freeze_one(place: Installation) -> list[dict[str, Any]]:
    """A worker freezes while it paints and thaws after others finished its job and the next; their rows."""
    pid, job, next_job = _with_a_frozen_painter(place)
    try:
        until(lambda: all(row_of(place, one)["finished_at"] is not None for one in (job, next_job)))
        finished = [row_of(place, one) for one in (job, next_job)]
        fenced = place.log.read_text().count(FENCE)
    finally:
        os.kill(pid, signal.SIGCONT)
    until(lambda: place.log.read_text().count(FENCE) > fenced)
    return finished


def _ask(place: Installation, model: str) -> str:
    with place.client() as client:
        asked = client.post("/images", json={"prompt": "a frozen pond", "model": model})
    return str(asked.raise_for_status().json()["id"])


def _with_a_frozen_painter(place: Installation) -> tuple[int, str, str]:
    """Its pid, its job and the next one. On a slow machine a job may be painted before it can be frozen: then another."""
    for _ in range(TRIES):
        job, next_job = (_ask(place, model) for model in ("slow", "quick"))
        if pid := _freeze_the_painter_of(place, job):
            return pid, job, next_job
    raise AssertionError(f"{TRIES} jobs were painted before they could be frozen")


def _freeze_the_painter_of(place: Installation, job: str) -> int | None:
    """Amid the paint, once it is charged; its pid. None where it was painted before."""
    until(lambda: any(call.job_id == job for call in read_ledger(place.home / LEDGER)))
    owner = row_of(place, job)["lease_owner"]
    if not owner:
        return None
    pid = int(owner.split(":")[3])
    freeze(place, pid)
    now = row_of(place, job)
    if (now["lease_owner"], now["finished_at"]) == (owner, None):
        return pid
    os.kill(pid, signal.SIGCONT)
    return None


def freeze(place: Installation, pid: int) -> None:
    """Not amid a write to a file: frozen there a process holds its lock, and nobody could paint or finish anything."""
    locks = [place.home / f"{LEDGER}.lock", *([] if place.database else [place.home / "data" / "limner.db.lock"])]
    _stop(pid)
    while not all(map(_is_free, locks)):
        os.kill(pid, signal.SIGCONT)
        time.sleep(0.01)
        _stop(pid)


def _stop(pid: int) -> None:
    """Every thread, which takes a moment: one that still ran might take a lock after we looked."""
    os.kill(pid, signal.SIGSTOP)
    until(lambda: all(_state(stat) == "T" for stat in Path(f"/proc/{pid}/task").glob("*/stat")))


def _state(stat: Path) -> str:
    try:
        return stat.read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):  # it has just ended
        return "T"


def _is_free(lock: Path) -> bool:
    with lock.open("a") as file, contextlib.suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def run(home: Path, ground: Ground, *, zombies: int) -> int:
    """Returns how often the fence was hit, by the log of the thawed workers. Raises AssertionError."""
    with ground.installation(home, SETTINGS.replace("{home}", str(home))) as place:
        place.start("serve")
        place.wait_ready()
        for pool in (("--pool", "threads"), ("--pool", "prefork")) if ground.is_fleet else ((),):
            place.start("work", *pool)
        until(lambda: place.log.read_text().count(" ready.") > 1 or not ground.is_fleet)
        finished = [row for _ in range(zombies) for row in freeze_one(place)]
        assert [row_of(place, row["id"]) for row in finished] == finished, "a thawed worker wrote over a finished job"
        check_everything(place, [row["id"] for row in finished], share=SHARE, ledgers=[home / LEDGER])
        return place.log.read_text().count(FENCE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--zombies", type=int, default=200)
    add_ground(parser)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="limner-zombies-") as folder, a_ground(given.on) as ground:
        fenced = run(Path(folder), ground, zombies=given.zombies)
    print(f"{given.zombies} zombies: 0 overwrote anything; the fence was hit {fenced} times")


if __name__ == "__main__":
    main()
