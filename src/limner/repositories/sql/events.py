"""The log of durable changes."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, func, select

from limner.domain.event import JobChanged, JobEvent
from limner.repositories.sql.prepared import Prepared
from limner.repositories.sql.rows import decode_event
from limner.repositories.sql.tables import events

BEGINNING = 0


def events_after(connection: Connection, job_id: str, seq: int) -> tuple[JobEvent, ...]:
    return tuple(decode_event(row) for row in _OF_JOB.rows(connection, of_job=job_id, after=seq))


def changes_after(
    connection: Connection, position: str | None, owner: str | None, limit: int
) -> tuple[tuple[JobChanged, ...], str]:
    """Changes in commit order, and the position reached."""
    if position is None:
        return (), str(_last(connection))
    after = _known(connection, position)
    rows = (
        _OF_ALL.rows(connection, after=after, at_most=limit)
        if owner is None
        else _OF_OWNER.rows(connection, of_owner=owner, after=after, at_most=limit)
    )
    reached = rows[-1].position if len(rows) == limit else max(after, _last(connection))
    return tuple(JobChanged(job_id=row.job_id, owner=row.owner, seq=row.seq) for row in rows), str(reached)


def _known(connection: Connection, position: str) -> int:
    """A position of another database counts from the beginning."""
    after = int(position) if position.isascii() and position.isdecimal() and len(position) < 19 else BEGINNING
    return after if after <= _last(connection) else BEGINNING


def _last(connection: Connection) -> int:
    """The newest position ever given."""
    row = _LAST.first(connection)
    return BEGINNING if row is None or row.position is None else int(row.position)


_OF_JOB = Prepared(
    select(events)
    .where(events.c.job_id == bindparam("of_job"), events.c.seq > bindparam("after"))
    .order_by(events.c.seq)
)
_TOLD = (events.c.position, events.c.job_id, events.c.owner, events.c.seq)
_OF_ALL = Prepared(
    select(*_TOLD).where(events.c.position > bindparam("after")).order_by(events.c.position).limit(bindparam("at_most"))
)
_OF_OWNER = Prepared(
    select(*_TOLD)
    .where(events.c.owner == bindparam("of_owner"), events.c.position > bindparam("after"))
    .order_by(events.c.position)
    .limit(bindparam("at_most"))
)
_LAST = Prepared(select(func.max(events.c.position).label("position")))
