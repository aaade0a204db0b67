"""Calls with a handle whose job came to its end in the queue, or in the hands of a worker that died."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, and_, bindparam, select, text, update

from limner.contracts.repository import LeftCall
from limner.repositories.sql.prepared import Prepared, elements
from limner.repositories.sql.rows import decode_call, encode
from limner.repositories.sql.tables import FINISHED, SUBMITTED, calls, jobs

BATCH = 100


def find_left(connection: Connection, engines: Collection[str]) -> Mapping[str, str]:
    """A batch of jobs that have some, each with its engine."""
    return {row.id: row.engine for row in _FIND.rows(connection, engines=encode(sorted(engines)), batch=BATCH)}


def take_left(connection: Connection, found: Mapping[str, str]) -> tuple[LeftCall, ...]:
    """All calls of these jobs that nobody else took meanwhile."""
    rows = _TAKE.rows(connection, ended=encode(sorted(found)))
    return tuple(LeftCall(job_id=row.job_id, engine=found[row.job_id], call=decode_call(row)) for row in rows)


def _find() -> Prepared:
    """By the few calls that are open, not by all jobs that ever ended."""
    open_ = select(calls.c.job_id).where(text(SUBMITTED)).distinct().subquery()
    mine = and_(text(FINISHED), jobs.c.engine.in_(elements("engines", jobs.c.engine)))
    found = select(jobs.c.id, jobs.c.engine).select_from(open_.join(jobs, jobs.c.id == open_.c.job_id)).where(mine)
    return Prepared(found.limit(bindparam("batch")))


def _take() -> Prepared:
    left = and_(calls.c.job_id.in_(elements("ended", calls.c.job_id)), text(SUBMITTED))
    return Prepared(update(calls).where(left).values(phase=text("'done'")).returning(*calls.c))


_FIND = _find()
_TAKE = _take()
