"""The log of durable changes."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, select

from limner.domain.event import JobChanged, JobEvent
from limner.repositories.sql.jobs import ids_of
from limner.repositories.sql.moment import Moment
from limner.repositories.sql.positions import (
    BEGINNING,
    SCANNED,
    Position,
    last_position,
    old_position,
    parsed,
    settled_position,
)
from limner.repositories.sql.prepared import Prepared, elements
from limner.repositories.sql.rows import decode_event, encode
from limner.repositories.sql.tables import events


def events_after(connection: Connection, job_id: str, seq: int) -> tuple[JobEvent, ...]:
    return tuple(decode_event(row) for row in _OF_JOB.rows(connection, of_job=job_id, after=seq))


def changes_after(
    connection: Connection, position: str | None, owner: str | None, limit: int, moment: Moment
) -> tuple[tuple[JobChanged, ...], str]:
    """Changes in their order, and the position reached."""
    last = last_position(connection)
    known = None if position is None else parsed(position, last)
    settled = settled_position(connection, last, moment, known)
    if position is None:
        return (), str(_now(connection, settled, owner=owner))
    before = known or _instead_of_foreign(connection, moment, owner=owner)
    found = {"after": before.at, "at_most": limit}
    if owner is None:
        rows = _OF_ALL.rows(connection, **found)
    elif (
        last - before.at <= SCANNED
    ):  # an index by owner would serve this alone, and cost every submit as much as a job
        rows = _OF_OWNER.rows(connection, **found, of_owner=owner)
    else:
        rows = _OF_OWNERS_JOBS.rows(connection, **found, of_owner=owner)
    full = len(rows) == limit
    if owner is None and before.missing:
        rows = _LATE.rows(connection, missing=encode(before.missing)) + rows
    reached = _reached(before, [row.position for row in rows], settled, owner=owner, full=full)
    return tuple(JobChanged(job_id=row.job_id, owner=row.owner, seq=row.seq) for row in rows), str(reached)


def _instead_of_foreign(connection: Connection, moment: Moment, *, owner: str | None) -> Position:
    """A server that took over from another may have lost the newest positions: who follows everybody is told again what
    may be new, not all that was ever kept.
    """
    return Position(BEGINNING if owner is not None else old_position(connection, moment))


def _now(connection: Connection, settled: int, *, owner: str | None) -> Position:
    """An owner's watcher may be told again what is not settled; who follows everybody is told what is still to come."""
    if owner is not None:
        return Position(settled)
    seen = [row.position for row in _SINCE.rows(connection, after=settled)]
    return Position(settled).after(seen, settled)


def _reached(before: Position, seen: Sequence[int], settled: int, *, owner: str | None, full: bool) -> Position:
    """What lies behind a full page was not looked at; others' changes are not missed by one owner's watcher."""
    if full:
        settled = min(settled, seen[-1])
    if owner is None:
        return before.after(seen, settled)
    return Position(max((before.at, settled, *seen[-1:])))


_OF_JOB = Prepared(
    select(events)
    .where(events.c.job_id == bindparam("of_job"), events.c.seq > bindparam("after"))
    .order_by(events.c.seq)
)
_CHANGES = select(events.c.position, events.c.job_id, events.c.owner, events.c.seq)
_AFTER = _CHANGES.where(events.c.position > bindparam("after")).order_by(events.c.position).limit(bindparam("at_most"))
_OF_ALL = Prepared(_AFTER)
_SINCE = Prepared(select(events.c.position).where(events.c.position > bindparam("after")).order_by(events.c.position))
_LATE = Prepared(
    _CHANGES.where(events.c.position.in_(elements("missing", events.c.position))).order_by(events.c.position)
)
_OF_OWNER = Prepared(_AFTER.where(events.c.owner == bindparam("of_owner")))
_OF_OWNERS_JOBS = Prepared(_AFTER.where(events.c.job_id.in_(ids_of(bindparam("of_owner")))))
