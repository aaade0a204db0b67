"""How a route describes itself in the OpenAPI document: names, answers, problems, headers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from fastapi import APIRouter, params
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from limner.domain import errors
from limner.domain.errors import LimnerError
from limner.web import errors as web_errors
from limner.web.errors import MEDIA_TYPE, problem_document, status_of

BROKEN = LimnerError("Something broke on our side; it is logged. Nothing was queued.")
OURS: tuple[LimnerError, ...] = (errors.NotStarted(), errors.DatabaseUnavailable(), BROKEN)
ALWAYS: tuple[LimnerError, ...] = (
    errors.Unauthenticated(),
    errors.MissingScope("This key may not do that; it needs `jobs:write`.", needed="jobs:write"),
    *OURS,
)
NO_JOB = errors.NotFound("There is no such job.")
NO_INPUT = errors.NotFound("There is no such input.")
NO_IMAGE = errors.NotFound("There is no such image.")
BAD_CURSOR = errors.BadCursor()
NOT_FINISHED = errors.JobNotFinished()
NOT_RETRYABLE = errors.JobNotRetryable()
FINISHED = errors.JobFinished("It has already succeeded.")
BAD_FORMAT = errors.InvalidRequest(
    [
        errors.FieldError(
            "/format",
            "not_allowed",
            "format is gif; choose from png, jpeg, webp.",
            {"allowed": ["png", "jpeg", "webp"]},
        )
    ]
)
BAD_QUERY = errors.InvalidRequest(
    [errors.FieldError("/limit", "out_of_range", "limit is 500; the most is 200.", {"maximum": 200})]
)
BAD_SPAN = errors.InvalidRequest(
    [
        errors.FieldError(
            "/from",
            "out_of_range",
            "from is 2026-10-01; that is after 2026-09-30, the last day.",
            {"maximum": "2026-09-30"},
        )
    ]
)
SUBMITTING: tuple[LimnerError, ...] = (
    errors.TooManyQueued("You have 100 jobs waiting, your limit; room in about 12 s.", retry_after=12),
    errors.BudgetExhausted(
        "Your budget of 1.00 a day has 0.04 left, and this costs about 0.16; it renews on 2 Sep, 00:00 UTC. "
        "Nothing was queued.",
        retry_after=3600,
        left=0.04,
        cost=0.16,
        renews_at="2026-09-02T00:00:00.000Z",
    ),
    errors.QueueFull(),
    errors.StorageFull(),
    errors.Refused("We do not paint that here."),
)
BAD_BODY: tuple[LimnerError, ...] = (
    web_errors.MalformedJson("The body is not JSON: line 1, column 17."),
    web_errors.TooLarge(),
    web_errors.UnsupportedMediaType(),
)
BODY: tuple[LimnerError, ...] = (
    *BAD_BODY,
    errors.InvalidRequest(
        [
            errors.FieldError(
                "/width", "out_of_range", "width is 2049; painter allows 64 to 2048.", {"minimum": 64, "maximum": 2048}
            ),
            errors.FieldError("/n", "unknown_field", "There is no field n; did you mean count?"),
        ]
    ),
    errors.IdempotencyKeyReused("This key was used with another body on 1 Sep, 09:00; job 0199c2a4-…."),
)
BAD_KEY = errors.IdempotencyKeyReused("This key was used with another body on 1 Sep, 09:00; job 0199c2a4-….")

NO_PICTURE: tuple[LimnerError, ...] = tuple(
    web_errors.JobEndedWithoutImage(detail, code=code, title=title, job="/jobs/0199c2a4-…")
    for code, title, detail in (
        ("cancelled", "Cancelled", "The job was cancelled."),
        ("engine_crashed", "The engine stopped", "It stopped three times; nothing was painted."),
        ("engine_timeout", "The engine took too long", "It took longer than 300 s."),
    )
)
UPLOADING: tuple[LimnerError, ...] = (
    web_errors.TooLarge("The limit is 20 MiB.", maximum=20 * 1024 * 1024),
    web_errors.UnsupportedMediaType(
        "Send a PNG, JPEG or WebP as it is, or a form (multipart/form-data) with one file."
    ),
    errors.InvalidRequest([errors.FieldError("", "bad_image", "The picture is not PNG, JPEG or WebP.")]),
    errors.TooManyInputs(retry_after=3600, maximum=1024 * 1024 * 1024),
    errors.StorageFull(),
)
PICTURES = ("image/png", "image/jpeg", "image/webp")
BINARY = {"type": "string", "format": "binary"}
UPLOAD = {name: {"schema": BINARY} for name in PICTURES} | {
    "multipart/form-data": {
        "schema": {
            "type": "object",
            "required": ["file"],
            "properties": {"file": BINARY},
            "additionalProperties": False,
        }
    }
}

TEXT = {"type": "string"}
HEADERS: dict[str, dict[str, Any]] = {
    "Location": {"description": "Where it is.", "schema": TEXT, "required": True},
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}},
    "ETag": {"description": "Send it back in If-None-Match.", "schema": TEXT},
    "Preference-Applied": {"description": "The wait that was kept.", "schema": TEXT},
    "Idempotent-Replayed": {"description": "true: this job was there already.", "schema": TEXT},
    "WWW-Authenticate": {"description": "Bearer.", "schema": TEXT},
    "Allow": {"description": "The methods of this address.", "schema": TEXT},
    "Set-Cookie": {"description": "The session, or its end.", "schema": TEXT},
}


EVENTS: dict[str, Any] = {
    "text/event-stream": {
        "itemSchema": {
            "type": "object",
            "required": ["event", "data"],
            "properties": {
                "event": {"type": "string", "enum": ["job", "progress", "preview"]},
                "id": {"type": "string"},
                "data": {
                    "type": "string",
                    "contentMediaType": "application/json",
                    "contentSchema": {"type": "object"},
                },
            },
        }
    }
}
"""Of events that hold data; the first line of a stream is `retry: 1000`, and comments keep it alive."""


def _links(parameter: str, value: str, *operations: str) -> dict[str, Any]:
    return {name: {"operationId": f"limner_{name}", "parameters": {parameter: value}} for name in operations}


JOB_LINKS = _links(
    "job_id", "$response.body#/id", "get_job", "watch_job", "cancel_job", "retry_job", "delete_job"
) | _links(
    "image_id",
    "$response.body#/images/0/id",
    "get_image",
    "get_image_content",
    "get_image_thumbnail",
    "delete_image",
    "restore_image",
)


INPUT_LINKS = _links("input_id", "$response.body#/id", "get_input", "get_input_content", "delete_input")


def _header(name: str, description: str, **schema: Any) -> dict[str, Any]:
    told = {"type": "string", **schema}
    return {"in": "header", "name": name, "description": description, "schema": told}


PREFER = _header("Prefer", "wait=N: answer when it is done, after N seconds (60 at most) in any case.")
ACCEPT = _header("Accept", "With `Prefer: wait=N`, image/png, image/webp or image/jpeg asks for the picture itself.")
IF_NONE_MATCH = _header("If-None-Match", "The ETag of what you have.")
LAST_EVENT_ID = _header("Last-Event-ID", "The id of the last event you had; nothing after it is left out.")
IDEMPOTENCY_KEY = _header(
    "Idempotency-Key", "Asks again safely: the same key and body give the same job.", minLength=1, maxLength=255
)


def add(
    router: APIRouter,
    method: str,
    path: str,
    endpoint: Callable[..., Any],
    *,
    tag: str,
    answers: dict[int, dict[str, Any]],
    problems: Iterable[LimnerError] = (),
    always: Iterable[LimnerError] = ALWAYS,
    headers: Iterable[dict[str, Any]] = (),
    body: dict[str, Any] | None = None,
    dependencies: Sequence[params.Depends] = (),
    head: bool = False,
) -> None:
    """A route named after its endpoint. The first of `answers` is the usual one. `body` says what it takes, by media
    type. `head`: takes HEAD as well.
    """
    usual = next(iter(answers))
    first = dict(answers[usual])
    router.add_api_route(
        path,
        endpoint,
        methods=[method],
        name=f"limner:{endpoint.__name__}",
        operation_id=f"limner_{endpoint.__name__}",
        tags=[tag],
        summary=endpoint.__name__.replace("_", " ").capitalize(),
        status_code=usual,
        response_class=_Json if "model" in first else Response,
        response_model=first.pop("model", None),
        response_description=first.pop("description"),
        responses=_problems([*problems, *always]) | {**answers, usual: first},
        openapi_extra=_described(headers, body),
        dependencies=dependencies,
    )
    if head:
        router.add_api_route(
            path, endpoint, methods=["HEAD"], name=f"limner:{endpoint.__name__}", include_in_schema=False
        )


def _described(headers: Iterable[dict[str, Any]], body: dict[str, Any] | None) -> dict[str, Any]:
    """What the route reads by itself, without FastAPI."""
    told: dict[str, Any] = {"parameters": list(headers)}
    if body:
        told["requestBody"] = {"required": True, "content": body}
    return told


def json_body(model: type[BaseModel]) -> dict[str, Any]:
    """Models within are written where they stand: FastAPI does not know of this body."""
    schema = model.model_json_schema()
    return {"application/json": {"schema": _inlined(schema, schema.pop("$defs", {}))}}


def _inlined(schema: Any, models: dict[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_inlined(one, models) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if name := schema.get("$ref", "").rpartition("/")[2]:
        return _inlined(models[name], models)
    return {key: _inlined(value, models) for key, value in schema.items()}


class _Json(JSONResponse):
    """Only named in the document; routes answer with bytes of their own."""


def answer(
    description: str,
    model: type[BaseModel] | None = None,
    *,
    headers: Iterable[str] = (),
    content: Iterable[str] = (),
    body: dict[str, Any] | None = None,
    links: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """One answer of a route. `content` names media types of bytes, `body` is what else it may hold, `links` say which
    operations take what it tells.
    """
    told: dict[str, Any] = {"description": description}
    if model:
        told["model"] = model
    if headers:
        told["headers"] = {name: HEADERS[name] for name in headers}
    if content:
        told["content"] = {name: {"schema": BINARY} for name in content}
    if body:
        told["content"] = body
    if links:
        told["links"] = links
    return told


BYTES = {
    200: answer("The bytes.", headers=["ETag"], content=PICTURES),
    206: answer("A range of the bytes.", content=PICTURES),
    304: answer("You have it."),
    416: answer("No such range."),
}


def _problems(faults: Iterable[LimnerError]) -> dict[int | str, Any]:
    by_status: dict[int | str, Any] = {}
    for fault in faults:
        found = by_status.setdefault(status_of(fault), _problem_answer(fault))
        found["content"][MEDIA_TYPE]["examples"][fault.code] = {"value": problem_document(fault)}
    # Without a 422 or this, FastAPI describes a refusal of its own shape, which no route of ours gives.
    by_status.setdefault("default", {**_problem_answer(BROKEN), "description": "Any other problem."})
    return by_status


def _problem_answer(fault: LimnerError) -> dict[str, Any]:
    told: dict[str, Any] = {
        "description": fault.title,
        # GET /models shows a LimnerProblem, which is what puts the shape among the components.
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/LimnerProblem"}, "examples": {}}},
    }
    if isinstance(fault, errors.Busy):
        told["headers"] = {"Retry-After": HEADERS["Retry-After"]}
    if isinstance(fault, errors.Unauthenticated):
        told["headers"] = {"WWW-Authenticate": HEADERS["WWW-Authenticate"]}
    return told
