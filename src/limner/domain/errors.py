"""Every error Limner raises on purpose.

    LimnerError
     ├─ InvalidRequest              what was asked cannot be painted; carries FieldErrors
     ├─ BadCursor
     ├─ Unauthenticated
     ├─ MissingScope
     ├─ NotFound                    absent, foreign and malformed ids look the same
     ├─ JobNotFinished · JobNotRetryable · JobFinished
     ├─ IdempotencyKeyReused
     ├─ Refused                     a before_submit hook said no
     ├─ Busy                        try again later: carries retry_after
     │   ├─ TooManyQueued · TooManyInputs · QueueFull · StorageFull · NotStarted · DatabaseUnavailable · StorageUnavailable
     │   └─ BudgetExhausted         before a job is queued, and again before a call is paid
     ├─ LeaseLost                   the fence was hit: another worker owns the job now
     ├─ PluginError · SettingsError · DatabaseError
     └─ EngineError                 what an engine raises while it paints; see RetryClass
         ├─ NotSent · UnknownOutcome · RateLimited · Transient
         ├─ OutOfMoney · Unauthorised · RefusedByPolicy · BadParameter
         ├─ BadImage · CallFailed      of the call for the fact `ordinal`, which is over
         ├─ EngineCrashed · EngineTimeout · OutOfMemory
         └─ EngineFailed
             └─ ContractBroken      what the worker says of an engine that promised otherwise

A class's docstring is its default message, so the remedy stands where the error is defined.
No HTTP status lives here: ``web/errors.py`` owns that table.
"""

from __future__ import annotations

import enum
import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from limner.domain.wording import keepable


class LimnerError(Exception):
    """Something went wrong in Limner."""

    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Internal error"

    def __init__(self, detail: str | None = None, **facts: Any) -> None:
        self.detail = detail or inspect.cleandoc(type(self).__doc__ or "")
        self.facts: Mapping[str, Any] = facts
        super().__init__(self.detail)


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field that needs mending: a JSON pointer, a code, a sentence and the limits as extra members."""

    pointer: str
    code: str
    detail: str
    limits: Mapping[str, Any] = field(default_factory=dict)


class InvalidRequest(LimnerError):
    """The request cannot be painted as it stands."""

    code = "invalid_request"
    title = "Invalid request"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        self.errors = tuple(errors)
        count = len(self.errors)
        super().__init__("1 field needs mending." if count == 1 else f"{count} fields need mending.")

    def __str__(self) -> str:
        return " ".join(error.detail for error in self.errors) or self.detail


class BadCursor(LimnerError):
    """This cursor is not one of ours; start again without it."""

    code = "bad_cursor"
    title = "Bad cursor"


class Unauthenticated(LimnerError):
    """Send `Authorization: Bearer lmn_…`; make a key with `limner keys create`."""

    code = "unauthenticated"
    title = "Not authenticated"


class MissingScope(LimnerError):
    """This key may not do that."""

    code = "missing_scope"
    title = "Missing scope"


class NotFound(LimnerError):
    """There is no such thing here."""

    code = "not_found"
    title = "Not found"


class JobNotFinished(LimnerError):
    """The job is not finished. Cancel it first."""

    code = "job_not_finished"
    title = "The job is not finished"


class JobNotRetryable(LimnerError):
    """It succeeded; submit it again instead."""

    code = "job_not_retryable"
    title = "The job cannot be retried"


class JobFinished(LimnerError):
    """The job has already ended."""

    code = "job_finished"
    title = "The job has ended"


class IdempotencyKeyReused(LimnerError):
    """This key was used with another body."""

    code = "idempotency_key_reused"
    title = "Idempotency key reused"


class Refused(LimnerError):
    """This request was refused."""

    code = "refused_by_policy"
    title = "Refused"


class Busy(LimnerError):
    """Try again later. Nothing was queued."""

    code = "busy"
    title = "Busy"

    def __init__(self, detail: str | None = None, *, retry_after: float = 1.0, **facts: Any) -> None:
        super().__init__(detail, **facts)
        self.retry_after = retry_after


class TooManyQueued(Busy):
    """You have as many jobs waiting as you may have. Nothing was queued."""

    code = "too_many_queued"
    title = "Too many jobs waiting"


class TooManyInputs(Busy):
    """You keep as many bytes of unused inputs as you may have. Nothing was kept."""

    code = "too_many_inputs"
    title = "Too many inputs"


class QueueFull(Busy):
    """The queue is full. Nothing was queued."""

    code = "queue_full"
    title = "The queue is full"


class StorageFull(Busy):
    """The disk is nearly full. Nothing was queued."""

    code = "storage_full"
    title = "The storage is full"


class BudgetExhausted(Busy):
    """What may be spent is spent."""

    code = "budget_exhausted"
    title = "The budget is used up"


class NotStarted(Busy):
    """Limner did not start: include its router in the application that the server runs, and run its lifespan
    (`with TestClient(app)`, or the lifespan of the outer app for a mounted one). Nothing was queued.
    """

    code = "not_started"
    title = "Limner is not started"


class DatabaseUnavailable(Busy):
    """The database does not answer. Nothing was changed."""

    code = "database_unavailable"
    title = "The database does not answer"


class StorageUnavailable(Busy):
    """The storage does not work; nothing was lost that was kept."""

    code = "storage_unavailable"
    title = "The storage does not work"


class LeaseLost(LimnerError):
    """Another worker owns this job now; what was painted is dropped."""

    code = "lease_lost"
    title = "Lease lost"


class PluginError(LimnerError):
    """A plugin cannot be used."""

    code = "plugin"
    title = "Plugin error"


class SettingsError(LimnerError):
    """The settings cannot be used."""

    code = "settings"
    title = "Settings error"


class DatabaseError(LimnerError):
    """The database cannot be used."""

    code = "database"
    title = "Database error"


class RetryClass(enum.Enum):
    """What may be done after a failed call. Sources: docs/how-it-works.md, "When painting fails"."""

    AGAIN = "again"
    """Nothing was charged: full jitter, min(60, 1 · 2ⁿ) s."""
    LATER = "later"
    """Rate limited: the service's own wait where it names one, else equal jitter from 5 s."""
    AMBIGUOUS = "ambiguous"
    """It may have been charged: counted, then the engine's `on_ambiguous` decides."""
    ONCE = "once"
    """It was charged and is unusable: one more try, then final."""
    NEVER = "never"
    """Trying again cannot help."""


