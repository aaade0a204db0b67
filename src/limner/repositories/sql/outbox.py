"""Ended jobs that on_finished hooks have still to hear of."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, delete, select, update

from limner.contracts.repository import OutboxEntry
from limner.repositories.sql.lanes import ONE
from limner.repositories.sql.moment import Moment
from limner.repositories.sql.prepared import Prepared, cell, row_source
from limner.repositories.sql.rows import encode
from limner.repositories.sql.tables import outbox


def outbox_due(connection: Connection, limit: int, hold: float, moment: Moment) -> tuple[OutboxEntry, ...]:
    """`tries` counts those before this one."""
    rows = _TAKE_DUE.rows(connection, at=moment.at, held_until=moment.after(hold), at_most=limit)
    return tuple(OutboxEntry(job_id=row.job_id, tries=row.tries - 1) for row in rows)


def outbox_done(connection: Connection, job_ids: Sequence[str]) -> list[None]:
    _DROP.run(connection, rows=encode([[job_id] for job_id in job_ids]))
    return [None] * len(job_ids)


def outbox_failed(connection: Connection, job_id: str, delay: float, moment: Moment) -> None:
    _DELAY.run(connection, of_job=job_id, next_at=moment.after(delay))


def _take_due() -> Prepared:
    due = select(outbox.c.job_id).where(outbox.c.due_at <= bindparam("at")).order_by(outbox.c.due_at)
    unheld = due.limit(bindparam("at_most")).with_for_update(skip_locked=True)
    taken = update(outbox).where(outbox.c.job_id.in_(unheld))
    held = taken.values(due_at=bindparam("held_until"), tries=outbox.c.tries + ONE)
    return Prepared(held.returning(outbox.c.job_id, outbox.c.tries))


def _drop() -> Prepared:
    source = row_source()
    return Prepared(delete(outbox).where(outbox.c.job_id.in_(select(cell(source, 0)).select_from(source))))


_TAKE_DUE = _take_due()
_DROP = _drop()
_DELAY = Prepared(update(outbox).where(outbox.c.job_id == bindparam("of_job")).values(due_at=bindparam("next_at")))
