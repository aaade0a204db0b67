"""For those who run it: is it alive, does it work, what does it count."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter
from starlette.responses import Response

from limner._version import __version__
from limner.domain.errors import LimnerError
from limner.domain.identity import Scope
from limner.observers.metrics import CONTENT_TYPE
from limner.web import operation
from limner.web.access import Anybody, Caller, MayOperate
from limner.web.encoding import encode
from limner.web.errors import NotReady
from limner.web.operation import add, answer
from limner.web.readiness import OK, PATIENCE
from limner.web.schemas import LimnerHealth, LimnerReadiness
from limner.web.telling import JsonResponse

FAILED = "failed"


async def get_health(caller: Anybody) -> Response:  # noqa: ARG001 - nobody is asked who they are
    """The process is alive; whether it works is for /ready."""
    return JsonResponse(encode({"status": "alive", "version": __version__}), 200, {"Cache-Control": "no-store"})


async def get_ready(caller: Anybody) -> Response:
    """Whether jobs are taken and painted; 503 names what does not work, and says why to who may operate."""
    checks = await caller.door.readiness.of(caller.assembly)
    broken = [name for name, found in checks.items() if found != OK]
    if not broken:
        return JsonResponse(encode({"status": "ready", "checks": checks}), 200, {"Cache-Control": "no-store"})
    # What is said of the process tells nothing of the house, and before the start nobody has a key.
    if "process" not in checks and not await _may_operate(caller):
        checks |= dict.fromkeys(broken, FAILED)
    raise NotReady(f"Does not work: {', '.join(broken)}.", checks=checks)


async def get_metrics(caller: MayOperate) -> Response:
    """Counters and gauges for Prometheus."""
    return Response(await caller.assembly.metrics(), 200, {"Cache-Control": "no-store"}, CONTENT_TYPE)


async def _may_operate(caller: Caller) -> bool:
    """Whoever cannot be told apart, because the database of keys is away, is nobody."""
    try:
        async with asyncio.timeout(PATIENCE):
            principal = await caller.door.callers.identify(caller.request)
    except (LimnerError, TimeoutError):
        return False
    return principal.may(Scope.OPERATE)


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
