"""One worker process that does nothing but claim: python claims.py URL SECONDS prints how many jobs it took."""

from __future__ import annotations

import asyncio
import os
import sys
import time

from limner.domain.policy import Policy
from limner.repositories.sql import SqlRepository

POLICY = Policy(running_per_owner=10**9)


async def claim(url: str, seconds: float) -> int:
    repository = SqlRepository(url)
    await repository.open()
    print("ready", flush=True)
    sys.stdin.readline()
    taken, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        claims, _ = await repository.claim(f"bench-{os.getpid()}", {"painter": 1}, policy=POLICY)
        taken += len(claims)
    await repository.close()
    return taken


if __name__ == "__main__":
    print(asyncio.run(claim(sys.argv[1], float(sys.argv[2]))), flush=True)
