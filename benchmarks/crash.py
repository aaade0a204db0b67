"""`kill -9` with 200 jobs queued or running, then the same command again: what is lost, what needs a hand."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from pathlib import Path

import httpx
from processes import Server
from report import Row

JOBS = 200
SETTINGS = """
model = "ledger"
[engines.ledger]
ledger = "{folder}/ledger.jsonl"
paint_seconds = 0.05
concurrency = 1
on_ambiguous = "retry"
[limits]
queued_per_owner = 1000
"""


def states(server: Server, ids: list[str]) -> list[str]:
    with httpx.Client(base_url=server.url, headers=server.headers, timeout=30) as client:
        answers = [client.get(f"/jobs/{job}") for job in ids]
    return [answer.json()["state"] if answer.status_code == 200 else "lost" for answer in answers]


def submit_and_kill(server: Server) -> list[str]:
    with server.running() as child, httpx.Client(base_url=server.url, headers=server.headers, timeout=30) as client:
        ids = [client.post("/images", json={"prompt": f"{n}"}).raise_for_status().json()["id"] for n in range(JOBS)]
        os.killpg(child.pid, signal.SIGKILL)
    return ids


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder), SETTINGS.format(folder=folder))
        ids = submit_and_kill(server)
        with server.running():
            end = time.monotonic() + 60
            while (now := states(server, ids)).count("succeeded") < JOBS and time.monotonic() < end:
                time.sleep(0.5)
    lost, unfinished = now.count("lost"), JOBS - now.count("succeeded")
    return [
        Row("kill -9 with 200 jobs: lost", lost, None, lost, floor=0, aim=0, smaller=True),
        Row(
            "kill -9 with 200 jobs: not finished by themselves",
            unfinished,
            None,
            unfinished,
            floor=0,
            aim=0,
            smaller=True,
        ),
    ]
