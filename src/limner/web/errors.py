"""What a caller is told when something is wrong: one table of statuses, one shape (RFC 9457)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response

from limner.actions.quiet_trace import log_fault
from limner.domain import errors

TYPE_BASE = "urn:limner:error:"
MEDIA_TYPE = "application/problem+json"

log = logging.getLogger("limner.web")


class MalformedJson(errors.LimnerError):
    """The body is not JSON."""

    code = "malformed_json"
    title = "Malformed JSON"


class TooLarge(errors.LimnerError):
    """The limit is 1 MiB."""

    code = "too_large"
    title = "Too large"


class UnsupportedMediaType(errors.LimnerError):
    """Send application/json."""

    code = "unsupported_media_type"
    title = "Unsupported media type"


class MethodNotAllowed(errors.LimnerError):
    """This address does not take that method."""

    code = "method_not_allowed"
    title = "Method not allowed"


class WrongHost(errors.LimnerError):
    """This server does not answer to that name; list it in `allowed_hosts` (LIMNER_ALLOWED_HOSTS)."""

    code = "wrong_host"
    title = "Wrong host"


class CrossSite(errors.LimnerError):
    """Without a key, things are changed only from this server's own pages; others send `Authorization: Bearer lmn_…`."""

    code = "cross_site"
    title = "From another site"


class NotReady(errors.LimnerError):
    """Something that Limner needs does not work."""

    code = "not_ready"
    title = "Not ready"


class JobEndedWithoutImage(errors.LimnerError):
    """The job ended without a picture."""

    title = "No picture"

    def __init__(self, detail: str, *, code: str, title: str, **facts: Any) -> None:
        super().__init__(detail, **facts)
        self.code = code  # type: ignore[misc]  # each job tells its own
        self.title = title  # type: ignore[misc]


STATUS: Mapping[type[errors.LimnerError], int] = {
    errors.LimnerError: 500,
    errors.InvalidRequest: 422,
    errors.BadCursor: 400,
    errors.Unauthenticated: 401,
    errors.MissingScope: 403,
    errors.NotFound: 404,
    errors.JobNotFinished: 409,
    errors.JobNotRetryable: 409,
    errors.JobFinished: 409,
    errors.IdempotencyKeyReused: 422,
    errors.Refused: 422,
    errors.Busy: 503,
    errors.TooManyQueued: 429,
    errors.TooManyInputs: 429,
    errors.BudgetExhausted: 429,
    errors.QueueFull: 503,
    errors.StorageFull: 503,
    errors.NotStarted: 503,
    errors.DatabaseUnavailable: 503,
    errors.StorageUnavailable: 503,
    errors.LeaseLost: 500,
    errors.PluginError: 500,
    errors.SettingsError: 500,
    errors.DatabaseError: 500,
    errors.EngineError: 502,
    errors.EngineFailed: 502,
    errors.ContractBroken: 502,
    errors.NotSent: 502,
    errors.Transient: 502,
    errors.UnknownOutcome: 502,
    errors.RateLimited: 503,
    errors.OutOfMoney: 502,
    errors.Unauthorised: 502,
    errors.RefusedByPolicy: 422,
    errors.BadParameter: 422,
    errors.BadImage: 502,
    errors.CallFailed: 502,
    errors.EngineCrashed: 502,
    errors.EngineTimeout: 504,
    errors.OutOfMemory: 502,
    MalformedJson: 400,
    TooLarge: 413,
    UnsupportedMediaType: 415,
    MethodNotAllowed: 405,
    WrongHost: 421,
    CrossSite: 403,
    NotReady: 503,
    JobEndedWithoutImage: 502,
}
"""Every error class Limner raises; a test holds it complete."""

JOB_STATUS: Mapping[str, int] = {
    "refused_by_policy": 422,
    "bad_parameter": 422,
    "cancelled": 409,
    "engine_timeout": 504,
    "deadline_exceeded": 504,
    "provider_rate_limited": 503,
    "budget_exhausted": 429,
}
"""For a caller who asked for the picture itself: the status of a job's failure; others are 502."""


def status_of(error: errors.LimnerError) -> int:
    if isinstance(error, JobEndedWithoutImage):
        return JOB_STATUS.get(error.code, 502)
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def problem_document(error: errors.LimnerError) -> dict[str, Any]:
    document: dict[str, Any] = {
        "type": TYPE_BASE + error.code,
        "title": error.title,
        "status": status_of(error),
        "code": error.code,
        "detail": error.detail,
        **error.facts,
    }
    if isinstance(error, errors.InvalidRequest):
        document["errors"] = [
            {"pointer": fault.pointer, "code": fault.code, "detail": fault.detail, **fault.limits}
            for fault in error.errors
        ]
    return document


def problem_headers(error: errors.LimnerError) -> dict[str, str]:
    headers = {"Cache-Control": "no-store"}
    if isinstance(error, errors.Busy):
        headers["Retry-After"] = str(max(1, round(error.retry_after)))
    if isinstance(error, errors.Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    return headers


def problem(error: Exception, headers: Mapping[str, str] | None = None) -> Response:
    """The answer to an error; one that is not ours is logged and told without its words, which may quote a prompt."""
    if not isinstance(error, errors.LimnerError):
        log_fault(log, "unhandled error", error, {})
        error = errors.LimnerError("Something broke on our side; it is logged. Nothing was queued.")
    body = orjson.dumps(problem_document(error), default=str)
    return Response(body, status_of(error), {**problem_headers(error), **(headers or {})}, MEDIA_TYPE)
