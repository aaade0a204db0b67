"""What goes with every durable change of a job, in its transaction: the event, and at the end lane and outbox."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from sqlalchemy import BigInteger, Connection, bindparam, insert, select, update

from limner.domain.event import JobChanged
from limner.domain.job import JobState
from limner.repositories.sql.lanes import NONE, STOPPED, Lane, LaneChange, change_lane, waiting_job
from limner.repositories.sql.moment import Moment
from limner.repositories.sql.prepared import Prepared, cell, cells, row_source
from limner.repositories.sql.rows import EVENT_FIELDS, Row, changes_of, encode
from limner.repositories.sql.tables import events, images, jobs, outbox

CHANGED = (jobs.c.id, jobs.c.owner, jobs.c.engine, jobs.c.urgent, jobs.c.event_seq, *(jobs.c[n] for n in EVENT_FIELDS))
"""What statements that change a job return."""


def record(
    connection: Connection, rows: Sequence[Row], moment: Moment, *, over: Collection[Row] = ()
) -> tuple[JobChanged, ...]:
    """Writes one event a row, as the row is now; those of `over` came to their end with this."""
    told = [[row.id, row.owner, row.event_seq, moment.at, changes_of(row)] for row in rows]
    if told:
        _RECORD.run(connection, rows=encode(told))
    ended = {row.id: JobState(row.state) for row in over}
    return tuple(JobChanged(job_id=row.id, owner=row.owner, seq=row.event_seq, ended=ended.get(row.id)) for row in rows)


def conclude(connection: Connection, rows: Sequence[Row], moment: Moment, *, ran: bool) -> tuple[JobChanged, ...]:
    """What goes with reaching a final state."""
    leave(connection, rows, moment, ran=ran)
    return record(connection, rows, moment, over=rows)


def leave(connection: Connection, rows: Sequence[Row], moment: Moment, *, ran: bool) -> None:
    """Jobs that are over leave their lanes, and whoever waits for their end will be told."""
    leaves: defaultdict[Lane, LaneChange] = defaultdict(LaneChange)
    for row in rows:
        leaves[row.owner, row.engine] += STOPPED if ran else -lane_of(row)
        if row.expires_at is not None:
            _DATE_IMAGES.run(connection, of_job=row.id, expiry=row.expires_at)
    for lane, change in leaves.items():
        change_lane(connection, lane, change, moment)
    if rows:
        _ANNOUNCE.run(connection, rows=encode([[row.id] for row in rows]), at=moment.at)


def lane_of(row: Row) -> LaneChange:
    """What a job that is or was queued is in its lane."""
    return waiting_job(ready=row.not_before is None, urgent=bool(row.urgent))


def _record() -> Prepared:
    source = row_source()
    names = ("job_id", "owner", "seq", "at", "changes")
    return Prepared(insert(events).from_select(names, select(*cells(source, events, names)).select_from(source)))


def _announce() -> Prepared:
    source = row_source()
    due = select(cell(source, 0), NONE, bindparam("at", type_=BigInteger)).select_from(source)
    return Prepared(insert(outbox).from_select(["job_id", "tries", "due_at"], due))


_RECORD = _record()
_ANNOUNCE = _announce()
_DATE_IMAGES = Prepared(
    update(images).where(images.c.job_id == bindparam("of_job")).values(expires_at=bindparam("expiry"))
)
