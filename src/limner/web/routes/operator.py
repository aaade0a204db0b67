"""For those who run it: is it alive, does it work, what does it count."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import timedelta

from fastapi import APIRouter
from starlette.responses import Response

from limner._version import __version__
from limner.assembly import Assembly
from limner.domain.errors import LimnerError
from limner.observers.metrics import CONTENT_TYPE
from limner.web import operation
from limner.web.access import Anybody, MayOperate
from limner.web.encoding import encode
from limner.web.errors import NotReady
from limner.web.operation import add, answer
from limner.web.schemas import LimnerHealth, LimnerReadiness
from limner.web.telling import JsonResponse

PATIENCE = 3.0
"""Seconds that each check may take."""
POLLS_MISSED = 5
OK = "ok"


async def get_health(caller: Anybody) -> Response:  # noqa: ARG001 - nobody is asked who they are
    """The process is alive; whether it works is for /ready."""
    return JsonResponse(encode({"status": "alive", "version": __version__}), 200, {"Cache-Control": "no-store"})


async def get_ready(caller: Anybody) -> Response:
    """Whether jobs are taken and painted; 503 with the reasons where not."""
    checks = await readiness(caller.assembly)
    if any(found != OK for found in checks.values()):
        broken = ", ".join(name for name, found in checks.items() if found != OK)
        raise NotReady(f"Does not work: {broken}.", checks=checks)
    return JsonResponse(encode({"status": "ready", "checks": checks}), 200, {"Cache-Control": "no-store"})


async def get_metrics(caller: MayOperate) -> Response:
    """Counters and gauges for Prometheus."""
    return Response(await caller.assembly.metrics(), 200, {"Cache-Control": "no-store"}, CONTENT_TYPE)


async def readiness(assembly: Assembly) -> dict[str, str]:
    """Each check's name with "ok", or with a sentence."""
    if not assembly.started:
        return {"process": "Limner is not started."}
    if assembly.draining:
        return {"process": "It is stopping."}
    database, storage = await asyncio.gather(
        _outcome(assembly.repository.ping), _outcome(lambda: _write_and_delete(assembly))
    )
    return {"database": database, "storage": storage, "worker": _worker(assembly)}


async def _outcome(check: Callable[[], Awaitable[None]]) -> str:
    try:
        async with asyncio.timeout(PATIENCE):
            await check()
    except TimeoutError:
        return f"It did not answer within {PATIENCE:g} s."
    except LimnerError as error:
        return error.detail
    except Exception as error:  # noqa: BLE001 - whatever a third party's storage raises
        return f"It raised {type(error).__name__}; see the log."
    return OK


async def _write_and_delete(assembly: Assembly) -> None:
    key = f"ready/{os.getpid()}"
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


def add_operator_routes(router: APIRouter) -> None:
    add(
        router,
        "GET",
        "/health",
        get_health,
        tag="operator",
        answers={200: answer("Alive.", LimnerHealth)},
        always=(),
    )
    add(
        router,
        "GET",
        "/ready",
        get_ready,
        tag="operator",
        answers={200: answer("Ready.", LimnerReadiness)},
        always=(NotReady("Does not work: storage.", checks={"database": OK, "storage": "The disk is full."}),),
    )
    add(
        router,
        "GET",
        "/metrics",
        get_metrics,
        tag="operator",
        answers={200: answer("Prometheus text.", body={CONTENT_TYPE.partition(";")[0]: {"schema": operation.TEXT}})},
    )
