"""Dropping jobs with all their rows; what is left to do is to let the bytes go."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, and_, bindparam, delete, select

from limner.repositories.sql.jobs import ids_of
from limner.repositories.sql.prepared import Prepared, cell, row_source
from limner.repositories.sql.rows import encode
from limner.repositories.sql.tables import idempotency, images, jobs, lanes

BATCH = 500


def delete_job(connection: Connection, job_id: str) -> tuple[str, ...] | None:
    """The storage keys that no row names any more. None: it is not final."""
    row = _FIND.first(connection, wanted=job_id)
    if row is None:
        return ()
    return None if row.finished_at is None else drop_jobs(connection, [job_id])


def delete_some_of(connection: Connection, owner: str) -> tuple[tuple[str, ...], bool]:
    """A batch of an owner's jobs, whatever their state; the storage keys, and whether there may be more."""
    found = [row.id for row in _OF_OWNER.rows(connection, of_owner=owner, batch=BATCH)]
    keys = drop_jobs(connection, found)
    more = len(found) == BATCH
    if not more:
        for statement in _LEFTOVERS:
            statement.run(connection, of_owner=owner)
    return keys, more


def drop_jobs(connection: Connection, job_ids: Sequence[str]) -> tuple[str, ...]:
    """Calls, images, events and outbox go along by their foreign keys."""
    rows = encode([[job_id] for job_id in job_ids])
    keys = tuple(row.key for row in _KEYS.rows(connection, rows=rows))
    _DROP_KEYS.run(connection, rows=rows)
    _DROP.run(connection, rows=rows)
    return keys


def _keys() -> Prepared:
    source = row_source()
    return Prepared(select(images.c.key).select_from(source.join(images, images.c.job_id == cell(source, 0))))


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
_LEFTOVERS = tuple(
    Prepared(delete(table).where(table.c.owner == bindparam("of_owner"))) for table in (lanes, idempotency)
)
