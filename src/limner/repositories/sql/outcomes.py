"""How a try ends: a picture kept, the job over, or back to the queue. Each is one fenced transaction."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Text,
    Update,
    and_,
    bindparam,
    case,
    false,
    func,
    null,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.sqlite import insert

from limner.contracts.repository import NewImage, Requeue
from limner.domain.errors import LeaseLost
from limner.domain.event import JobChanged
from limner.domain.job import JobError, JobState, Lease
from limner.repositories.sql.changes import CHANGED, conclude, lane_of, record
from limner.repositories.sql.lanes import NONE, ONE, return_to_lane
from limner.repositories.sql.leases import leased
from limner.repositories.sql.moment import Moment
from limner.repositories.sql.prepared import Prepared
from limner.repositories.sql.rows import Row, decode_notes, encode_error, encode_notes
from limner.repositories.sql.tables import calls, images, jobs

NOTHING_COUNTED = Requeue()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """A final state and what goes with it."""

    state: JobState
    error: JobError | None = None
    counters: Requeue = NOTHING_COUNTED


def keep_image(connection: Connection, lease: Lease, image: NewImage, moment: Moment) -> JobChanged:
    notes = _notes(connection, lease, image)
    row = _KEEP.first(connection, leased_job=lease.job_id, epoch=lease.epoch, all_notes=notes)
    _insert_image(connection, row, image, moment)
    return record(connection, [row], moment)[0]


def keep_last_image(connection: Connection, lease: Lease, image: NewImage, moment: Moment) -> JobChanged:
    """The job has succeeded with it."""
    notes = _notes(connection, lease, image)
    row = _end(connection, lease, Ending(state=JobState.SUCCEEDED), moment, added=1, notes=notes)
    _insert_image(connection, row, image, moment)
    return conclude(connection, [row], moment, ran=True)[0]


def finish(connection: Connection, lease: Lease, ending: Ending, moment: Moment) -> JobChanged:
    """A cancel that was asked for wins, but not over a job that has all its pictures."""
    row = _end(connection, lease, ending, moment)
    return conclude(connection, [row], moment, ran=True)[0]


def requeue(connection: Connection, lease: Lease, requeue: Requeue, moment: Moment) -> JobChanged:
    """Back to the queue, unless its cancel was asked for: then it is over."""
    before = _BEFORE.first(connection, leased_job=lease.job_id, epoch=lease.epoch)
    if before is None:
        raise LeaseLost
    if before.cancel_requested_at is not None:
        return finish(connection, lease, Ending(state=JobState.CANCELLED, counters=requeue), moment)
    place = before.route_index if requeue.route_index is None else requeue.route_index
    row = _REQUEUE.rows(
        connection,
        leased_job=lease.job_id,
        epoch=lease.epoch,
        delayed_until=_delayed_until(requeue, moment),
        goes_first=int(requeue.urgent),
        given_back=int(requeue.drained),
        place=place,
        next_engine=json.loads(before.route)[place],
        **_counted(requeue),
    )[0]
    close_calls(connection, row.id, keep_handles=requeue.urgent or requeue.drained)
    return_to_lane(connection, (row.owner, before.engine), (row.owner, row.engine), lane_of(row), moment)
    return record(connection, [row], moment)[0]


def cancel(connection: Connection, job_id: str, moment: Moment) -> JobChanged | None:
    """Now, or asked for where a worker has it. None: final, absent or asked for before."""
    if changed := end_queued(connection, job_id, Ending(state=JobState.CANCELLED), moment):
        return changed
    asked = _ASK_CANCEL.rows(connection, of_job=job_id, at=moment.at)
    return record(connection, asked, moment)[0] if asked else None


def end_queued(connection: Connection, job_id: str, ending: Ending, moment: Moment) -> JobChanged | None:
    """None where it is not queued."""
    row = _END_QUEUED.first(connection, of_job=job_id, all_notes=None, **_ended_with(ending, moment))
    return conclude(connection, [row], moment, ran=False)[0] if row else None


def close_calls(connection: Connection, job_id: str, *, keep_handles: bool) -> None:
    """What was counted is not open any more; a handle stays for work that is resumed."""
    _CLOSE_CALLS.run(connection, of_job=job_id, handles_too=int(not keep_handles))


def _ended(outcome: ColumnElement[str], *, all_kept: ColumnElement[bool]) -> dict[str, Any]:
    """The columns of a job that is over."""
    obeyed = and_(jobs.c.cancel_requested_at.is_not(None), or_(outcome != text("'succeeded'"), ~all_kept))
    return {
        "state": case((obeyed, text("'cancelled'")), else_=outcome),
        "error": case((obeyed, null()), else_=bindparam("error_json", type_=Text)),
        "finished_at": bindparam("at"),
        "expires_at": bindparam("expiry"),
        "lease_owner": null(),
        "lease_until": null(),
        "event_seq": jobs.c.event_seq + ONE,
        **_counting(),
    }


def _end(
    connection: Connection,
    lease: Lease,
    ending: Ending,
    moment: Moment,
    *,
    added: int = 0,
    notes: str | None = None,
) -> Row:
    row = _END.first(
        connection,
        leased_job=lease.job_id,
        epoch=lease.epoch,
        added=added,
        all_notes=notes,
        **_ended_with(ending, moment),
    )
    if row is None:
        raise LeaseLost
    return row


def _ended_with(ending: Ending, moment: Moment) -> dict[str, Any]:
    return {
        "outcome": ending.state.value,
        "error_json": encode_error(ending.error),
        "at": moment.at,
        "expiry": moment.expiry,
        **_counted(ending.counters),
    }


def _insert_image(connection: Connection, row: Row | None, image: NewImage, moment: Moment) -> None:
    """An ordinal that is kept already was kept by somebody else."""
    if row is None:
        raise LeaseLost
    facts = {name: getattr(image, name) for name in IMAGE_FACTS}
    inserted = _INSERT_IMAGE.run(
        connection, **facts, job_id=row.id, owner=row.owner, seq=row.event_seq, created_at=moment.at
    )
    if inserted == 0:
        raise LeaseLost
    _CLOSE_KEPT_CALL.run(connection, of_job=row.id, kept_ordinal=image.ordinal)


def _notes(connection: Connection, lease: Lease, image: NewImage) -> str | None:
    """The job's notes with those of the picture; pictures of one prompt mostly say the same. None: no news."""
    if not image.notes:
        return None
    row = _KEPT_NOTES.first(connection, of_job=lease.job_id)
    known = () if row is None or row.notes is None else decode_notes(json.loads(row.notes))
    return encode_notes(dict.fromkeys((*known, *image.notes)))