class EngineError(LimnerError):
    """The engine could not paint this."""

    code = "engine_failed"
    title = "The engine failed"
    retry: ClassVar[RetryClass] = RetryClass.AGAIN
    retryable: ClassVar[bool] = True
    """Whether the person may ask again (POST /jobs/{id}/retry) with some hope."""

    def __init__(self, detail: str | None = None, *, retry_after: float | None = None, **facts: Any) -> None:
        super().__init__(detail and keepable(detail), **facts)
        self.retry_after = retry_after


class EngineFailed(EngineError):
    """The engine failed in a way it did not explain."""


class ContractBroken(EngineFailed):
    """The engine did not keep to its contract."""


class NotSent(EngineError):
    """The service could not be reached; nothing was sent."""


class Transient(EngineError):
    """The service had a passing fault."""


class UnknownOutcome(EngineError):
    """The service took the call and did not answer; it may have been charged."""

    code = "ambiguous_charge"
    title = "The charge is unknown"
    retry = RetryClass.AMBIGUOUS


class RateLimited(EngineError):
    """The service asks us to wait."""

    code = "provider_rate_limited"
    title = "Rate limited"
    retry = RetryClass.LATER


class OutOfMoney(EngineError):
    """The account at the service has no credit left."""

    code = "provider_out_of_money"
    title = "Out of credit"
    retry = RetryClass.NEVER


class Unauthorised(EngineError):
    """The service does not accept the operator's key."""

    code = "provider_unauthorised"
    title = "The service refuses our key"
    retry = RetryClass.NEVER


class RefusedByPolicy(EngineError):
    """The engine refuses to paint this prompt."""

    code = "refused_by_policy"
    title = "Refused"
    retry = RetryClass.NEVER
    retryable = False


class BadParameter(EngineError):
    """The engine does not accept a parameter."""

    code = "bad_parameter"
    title = "Bad parameter"
    retry = RetryClass.NEVER
    retryable = False


class BadImage(EngineError):
    """The engine returned something that is not a picture we keep."""

    code = "bad_image"
    title = "The picture is unusable"
    retry = RetryClass.ONCE


class CallFailed(EngineError):
    """The service took the call and failed at it; it may have been charged."""

    retry = RetryClass.ONCE


class EngineCrashed(EngineError):
    """The engine's process stopped."""

    code = "engine_crashed"
    title = "The engine stopped"


class EngineTimeout(EngineError):
    """The engine took too long."""

    code = "engine_timeout"
    title = "The engine took too long"


class OutOfMemory(EngineError):
    """The engine ran out of memory."""

    code = "out_of_memory"
    title = "Out of memory"


def engine_error(code: str, detail: str, **facts: Any) -> EngineError:
    """The error that a kept code stands for; where several share it, the most general."""
    kinds = {kind.code: kind for kind in reversed(EngineError.__subclasses__())}
    return kinds.get(code, EngineError)(detail, **facts)
