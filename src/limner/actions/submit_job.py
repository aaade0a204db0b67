"""Takes a request: checked, made a row, told to workers and watchers. The row is durable when this returns."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, fields
from datetime import timedelta
from typing import Any

from limner.actions.check_space import check_space
from limner.actions.hook_threads import HookThreads
from limner.actions.models import Models
from limner.actions.resolve_inputs import resolve_inputs
from limner.contracts.dispatcher import Dispatcher
from limner.contracts.notifier import Notifier
from limner.contracts.observer import Observer
from limner.contracts.repository import Idempotency, JobRepository, Submission
from limner.domain.checking import MAX_IDEMPOTENCY_KEY, idempotency_key_fault, owner_fault
from limner.domain.errors import FieldError, InvalidRequest
from limner.domain.event import JobChanged
from limner.domain.identity import new_id
from limner.domain.input import HeldInput
from limner.domain.job import Job, JobId, JobState
from limner.domain.policy import Policy
from limner.domain.request import Ask, ImageRequest

BeforeSubmit = Callable[[Ask, str], Awaitable[Ask | None] | Ask | None]
"""Hears an ask and its owner before anything is queued: may return another ask, or raise Refused.

It may be called again for a repeat under the same idempotency key. Plain functions run in a thread.
"""

ASK_FIELDS = tuple(field.name for field in fields(Ask))
PAINTED_FIELDS = tuple(name for name in ASK_FIELDS if name not in {"reference", "metadata", "priority"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitNeeds:
    """What submitting takes. `free_space` tells the bytes that storage can still take, where it knows."""

    models: Models
    repository: JobRepository
    dispatcher: Dispatcher
    notifier: Notifier
    observer: Observer
    policy: Policy
    before_submit: Sequence[BeforeSubmit] = ()
    free_space: Callable[[], int] | None = None
    hook_threads: HookThreads = field(default_factory=HookThreads)


async def submit_job(
    ask: Ask,
    owner: str,
    *,
    idempotency: Idempotency | None = None,
    retry_of: Job | None = None,
    needs: SubmitNeeds,
) -> Submission:
    """Raises InvalidRequest, Refused, StorageFull, TooManyQueued, QueueFull, BudgetExhausted, IdempotencyKeyReused."""
    _check_owner(owner)
    if idempotency is not None:
        _check_key(idempotency.key)
    request = needs.models.resolve(ask)
    heard = await _hear(ask, owner, needs) if needs.before_submit else ask
    if heard is not ask:
        request = needs.models.resolve(heard)
    request, inputs = await _inputs_of(heard, request, owner, needs)
    check_space(needs.free_space, needs.policy)
    job = _new_job(ask, heard, request, owner=owner, retry_of=retry_of, needs=needs)
    started = time.perf_counter()
    submission = await needs.repository.submit(job, inputs=inputs, idempotency=idempotency, policy=needs.policy)
    needs.observer.time("limner_accept_seconds", time.perf_counter() - started)
    if not submission.replayed:
        _announce(submission.job, needs)
    return submission


def fingerprint(ask: Ask) -> str:
    """The same for the same ask: what an idempotency key is bound to."""
    try:
        text = json.dumps({name: getattr(ask, name) for name in ASK_FIELDS}, sort_keys=True)
    except (TypeError, ValueError, RecursionError):
        text = ""  # no JSON: the checks of submit_job refuse it before the key matters
    return hashlib.sha256(text.encode()).hexdigest()


def _check_owner(owner: str) -> None:
    if fault := owner_fault(owner):
        raise InvalidRequest([FieldError("/owner", "bad_text", f"owner {fault}.")])


def _check_key(key: str) -> None:
    if fault := idempotency_key_fault(key):
        detail = f"idempotency_key {fault}."
        raise InvalidRequest([FieldError("/idempotency_key", "bad_text", detail, {"maximum": MAX_IDEMPOTENCY_KEY})])


async def _hear(ask: Ask, owner: str, needs: SubmitNeeds) -> Ask:
    """Each hook hears what the one before it made of the ask."""
    for hook in needs.before_submit:
        ask = await needs.hook_threads.call(hook, ask, owner) or ask
    return ask


async def _inputs_of(
    heard: Ask, request: ImageRequest, owner: str, needs: SubmitNeeds
) -> tuple[ImageRequest, tuple[HeldInput, ...]]:
    if not request.inputs:
        return request, ()
    capabilities = needs.models.capabilities(request.model)
    return await resolve_inputs(heard, request, owner, capabilities=capabilities, repository=needs.repository)


def _new_job(
    asked: Ask,
    heard: Ask,
    request: ImageRequest,
    *,
    owner: str,
    retry_of: Job | None,
    needs: SubmitNeeds,
) -> Job:
    now = needs.repository.now()
    return Job(
        id=JobId(new_id()),
        owner=owner,
        state=JobState.QUEUED,
        request=request,
        requested=_told(asked),
        reference=heard.reference,
        metadata=heard.metadata,
        priority=heard.priority,
        max_attempts=needs.policy.max_attempts,
        route=needs.models.route_of(request.model),
        costs=needs.models.costs(request),
        retry_of=retry_of.id if retry_of else None,
        trace=needs.observer.trace(),
        created_at=now,
        deadline_at=now + timedelta(seconds=needs.policy.deadline),
    )


def _told(ask: Ask) -> dict[str, Any]:
    """The ask as it came, without what was left to us."""
    values = ((name, getattr(ask, name)) for name in PAINTED_FIELDS)
    return {name: value for name, value in values if value not in (None, {}, (), [])}


def _announce(job: Job, needs: SubmitNeeds) -> None:
    needs.dispatcher.nudge(job.engine)
    needs.notifier.publish((JobChanged(job_id=job.id, owner=job.owner, seq=job.event_seq),))
