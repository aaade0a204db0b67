"""A job: one request for pictures and its life.

             ┌────────── retry (not_before) ──────────┐
             ▼                                        │
submit ──▶ queued ──claim──▶ running ──────────────▶ (transient fault, crash, lease lost)
             │                  │ ├──▶ succeeded
             │                  │ ├──▶ failed
             └──cancel──▶ cancelled ◀┘             final states are never left
"""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NewType

from limner.domain.errors import ContractBroken
from limner.domain.image import Image
from limner.domain.request import ImageRequest

JobId = NewType("JobId", str)

LARGEST_HANDLE = 8 * 1024
"""Bytes of a handle as JSON."""


class JobState(enum.StrEnum):
    """Where a job is in its life."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        return self in FINAL_STATES


FINAL_STATES = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED})

LEGAL_MOVES: Mapping[JobState, frozenset[JobState]] = {
    JobState.QUEUED: frozenset({JobState.RUNNING, JobState.CANCELLED, JobState.FAILED}),
    JobState.RUNNING: frozenset({JobState.QUEUED, *FINAL_STATES}),
    JobState.SUCCEEDED: frozenset(),
    JobState.FAILED: frozenset(),
    JobState.CANCELLED: frozenset(),
}
"""Every move a job may make; docs/job-lifecycle.md draws the same table and a test compares them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something the person should know about a picture that was painted all the same."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobError:
    """Why a job failed, in plain words."""

    code: str
    title: str
    detail: str
    retryable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class JobProgress:
    """How far a job is, over all its pictures; best effort."""

    fraction: float = 0.0
    step: int = 0
    steps: int | None = None
    eta_seconds: float | None = None


class CallPhase(enum.StrEnum):
    """How far one use of an engine has come; money may have been spent from SUBMITTING on."""

    SUBMITTING = "submitting"
    SUBMITTED = "submitted"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One use of an engine for `count` of a job's pictures, from `first_ordinal` on: what may cost money.

    `handle` is opaque JSON (≤ 8 KiB) by which the engine finds its work again; ContractBroken where it is not.
    """

    first_ordinal: int
    count: int
    attempt: int
    phase: CallPhase
    request_key: str
    handle: Any = None
    cost: float | None = None

    def __post_init__(self) -> None:
        try:
            size = len(json.dumps(self.handle, allow_nan=False, ensure_ascii=False).encode())
        except (TypeError, ValueError, RecursionError) as error:
            raise ContractBroken("The engine yielded a handle that is not JSON.") from error
        if size > LARGEST_HANDLE:
            raise ContractBroken(f"The engine yielded a handle of {size} bytes; the limit is {LARGEST_HANDLE}.")

    @property
    def ordinals(self) -> range:
        """The pictures that it is for."""
        return range(self.first_ordinal, self.first_ordinal + self.count)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as its row says; `images` are the kept ones that are not purged, by ordinal.

    `route` are the models that may paint it, in order; `costs` what each of them is expected to cost, () where nothing
    costs. `blocked_until`: its engine is paused.
    """

    id: JobId
    owner: str
    state: JobState
    request: ImageRequest
    requested: Mapping[str, Any] = field(default_factory=dict)
    reference: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    priority: int = 5
    progress: JobProgress = JobProgress()
    attempt: int = 0
    max_attempts: int = 5
    crash_count: int = 0
    lease_losses: int = 0
    bad_images: int = 0
    ambiguous_calls: int = 0
    paid_bad_outputs: int = 0
    route: tuple[str, ...] = ()
    route_index: int = 0
    costs: tuple[float, ...] = ()
    images: tuple[Image, ...] = ()
    notes: tuple[Note, ...] = ()
    error: JobError | None = None
    event_seq: int = 1
    retry_of: JobId | None = None
    trace: str | None = None
    created_at: datetime
    not_before: datetime | None = None
    blocked_until: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    deadline_at: datetime
    expires_at: datetime | None = None
    cancel_requested_at: datetime | None = None

    @property
    def expected_start_at(self) -> datetime | None:
        """When a delayed job is tried; None where it may start at any moment, or has."""
        reasons = [at for at in (self.not_before, self.blocked_until) if at is not None]
        return max(reasons) if reasons and self.state is JobState.QUEUED else None

    @property
    def engine(self) -> str:
        """The configured engine that paints it now."""
        return self.route[self.route_index].partition("/")[0]

    @property
    def engine_model(self) -> str:
        """Which of the engine's models paints it now ("" where there is no choice)."""
        return self.route[self.route_index].partition("/")[2]

    @property
    def missing(self) -> tuple[int, ...]:
        """The ordinals of pictures that are not kept yet."""
        kept = {image.ordinal for image in self.images}
        return tuple(ordinal for ordinal in range(self.request.count) if ordinal not in kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A worker's right to change a job: every write names the epoch, and an older epoch changes nothing."""

    job_id: JobId
    epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A job handed to a worker, with the calls that earlier tries left open. `alone`: it shares its child with nobody.
    `troubled`: trouble of its engine is on record; `probe`: it is the one that tries whether that is over.
    """

    lease: Lease
    job: Job
    calls: tuple[Call, ...] = ()
    alone: bool = False
    troubled: bool = False
    probe: bool = False
