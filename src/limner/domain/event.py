"""What watchers hear."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from limner.domain.job import JobState


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEvent:
    """One durable change of a job. `changes` are the fields of the job as they were right after it, so that
    the whole job at `seq` can be told again: state, attempt, ambiguous_calls, paid_bad_outputs, route_index, not_before,
    started_at, finished_at, expires_at, cancel_requested_at, error, notes.
    """

    job_id: str
    seq: int
    at: datetime
    changes: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressTick:
    """How far a running job is; best effort, latest wins, without an id."""

    job_id: str
    owner: str
    fraction: float
    step: int
    steps: int | None = None
    eta_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewTick:
    """A small picture of a job in the making (WebP or JPEG, ≤ 256 px, ≤ 24 KiB); best effort."""

    job_id: str
    owner: str
    ordinal: int
    step: int
    image: bytes
    media_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobChanged:
    """A durable change happened: read the row. `ended`: the final state it brought, told by the process that wrote it."""

    job_id: str
    owner: str
    seq: int
    ended: JobState | None = field(default=None, compare=False)


Signal = JobChanged | ProgressTick | PreviewTick
"""What a notifier carries to watchers."""
