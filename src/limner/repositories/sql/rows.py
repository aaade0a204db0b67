"""Between rows and values of the domain. The one place where kept JSON is read and upgraded."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from limner.domain.errors import DatabaseError
from limner.domain.event import JobEvent, ProgressTick
from limner.domain.identity import ApiKey, KeyKind, Scope
from limner.domain.image import Image, ImageId
from limner.domain.input import HeldInput, Input, InputId, InputReference
from limner.domain.job import Call, CallPhase, Job, JobError, JobId, JobProgress, JobState, Note
from limner.domain.request import JSON_VERSION, ImageRequest

Row = Any
"""One row of a statement, its columns as attributes."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
MILLION = 1_000_000
NO_SEED = -1
"""Of a picture by an engine that takes none."""

encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def to_milliseconds(time: datetime) -> int:
    return (time - EPOCH) // MILLISECOND


def to_milliseconds_or_none(time: datetime | None) -> int | None:
    return None if time is None else to_milliseconds(time)


def to_time(milliseconds: int) -> datetime:
    return EPOCH + timedelta(milliseconds=milliseconds)


def to_time_or_none(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else to_time(milliseconds)


def to_millionths(amount: float) -> int:
    """Money is kept in whole numbers, so that sums are exact."""
    return round(amount * MILLION)


def from_millionths(amount: int) -> float:
    return amount / MILLION


def encode_request(request: ImageRequest) -> dict[str, Any]:
    """Ready for JSON."""
    return {
        "v": JSON_VERSION,
        "prompt": request.prompt,
        "model": request.model,
        "width": request.width,
        "height": request.height,
        "count": request.count,
        "seed": request.seed,
        "seeded": request.seeded,
        "format": request.format,
        "negative_prompt": request.negative_prompt,
        "steps": request.steps,
        "guidance": request.guidance,
        "inputs": [asdict(reference) for reference in request.inputs],
        "strength": request.strength,
        "options": request.options,
    }


def decode_request(text: str) -> ImageRequest:
    document = upgraded(text)
    document["inputs"] = tuple(InputReference(**reference) for reference in document.get("inputs", ()))
    return ImageRequest(**document)


def encode_requested(requested: Mapping[str, Any]) -> dict[str, Any]:
    """Ready for JSON."""
    return {"v": JSON_VERSION, **requested}


def upgraded(text: str) -> dict[str, Any]:
    """A kept request in this version's words."""
    document: dict[str, Any] = json.loads(text)
    version = document.pop("v")
    if version != JSON_VERSION:
        raise DatabaseError(f"A job was written in version {version} by a newer Limner. Upgrade Limner to read it.")
    return document


def encode_notes(notes: Iterable[Note]) -> str | None:
    document = [asdict(note) for note in notes]
    return encode(document) if document else None


def decode_notes(document: Sequence[Mapping[str, str]] | None) -> tuple[Note, ...]:
    return tuple(Note(**note) for note in document or ())


def encode_error(error: JobError | None) -> str | None:
    return None if error is None else encode(asdict(error))


def encode_progress(tick: ProgressTick) -> str:
    return encode([tick.fraction, tick.step, tick.steps, tick.eta_seconds])


def decode_progress(text: str) -> JobProgress:
    fraction, step, steps, eta_seconds = json.loads(text)
    return JobProgress(fraction=fraction, step=step, steps=steps, eta_seconds=eta_seconds)


def decode_job(row: Row, images: tuple[Image, ...], blocked_until: datetime | None = None) -> Job:
    state = JobState(row.state)
    return Job(
        id=JobId(row.id),
        owner=row.owner,
        state=state,
        request=decode_request(row.request),
        requested=upgraded(row.requested),
        reference=row.reference,
        metadata=json.loads(row.metadata),
        priority=row.priority,
        progress=_progress_of(row, state, images),
        attempt=row.attempt,
        max_attempts=row.max_attempts,
        crash_count=row.crash_count,
        lease_losses=row.lease_losses,
        bad_images=row.bad_images,
        ambiguous_calls=row.ambiguous_calls,
        paid_bad_outputs=row.paid_bad_outputs,
        route=tuple(json.loads(row.route)),
        route_index=row.route_index,
        costs=() if row.costs is None else tuple(map(from_millionths, json.loads(row.costs))),
        images=images,
        notes=_notes_of(row),
        error=None if row.error is None else JobError(**json.loads(row.error)),
        event_seq=row.event_seq,
        retry_of=row.retry_of,
        trace=row.trace,
        created_at=to_time(row.created_at),
        not_before=to_time_or_none(row.not_before),
        blocked_until=blocked_until,
        started_at=to_time_or_none(row.started_at),
        finished_at=to_time_or_none(row.finished_at),
        deadline_at=to_time(row.deadline_at),
        expires_at=to_time_or_none(row.expires_at),
        cancel_requested_at=to_time_or_none(row.cancel_requested_at),
    )


def _notes_of(row: Row) -> tuple[Note, ...]:
    return () if row.notes is None else decode_notes(json.loads(row.notes))


def _progress_of(row: Row, state: JobState, images: Sequence[Image]) -> JobProgress:
    last = JobProgress() if row.progress is None else decode_progress(row.progress)
    if state is JobState.SUCCEEDED:
        steps = last.steps or last.step
        return JobProgress(fraction=1.0, step=steps, steps=last.steps, eta_seconds=0.0)
    if row.progress is None and images:
        return JobProgress(fraction=len(images) / row.count)
    return last


def changes_of(row: Row) -> str:
    """What an event keeps of a job's row: only what differs from a new job's."""
    changes = {name: value for name in EVENT_FIELDS if (value := getattr(row, name))}
    for name in ("error", "notes"):
        if name in changes:
            changes[name] = json.loads(changes[name])
    return encode(changes)


EVENT_FIELDS = (
    "state",
    "attempt",
    "ambiguous_calls",
    "paid_bad_outputs",
    "route_index",
    "not_before",
    "started_at",
    "finished_at",
    "expires_at",
    "cancel_requested_at",
    "error",
    "notes",
)
TIMES = ("not_before", "started_at", "finished_at", "expires_at", "cancel_requested_at")
COUNTS = ("attempt", "ambiguous_calls", "paid_bad_outputs", "route_index")


def decode_event(row: Row) -> JobEvent:
    """`changes` are values of Job's fields, complete for what changes in a life: `replace(job, **changes)` retells it."""
    kept = json.loads(row.changes)
    error = kept.get("error")
    changes: dict[str, Any] = {name: to_time_or_none(kept.get(name)) for name in TIMES}
    changes |= {name: kept.get(name, 0) for name in COUNTS}
    changes |= {
        "state": JobState(kept["state"]),
        "error": JobError(**error) if error else None,
        "notes": decode_notes(kept.get("notes")),
    }
    return JobEvent(job_id=row.job_id, seq=row.seq, at=to_time(row.at), changes=changes)


def decode_image(row: Row) -> Image:
    return Image(
        id=ImageId(row.id),
        job_id=row.job_id,
        owner=row.owner,
        ordinal=row.ordinal,
        seed=None if row.seed == NO_SEED else row.seed,
        width=row.width,
        height=row.height,
        format=row.format,
        bytes=row.bytes,
        sha256=row.sha256,
        color=row.color,
        key=row.key,
        seq=row.seq,
        created_at=to_time(row.created_at),
        expires_at=to_time_or_none(row.expires_at),
        deleted_at=to_time_or_none(row.deleted_at),
    )


def decode_input(row: Row) -> Input:
    return Input(
        id=InputId(row.id),
        owner=row.owner,
        width=row.width,
        height=row.height,
        format=row.format,
        bytes=row.bytes,
        sha256=row.sha256,
        key=row.key,
        created_at=to_time(row.created_at),
        expires_at=to_time_or_none(row.expires_at),
    )


def decode_held(row: Row, reference: InputReference) -> HeldInput:
    return HeldInput(
        reference=reference,
        width=row.width,
        height=row.height,
        format=row.format,
        bytes=row.bytes,
        sha256=row.sha256,
        key=row.key,
    )


def decode_call(row: Row) -> Call:
    return Call(
        first_ordinal=row.first_ordinal,
        count=row.count,
        attempt=row.attempt,
        phase=CallPhase(row.phase),
        request_key=row.request_key,
        handle=None if row.handle is None else json.loads(row.handle),
        cost=row.cost,
    )


def decode_key(row: Row) -> ApiKey:
    return ApiKey(
        id=row.id,
        kind=KeyKind(row.kind),
        parent=row.parent,
        user_id=row.user_id,
        digest=row.digest,
        name=row.name,
        scopes=frozenset(Scope(scope) for scope in row.scopes.split()),
        created_at=to_time(row.created_at),
        expires_at=to_time_or_none(row.expires_at),
        revoked_at=to_time_or_none(row.revoked_at),
    )