def _delayed_until(requeue: Requeue, moment: Moment) -> int | None:
    seconds = 0.0 if requeue.delay is None else requeue.delay.total_seconds()
    return moment.after(seconds) if seconds > 0 else None


COUNTERS = {
    "crash_count": "crashes",
    "lease_losses": "lease_losses",
    "bad_images": "bad_images",
    "ambiguous_calls": "ambiguous_calls",
    "paid_bad_outputs": "paid_bad_outputs",
}
IMAGE_FACTS = ("id", "ordinal", "seed", "width", "height", "format", "bytes", "sha256", "color", "key", "cost")


def _counted(requeue: Requeue) -> dict[str, int]:
    return {f"more_{column}": getattr(requeue, name) for column, name in COUNTERS.items()}


def _counting() -> dict[str, ColumnElement[int]]:
    return {column: jobs.c[column] + bindparam(f"more_{column}", type_=Integer) for column in COUNTERS}


def _end_statement() -> Prepared:
    kept = select(func.count()).where(images.c.job_id == jobs.c.id).scalar_subquery()
    all_kept = kept + bindparam("added", type_=Integer) >= jobs.c.count
    return _changing(update(jobs).where(leased()).values(_ended(bindparam("outcome", type_=Text), all_kept=all_kept)))


def _end_queued_statement() -> Prepared:
    queued = and_(jobs.c.id == bindparam("of_job"), jobs.c.state == text("'queued'"))
    return _changing(update(jobs).where(queued).values(_ended(bindparam("outcome", type_=Text), all_kept=false())))


