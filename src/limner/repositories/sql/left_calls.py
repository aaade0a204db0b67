"""Calls with a handle whose job came to its end in the queue, or in the hands of a worker that died."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, and_, bindparam, select, text, update

from limner.contracts.repository import LeftCall
from limner.repositories.sql.prepared import Prepared, elements
from limner.repositories.sql.rows import decode_call, encode
from limner.repositories.sql.tables import FINISHED, calls, jobs

BATCH = 100


def find_left(connection: Connection, engines: Collection[str], since: int) -> tuple[LeftCall, ...]:
    """A batch of jobs that ended since then."""
    rows = _FIND.rows(connection, since=since, engines=encode(sorted(engines)), batch=BATCH)
    return tuple(LeftCall(job_id=row.job_id, engine=row.engine, call=decode_call(row)) for row in rows)


def take_left(connection: Connection, found: Sequence[LeftCall]) -> tuple[LeftCall, ...]:
    """Those that nobody else took meanwhile."""
    job_ids = sorted({left.job_id for left in found})
    taken = {(row.job_id, row.request_key) for row in _TAKE.rows(connection, ended=encode(job_ids))}
    return tuple(left for left in found if (left.job_id, left.call.request_key) in taken)


def _find() -> Prepared:
    columns = (jobs.c.engine, *calls.c)
    ended = and_(text(FINISHED), jobs.c.finished_at >= bindparam("since"))
    mine = and_(ended, jobs.c.engine.in_(elements("engines", jobs.c.engine)), calls.c.phase == text("'submitted'"))
    found = select(*columns).select_from(jobs.join(calls, calls.c.job_id == jobs.c.id)).where(mine)
    return Prepared(found.order_by(jobs.c.finished_at).limit(bindparam("batch")))


def _take() -> Prepared:
    left = and_(calls.c.job_id.in_(elements("ended", calls.c.job_id)), calls.c.phase == text("'submitted'"))
    taken = update(calls).where(left).values(phase=text("'done'"))
    return Prepared(taken.returning(calls.c.job_id, calls.c.request_key))


_FIND = _find()
_TAKE = _take()
