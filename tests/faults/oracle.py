"""What must hold after any fault, read from the outside: over HTTP, from the rows, from the service's ledger."""

from __future__ import annotations

import collections
import hashlib
import json
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import httpx

from limner.domain.policy import Policy
from limner.testing.ledger_service import charges, read_ledger
from limner.testing.services.service import HostedService
from tests.faults.installation import Installation

FINAL = {"succeeded", "failed", "cancelled"}


def wait_until_final(place: Installation, ids: Iterable[str], seconds: float) -> dict[str, dict[str, Any]]:
    """Every acknowledged job, final. Raises AssertionError naming those that are lost or stuck."""
    waiting, jobs = set(ids), {}
    end = time.monotonic() + seconds
    with place.client() as client:
        while waiting and time.monotonic() < end:
            for job in sorted(waiting):
                found = _ask(client, job)
                if found["state"] in FINAL:
                    jobs[job] = found
                    waiting.discard(job)
            time.sleep(0.1)
        assert not waiting, [_ask(client, job) for job in sorted(waiting)][:3]
    return jobs


def _ask(client: httpx.Client, job: str) -> dict[str, Any]:
    answer = client.get(f"/jobs/{job}")
    assert answer.status_code == 200, f"{job} was acknowledged and is lost: {answer.status_code}"
    return dict(answer.json())


def check_events(place: Installation, ids: Iterable[str]) -> None:
    """Sequences without gap, one final event each, and it is the last."""
    told = collections.defaultdict(list)
    for row in place.rows("SELECT job_id, seq, changes FROM limner_events ORDER BY job_id, seq"):
        told[row["job_id"]].append((row["seq"], json.loads(row["changes"]).get("state")))
    for job in ids:
        events = told[job]
        assert [seq for seq, _ in events] == list(range(1, len(events) + 1)), (job, events)
        entered = [state for _, state in events if state in FINAL]
        assert len(set(entered)) == 1, (job, events)
        assert events[-1][1] in FINAL, (job, events)


def check_shares(place: Installation, most: int) -> int:
    """Nobody ever ran more than `most` jobs at once, by the order in which changes were committed; returns how many."""
    running, peak = collections.Counter[str](), 0
    runs: dict[str, bool] = {}
    for row in place.rows("SELECT job_id, owner, changes FROM limner_events ORDER BY position"):
        now = json.loads(row["changes"])["state"] == "running"
        running[row["owner"]] += now - runs.get(row["job_id"], False)
        runs[row["job_id"]] = now
        peak = max(peak, running[row["owner"]])
    assert peak <= most, f"{peak} jobs of one owner ran at once"
    return peak


def check_images(place: Installation, jobs: Iterable[dict[str, Any]]) -> int:
    """Every picture that a row names can be read and hashes to what the row says; returns how many."""
    count = 0
    with place.client() as client:
        for job in jobs:
            ordinals = [image["index"] for image in job["images"]]
            assert len(set(ordinals)) == len(ordinals), job
            if job["state"] == "succeeded":
                assert len(ordinals) == job["request"]["count"], job
            for image in job["images"]:
                data = client.get(image["url"]).raise_for_status().content
                assert hashlib.sha256(data).hexdigest() == image["sha256"], image
                count += 1
    return count


def check_lanes(place: Installation) -> None:
    """Counters that change with the jobs equal what the jobs say."""
    counted = place.rows(
        "SELECT owner, engine, count(*) FILTER (WHERE state = 'running') AS running,"
        " count(*) FILTER (WHERE state = 'queued') AS waiting FROM limner_jobs WHERE state IN ('queued', 'running') GROUP BY 1, 2"
    )
    kept = place.rows("SELECT owner, engine, running, waiting FROM limner_lanes WHERE running > 0 OR waiting > 0")
    assert sorted(tuple(row.values()) for row in counted) == sorted(tuple(row.values()) for row in kept)


def check_integrity(place: Installation) -> None:
    """Of a file; a server looks after itself."""
    if not place.database:
        assert place.rows("PRAGMA integrity_check") == [{"integrity_check": "ok"}]


def check_charges(ledgers: Iterable[Path], jobs: Iterable[dict[str, Any]]) -> None:
    """Per picture at most 1 + ambiguous_calls + paid_bad_outputs, both shown on the job, whoever charged it."""
    counted = sum((charges(ledger) for ledger in ledgers), collections.Counter[tuple[str, int]]())
    for job in jobs:
        allowed = 1 + job["ambiguous_calls"] + job["paid_bad_outputs"]
        charged = [counted.get((job["id"], ordinal), 0) for ordinal in range(job["request"]["count"])]
        assert max(charged) <= allowed, (charged, job)


def check_usage(place: Installation, ledgers: Iterable[Path]) -> None:
    """No call was charged that is not on the ledger of its engine, whose name is the file's."""
    together = "owner NOT IN (SELECT owner FROM limner_jobs)"
    told = place.rows(f"SELECT engine, sum(calls) AS calls FROM limner_usage WHERE {together} GROUP BY engine")
    noted = {row["engine"]: row["calls"] for row in told}
    for ledger in ledgers:
        assert len(read_ledger(ledger)) <= noted.get(ledger.stem, 0), ledger


def check_service(service: HostedService, jobs: Iterable[dict[str, Any]]) -> None:
    """The same at a service, which knows a job by its prompt alone; its calls are for one picture each."""
    counted = collections.Counter(call.prompt for call in service.calls)
    for job in jobs:
        allowed = job["request"]["count"] + job["ambiguous_calls"] + job["paid_bad_outputs"]
        assert counted[job["request"]["prompt"]] <= allowed, (counted[job["request"]["prompt"]], job)


def check_patience(place: Installation) -> None:
    """A pause and nothing else: nothing was tried again, and nothing that is paid for was thrown away. A job that is
    cancelled amid a paid call says so.
    """
    for job in place.rows("SELECT id, state, attempt, lease_losses, crash_count, ambiguous_calls FROM limner_jobs"):
        assert job["state"] in {"succeeded", "cancelled"}, job
        assert (job["attempt"] <= 1, job["lease_losses"], job["crash_count"]) == (True, 0, 0), job
        assert job["state"] == "cancelled" or job["ambiguous_calls"] == 0, job


def check_everything(
    place: Installation,
    ids: Sequence[str],
    *,
    share: int = Policy().running_per_owner,
    seconds: float = 120.0,
    ledgers: Sequence[Path] = (),
    services: Iterable[HostedService] = (),
) -> dict[str, dict[str, Any]]:
    """`share`: how many jobs of one owner may run at once."""
    jobs = wait_until_final(place, ids, seconds)
    check_events(place, ids)
    check_shares(place, share)
    check_images(place, jobs.values())
    check_lanes(place)
    check_integrity(place)
    check_charges(ledgers, jobs.values())
    check_usage(place, ledgers)
    for service in services:
        check_service(service, jobs.values())
    return jobs