def _ask_cancel() -> Prepared:
    unasked = and_(
        jobs.c.id == bindparam("of_job"), jobs.c.state == text("'running'"), jobs.c.cancel_requested_at.is_(None)
    )
    asked = {"cancel_requested_at": bindparam("at"), "event_seq": jobs.c.event_seq + ONE}
    return Prepared(update(jobs).where(unasked).values(asked).returning(*CHANGED))


def _changing(statement: Update) -> Prepared:
    notes = func.coalesce(bindparam("all_notes", type_=Text), jobs.c.notes)
    return Prepared(statement.values(notes=notes).returning(*CHANGED))


def _requeue_statement() -> Prepared:
    queued = {
        "state": text("'queued'"),
        "not_before": bindparam("delayed_until"),
        "urgent": bindparam("goes_first"),
        "attempt": jobs.c.attempt - bindparam("given_back", type_=Integer),
        "route_index": bindparam("place"),
        "engine": bindparam("next_engine"),
        "progress": null(),
        "lease_owner": null(),
        "lease_until": null(),
        "event_seq": jobs.c.event_seq + ONE,
    }
    return Prepared(update(jobs).where(leased()).values(queued | _counting()).returning(*CHANGED))


def _insert_image_statement() -> Prepared:
    names = (*IMAGE_FACTS, "job_id", "owner", "seq", "created_at")
    statement = insert(images).values({name: bindparam(name) for name in names})
    return Prepared(statement.on_conflict_do_nothing(index_elements=["job_id", "ordinal"]))


def _close_kept_call() -> Prepared:
    """A call is done when all that it was for is kept: until then its handle may still be needed."""
    ordinal: ColumnElement[int] = bindparam("kept_ordinal", type_=Integer)
    beyond = calls.c.first_ordinal + calls.c.count
    kept = select(func.count()).where(
        images.c.job_id == calls.c.job_id, images.c.ordinal >= calls.c.first_ordinal, images.c.ordinal < beyond
    )
    covers = and_(calls.c.first_ordinal <= ordinal, beyond > ordinal)
    mine = and_(calls.c.job_id == bindparam("of_job"), calls.c.phase != text("'done'"), covers)
    return Prepared(update(calls).where(mine, kept.scalar_subquery() >= calls.c.count).values(phase=text("'done'")))


def _close_calls() -> Prepared:
    closing = or_(calls.c.phase != text("'submitted'"), bindparam("handles_too", type_=Integer) > NONE)
    mine = and_(calls.c.job_id == bindparam("of_job"), calls.c.phase != text("'done'"), closing)
    return Prepared(update(calls).where(mine).values(phase=text("'done'")))


_END = _end_statement()
_END_QUEUED = _end_queued_statement()
_ASK_CANCEL = _ask_cancel()
_KEEP = _changing(update(jobs).where(leased()).values(event_seq=jobs.c.event_seq + ONE))
_REQUEUE = _requeue_statement()
_BEFORE = Prepared(select(jobs.c.engine, jobs.c.route, jobs.c.route_index, jobs.c.cancel_requested_at).where(leased()))
_KEPT_NOTES = Prepared(select(jobs.c.notes).where(jobs.c.id == bindparam("of_job")))
_INSERT_IMAGE = _insert_image_statement()
_CLOSE_KEPT_CALL = _close_kept_call()
_CLOSE_CALLS = _close_calls()
