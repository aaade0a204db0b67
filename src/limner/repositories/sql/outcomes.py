"""How a try ends: the job over, or back to the queue. Each is one fenced transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    ScalarSelect,
    Text,
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

from limner.contracts.repository import NOTHING_COUNTED, Requeue
from limner.domain.errors import LeaseLost
from limner.domain.event import JobChanged
from limner.domain.job import JobError, JobState, Lease
from limner.repositories.sql.changes import CHANGED, conclude, lane_of, record
from limner.repositories.sql.charging import settle_calls
from limner.repositories.sql.lanes import NONE, ONE, return_to_lane
from limner.repositories.sql.leases import leased
from limner.repositories.sql.moment import Moment
from limner.repositories.sql.passing_on import PLACE, going_on, onward_with
from limner.repositories.sql.prepared import Prepared, elements
from limner.repositories.sql.rows import encode, encode_error
from limner.repositories.sql.tables import calls, images, jobs


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """A final state and what goes with it."""

    state: JobState
    error: JobError | None = None
    counters: Requeue = NOTHING_COUNTED


def finish(connection: Connection, lease: Lease, ending: Ending, moment: Moment) -> JobChanged:
    """A cancel that was asked for wins, but not over a job that has all its pictures."""
    row = _END.first(connection, leased_job=lease.job_id, epoch=lease.epoch, **ended_with(ending, moment))
    if row is None:
        raise LeaseLost
    settle_calls(connection, row, ending.counters, moment)
    return conclude(connection, [row], moment, ran=True)[0]


def requeue(connection: Connection, lease: Lease, requeue: Requeue, moment: Moment) -> JobChanged:
    """Back to the queue, unless its cancel was asked for: then it is over."""
    before = _BEFORE.first(connection, leased_job=lease.job_id, epoch=lease.epoch)
    if before is None:
        raise LeaseLost
    if before.cancel_requested_at is not None:
        return finish(connection, lease, Ending(state=JobState.CANCELLED, counters=requeue), moment)
    settle_calls(connection, before, requeue, moment)
    row = (_REQUEUE_ONWARD if requeue.onward else _REQUEUE).rows(
        connection,
        leased_job=lease.job_id,
        epoch=lease.epoch,
        delayed_until=_delayed_until(requeue, moment),
        goes_first=int(requeue.urgent),
        given_back=int(requeue.uncounted),
        **_counted(requeue),
        **(onward_with(before, requeue.onward) if requeue.onward else {}),
    )[0]
    close_calls(connection, row.id, requeue)
    return_to_lane(connection, (before.owner, before.engine), (row.owner, row.engine), lane_of(row), moment)
    return record(connection, [row], moment)[0]


def close_if_over(connection: Connection, changed: JobChanged) -> JobChanged:
    """The worker that had the job calls off what is open, and nobody else shall."""
    if changed.ended is not None:
        close_calls(connection, changed.job_id, NOTHING_COUNTED)
    return changed


def cancel(connection: Connection, job_id: str, moment: Moment) -> JobChanged | None:
    """Now, or asked for where a worker has it. None: final, absent or asked for before."""
    if changed := end_queued(connection, job_id, Ending(state=JobState.CANCELLED), moment):
        return changed
    asked = _ASK_CANCEL.rows(connection, of_job=job_id, at=moment.at)
    return record(connection, asked, moment)[0] if asked else None


def end_queued(connection: Connection, job_id: str, ending: Ending, moment: Moment) -> JobChanged | None:
    """None where it is not queued."""
    row = _END_QUEUED.first(connection, of_job=job_id, **ended_with(ending, moment))
    return conclude(connection, [row], moment, ran=False)[0] if row else None


def close_calls(connection: Connection, job_id: str, requeue: Requeue) -> None:
    """What was counted is not open any more; a handle stays for work that is resumed, unless it is spent."""
    keep_handles = requeue.urgent or requeue.uncounted
    _CLOSE_CALLS.run(connection, of_job=job_id, handles_too=int(not keep_handles), spent=encode(requeue.spent))


def ended(*, all_kept: ColumnElement[bool]) -> dict[str, Any]:
    """The columns of a job that is over; `all_kept`: a cancel comes too late."""
    outcome: ColumnElement[str] = bindparam("outcome", type_=Text)
    obeyed = and_(jobs.c.cancel_requested_at.is_not(None), or_(outcome != text("'succeeded'"), ~all_kept))
    return {
        "state": case((obeyed, text("'cancelled'")), else_=outcome),
        "error": case((obeyed, null()), else_=bindparam("error_json", type_=Text)),
        "finished_at": bindparam("at"),
        "expires_at": bindparam("expiry"),
        "lease_owner": null(),
        "lease_until": null(),
        "expected_cost": null(),
        "event_seq": jobs.c.event_seq + ONE,
        **_counting(),
    }


def ended_with(ending: Ending, moment: Moment) -> dict[str, Any]:
    """Parameters for `ending`."""
    return {
        "outcome": ending.state.value,
        "error_json": encode_error(ending.error),
        "at": moment.at,
        "expiry": moment.expiry,
        **_counted(ending.counters),
    }


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


def _counted(requeue: Requeue) -> dict[str, int]:
    return {f"more_{column}": getattr(requeue, name) for column, name in COUNTERS.items()}


def _counting() -> dict[str, ColumnElement[int]]:
    return {column: jobs.c[column] + bindparam(f"more_{column}", type_=Integer) for column in COUNTERS}


def pictures_kept() -> ScalarSelect[int]:
    """How many a job has."""
    return select(func.count()).where(images.c.job_id == jobs.c.id).scalar_subquery()


def _end() -> Prepared:
    all_kept = pictures_kept() >= jobs.c.count
    return Prepared(update(jobs).where(leased()).values(ended(all_kept=all_kept)).returning(*CHANGED))


def _end_queued() -> Prepared:
    queued = and_(jobs.c.id == bindparam("of_job"), jobs.c.state == text("'queued'"))
    return Prepared(update(jobs).where(queued).values(ended(all_kept=false())).returning(*CHANGED))


def _ask_cancel() -> Prepared:
    unasked = and_(
        jobs.c.id == bindparam("of_job"), jobs.c.state == text("'running'"), jobs.c.cancel_requested_at.is_(None)
    )
    asked = {"cancel_requested_at": bindparam("at"), "event_seq": jobs.c.event_seq + ONE}
    return Prepared(update(jobs).where(unasked).values(asked).returning(*CHANGED))


def _requeue_statement(*, onward: bool) -> Prepared:
    queued = {
        "state": text("'queued'"),
        "not_before": bindparam("delayed_until"),
        "urgent": bindparam("goes_first"),
        "attempt": jobs.c.attempt - bindparam("given_back", type_=Integer),
        "progress": null(),
        "lease_owner": null(),
        "lease_until": null(),
        "event_seq": jobs.c.event_seq + ONE,
    }
    changed = queued | _counting() | (going_on() if onward else {})
    return Prepared(update(jobs).where(leased()).values(changed).returning(*CHANGED))


def _close_calls() -> Prepared:
    useless = or_(
        bindparam("handles_too", type_=Integer) > NONE,
        calls.c.first_ordinal.in_(elements("spent", calls.c.first_ordinal)),
    )
    closing = or_(calls.c.phase != text("'submitted'"), useless)
    mine = and_(calls.c.job_id == bindparam("of_job"), calls.c.phase != text("'done'"), closing)
    return Prepared(update(calls).where(mine).values(phase=text("'done'")))


_END = _end()
_END_QUEUED = _end_queued()
_ASK_CANCEL = _ask_cancel()
_REQUEUE = _requeue_statement(onward=False)
_REQUEUE_ONWARD = _requeue_statement(onward=True)
_BEFORE = Prepared(select(jobs.c.id, jobs.c.owner, jobs.c.engine, jobs.c.cancel_requested_at, *PLACE).where(leased()))
_CLOSE_CALLS = _close_calls()
