"""Dropping jobs with all their rows; what is left to do is to let the bytes go."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Connection, and_, bindparam, delete, select, text

from limner.repositories.sql.changes import lane_of
from limner.repositories.sql.holding import held_by_all
from limner.repositories.sql.inputs import delete_inputs_of, drop_left
from limner.repositories.sql.jobs import ids_of
from limner.repositories.sql.lanes import STOPPED, Lane, LaneChange, change_lane
from limner.repositories.sql.moment import Moment
from limner.repositories.sql.prepared import Prepared, cell, row_source
from limner.repositories.sql.rows import encode
from limner.repositories.sql.stored import unnamed
from limner.repositories.sql.tables import UNFINISHED, idempotency, images, jobs
from limner.repositories.sql.usage import forget_owner

BATCH = 500


def delete_job(connection: Connection, job_id: str) -> tuple[str, ...] | None:
    """The storage keys that no row names any more. None: it is not final."""
    row = _FIND.first(connection, wanted=job_id)
    if row is None:
        return ()
    return None if row.finished_at is None else drop_jobs(connection, [job_id])


def delete_some_of(connection: Connection, owner: str, moment: Moment) -> tuple[tuple[str, ...], bool]:
    """A batch of an owner's jobs, whatever their state; the storage keys, and whether there may be more."""
    found = [row.id for row in _OF_OWNER.rows(connection, of_owner=owner, batch=BATCH)]
    _leave_lanes(connection, found, moment)
    keys = drop_jobs(connection, found)
    more = len(found) == BATCH
    if not more:
        _LEFTOVERS.run(connection, of_owner=owner)
        forget_owner(connection, owner)
        keys += delete_inputs_of(connection, owner)
    return keys, more


def _leave_lanes(connection: Connection, job_ids: Sequence[str], moment: Moment) -> None:
    """Claims come between two batches: no lane may count a job that is not there."""
    leaves: defaultdict[Lane, LaneChange] = defaultdict(LaneChange)
    for row in _UNFINISHED.rows(connection, rows=encode([[job_id] for job_id in job_ids])):
        leaves[row.owner, row.engine] += STOPPED if row.state == "running" else -lane_of(row)
    for lane, change in leaves.items():
        change_lane(connection, lane, change, moment)


def drop_jobs(connection: Connection, job_ids: Sequence[str]) -> tuple[str, ...]:
    """Calls, images, inputs, events and outbox go along by their foreign keys."""
    rows = encode([[job_id] for job_id in job_ids])
    held = held_by_all(connection, job_ids)
    keys = [row.key for row in (*_KEYS.rows(connection, rows=rows), *held)]
    _DROP_KEYS.run(connection, rows=rows)
    _DROP.run(connection, rows=rows)
    drop_left(connection, {row.source_id for row in held})
    return unnamed(connection, keys)


def _keys() -> Prepared:
    source = row_source()
    return Prepared(select(images.c.key).select_from(source.join(images, images.c.job_id == cell(source, 0))))


def _unfinished() -> Prepared:
    source = row_source()
    columns = (jobs.c.owner, jobs.c.engine, jobs.c.state, jobs.c.not_before, jobs.c.urgent)
    found = select(*columns).select_from(source.join(jobs, jobs.c.id == cell(source, 0)))
    return Prepared(found.where(text(f"limner_jobs.{UNFINISHED}")))


def _drop() -> Prepared:
    source = row_source()
    return Prepared(delete(jobs).where(jobs.c.id.in_(select(cell(source, 0)).select_from(source))))


def _drop_keys() -> Prepared:
    """By owner first: that is how idempotency keys are found."""
    source = row_source()
    named = cell(source, 0)
    owners = select(jobs.c.owner).select_from(source.join(jobs, jobs.c.id == named))
    mine = and_(idempotency.c.owner.in_(owners), idempotency.c.job_id.in_(select(named).select_from(source)))
    return Prepared(delete(idempotency).where(mine))


_ALL = ids_of(bindparam("of_owner")).subquery()
_FIND = Prepared(select(jobs.c.finished_at).where(jobs.c.id == bindparam("wanted")))
_OF_OWNER = Prepared(select(_ALL.c.id).limit(bindparam("batch")))
_KEYS = _keys()
_DROP = _drop()
_DROP_KEYS = _drop_keys()
_UNFINISHED = _unfinished()
_LEFTOVERS = Prepared(delete(idempotency).where(idempotency.c.owner == bindparam("of_owner")))
