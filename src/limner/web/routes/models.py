"""What can paint."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from limner.assembly import Assembly
from limner.contracts.engine import Engine
from limner.domain.capabilities import Capabilities
from limner.domain.engine_state import EngineState
from limner.domain.errors import EngineError, EngineTimeout, LimnerError
from limner.domain.input import InputLimits
from limner.domain.route import engine_of
from limner.web.access import MayReadJobs
from limner.web.encoding import encode, timestamp
from limner.web.errors import problem_document
from limner.web.operation import add, answer
from limner.web.schemas import LimnerModelPage
from limner.web.telling import tagged_response

HEALTH_TIMEOUT = 2.0


async def list_models(caller: MayReadJobs) -> Response:
    """All models with what they take, the schema of their options, and whether they can paint now."""
    assembly = caller.assembly
    found = await asyncio.gather(*map(_problem_of, assembly.engines.values()))
    problems = dict(zip(assembly.engines, found, strict=True))
    now = assembly.clock.now()
    for engine, state in (await caller.repository.engine_states()).items():
        if state.is_blocked(now) and engine in problems:
            problems[engine] = _trouble_document(state)
    items = [_model_document(assembly, model, problems) for model in assembly.models.names()]
    return tagged_response(caller, encode({"items": items, "next": None}))


async def _problem_of(engine: Engine) -> dict[str, Any] | None:
    try:
        async with asyncio.timeout(HEALTH_TIMEOUT):
            await engine.health()
    except TimeoutError:
        return problem_document(EngineTimeout(f"It did not say within {HEALTH_TIMEOUT:g} s whether it can paint."))
    except LimnerError as error:
        return problem_document(error)
    except Exception:  # noqa: BLE001 - a third party's engine, whose words may hold anything
        return problem_document(EngineError("It cannot say whether it can paint."))
    return None


def _trouble_document(state: EngineState) -> dict[str, Any]:
    """What was met last; the engine is asked again at `retry_at`."""
    return problem_document(state.as_error()) | {"retry_at": timestamp(state.blocked_until)}


def _model_document(assembly: Assembly, model: str, problems: dict[str, dict[str, Any] | None]) -> dict[str, Any]:
    capabilities = assembly.models.capabilities(model)
    route = assembly.models.route_of(model)
    engines = [problems[engine_of(part)] for part in route]
    return {
        "name": model,
        "default": model == assembly.models.default,
        "description": capabilities.description,
        "examples": capabilities.examples,
        "capabilities": _capabilities_document(capabilities),
        "route": [] if route == (model,) else route,
        "problem": engines[0] if all(engines) else None,
    }


def _capabilities_document(can: Capabilities) -> dict[str, Any]:
    return {
        "width": _limits(can.min_width, can.max_width),
        "height": _limits(can.min_height, can.max_height),
        "size_multiple": can.size_multiple,
        "default_width": can.default_width,
        "default_height": can.default_height,
        "sizes": can.sizes or None,
        "max_ratio": can.max_ratio,
        "max_pixels": can.max_pixels,
        "max_count": can.max_count,
        "max_prompt": can.max_prompt,
        "formats": can.formats,
        "negative_prompt": can.negative_prompt,
        "seeds": can.seeds,
        "steps": _limits(*can.steps) if can.steps else None,
        "guidance": _limits(*can.guidance) if can.guidance else None,
        "inputs": {role: _input_limits_document(limits) for role, limits in can.inputs.items()},
        "strength": _limits(*can.strength) if can.strength else None,
        "options": can.options,
        "previews": can.previews,
        "charges": can.charges,
    }


def _input_limits_document(limits: InputLimits) -> dict[str, Any]:
    return {
        "min_count": limits.min_count,
        "max_count": limits.max_count,
        "formats": limits.formats,
        "min_side": limits.min_side,
        "max_side": limits.max_side,
        "max_bytes": limits.max_bytes,
    }


def _limits(minimum: float, maximum: float) -> dict[str, float]:
    return {"minimum": minimum, "maximum": maximum}


def add_model_routes(router: APIRouter) -> None:
    add(
        router,
        "GET",
        "/models",
        list_models,
        tag="models",
        answers={200: answer("All models.", LimnerModelPage, headers=["ETag"]), 304: answer("Nothing has changed.")},
    )
