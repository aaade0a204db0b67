"""The log of durable changes."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, column, select, table, text

from limner.domain.event import JobChanged, JobEvent
from limner.repositories.sql.jobs import ids_of
from limner.repositories.sql.prepared import Prepared
from limner.repositories.sql.rows import decode_event
from limner.repositories.sql.tables import events

BEGINNING = 0
SCANNED = 20_000
"""Events up to which an owner's are picked out of everybody's; beyond it his jobs are asked for theirs. An index by
owner would serve this alone, and cost every submit as much as the job itself.
"""


def events_after(connection: Connection, job_id: str, seq: int) -> tuple[JobEvent, ...]:
    return tuple(decode_event(row) for row in _OF_JOB.rows(connection, of_job=job_id, after=seq))


def changes_after(
    connection: Connection, position: str | None, owner: str | None, limit: int
) -> tuple[tuple[JobChanged, ...], str]:
    """Changes in commit order, and the position reached."""
    if position is None:
        return (), str(_last(connection))
    last = _last(connection)
    after = _known(position, last)
    found = {"after": after, "at_most": limit}
    if owner is None:
        rows = _OF_ALL.rows(connection, **found)
    elif last - after <= SCANNED:
        rows = _OF_OWNER.rows(connection, **found, of_owner=owner)
    else:
        rows = _OF_OWNERS_JOBS.rows(connection, **found, of_owner=owner)
    reached = rows[-1].position if len(rows) == limit else max(after, last)
    return tuple(JobChanged(job_id=row.job_id, owner=row.owner, seq=row.seq) for row in rows), str(reached)


def _known(position: str, last: int) -> int:
    """A position of another database counts from the beginning."""
    after = int(position) if position.isascii() and position.isdecimal() and len(position) < 19 else BEGINNING
    return after if after <= last else BEGINNING


def _last(connection: Connection) -> int:
    """The newest position ever given, also when its job is gone: the newest that is left would make a position that a
    watcher holds look foreign.
    """
    row = _LAST.first(connection)
    return BEGINNING if row is None else int(row.seq)


_OF_JOB = Prepared(
    select(events)
    .where(events.c.job_id == bindparam("of_job"), events.c.seq > bindparam("after"))
    .order_by(events.c.seq)
)
_AFTER = (
    select(events.c.position, events.c.job_id, events.c.owner, events.c.seq)
    .where(events.c.position > bindparam("after"))
    .order_by(events.c.position)
    .limit(bindparam("at_most"))
)
_OF_ALL = Prepared(_AFTER)
_OF_OWNER = Prepared(_AFTER.where(events.c.owner == bindparam("of_owner")))
_OF_OWNERS_JOBS = Prepared(_AFTER.where(events.c.job_id.in_(ids_of(bindparam("of_owner")))))
_COUNTERS = table("sqlite_sequence", column("name"), column("seq"))
_LAST = Prepared(select(_COUNTERS.c.seq).where(_COUNTERS.c.name == text(f"'{events.name}'")))
