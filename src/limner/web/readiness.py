"""Whether what Limner needs works: looked at when somebody asks, once a second at most, for anybody may ask."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta

from limner.assembly import Assembly
from limner.domain.errors import LimnerError
from limner.domain.identity import new_id

KEPT = 1.0
"""Seconds for which a look at database and storage counts: each writes a file and syncs it."""
PATIENCE = 3.0
"""Seconds that each check may take."""
POLLS_MISSED = 5
OK = "ok"


class Readiness:
    """Each check's name with "ok", or with a sentence."""

    def __init__(self) -> None:
        self._look: asyncio.Task[dict[str, str]] | None = None
        self._counts_until = 0.0

    async def of(self, assembly: Assembly) -> dict[str, str]:
        if not assembly.started:
            return {"process": "Limner is not started."}
        if assembly.draining:
            return {"process": "It is stopping."}
        return {**await asyncio.shield(self._latest(assembly)), "worker": _worker(assembly)}

    def _latest(self, assembly: Assembly) -> asyncio.Task[dict[str, str]]:
        """A look that somebody began less than a second ago, or a new one."""
        look = self._look
        if look is None or time.monotonic() >= self._counts_until or look.get_loop() is not asyncio.get_running_loop():
            look = self._look = asyncio.create_task(_look_at(assembly))
            self._counts_until = time.monotonic() + KEPT
        return look


async def _look_at(assembly: Assembly) -> dict[str, str]:
    database, storage = await asyncio.gather(
        _outcome(assembly.repository.ping), _outcome(lambda: _write_and_delete(assembly))
    )
    return {"database": database, "storage": storage}


async def _outcome(check: Callable[[], Awaitable[None]]) -> str:
    try:
        async with asyncio.timeout(PATIENCE):
            await check()
    except TimeoutError:
        return f"It did not answer within {PATIENCE:g} s."
    except LimnerError as error:
        return error.detail
    except Exception as error:  # noqa: BLE001 - whatever a third party's storage raises
        return f"It raised {type(error).__name__}."
    return OK


async def _write_and_delete(assembly: Assembly) -> None:
    key = f"{new_id()}/ready"  # an orphan if we die in between, and collected as one
    await assembly.storage.write(key, b"ready")
    await assembly.storage.delete(key)


def _worker(assembly: Assembly) -> str:
    worker = assembly.worker
    if worker is None:
        return OK  # other processes paint
    looked = worker.last_claim_at
    late = timedelta(seconds=assembly.policy.poll * POLLS_MISSED)
    if looked is None or assembly.repository.now() - looked > late:
        return "It has not looked for work lately."
    return OK
