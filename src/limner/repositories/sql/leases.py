"""What a worker may do with a job while its lease holds. Every statement names the epoch; an older one changes nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from limner.contracts.repository import Renewal
from limner.domain.errors import LeaseLost
from limner.domain.event import ProgressTick
from limner.domain.job import Call, JobId, Lease
from limner.repositories.sql.charging import charge
from limner.repositories.sql.moment import Moment
from limner.repositories.sql.prepared import Prepared, cell, row_source
from limner.repositories.sql.rows import encode, encode_progress
from limner.repositories.sql.tables import calls, jobs


def renew(connection: Connection, leases: Collection[Lease], seconds: float, moment: Moment) -> Renewal:
    """Rows are asked for in one order, here and in `save_progress`; a collision is tried again."""
    until, asked = moment.after(seconds), sorted([lease.job_id, lease.epoch] for lease in leases)
    held = _RENEW.rows(connection, rows=encode(asked), until=until)
    renewed = {Lease(job_id=JobId(row.id), epoch=row.lease_epoch) for row in held}
    return Renewal(
        lost=frozenset(leases) - renewed,
        cancelled=frozenset(row.id for row in held if row.cancel_requested_at is not None),
    )


def save_progress(connection: Connection, groups: Sequence[Sequence[ProgressTick]]) -> list[None]:
    latest = {tick.job_id: encode_progress(tick) for ticks in groups for tick in ticks}
    _SAVE_PROGRESS.run(connection, rows=encode(sorted(latest.items())))
    return [None] * len(groups)


def open_call(connection: Connection, lease: Lease, call: Call, moment: Moment, *, fail_if_ambiguous: bool) -> None:
    """The same call again, after an outage, costs no more."""
    job = _LEASED.first(connection, leased_job=lease.job_id, epoch=lease.epoch)
    if job is None:
        raise LeaseLost
    if not _is_open(connection, lease, call):
        charge(connection, job, call, moment)
    flag = int(fail_if_ambiguous)
    _write_call(connection, lease, call, phase="submitting", fail_if_ambiguous=flag, charged_on=moment.day)


def hold_handle(connection: Connection, lease: Lease, call: Call) -> None:
    _write_call(connection, lease, call, phase="submitted", fail_if_ambiguous=0)


def _is_open(connection: Connection, lease: Lease, call: Call) -> bool:
    known = _CALL.first(connection, of_job=lease.job_id, from_ordinal=call.first_ordinal, in_attempt=call.attempt)
    return known is not None and known.phase == "submitting"


def _write_call(
    connection: Connection,
    lease: Lease,
    call: Call,
    *,
    phase: str,
    fail_if_ambiguous: int,
    charged_on: str | None = None,
) -> None:
    written = _WRITE_CALL.run(
        connection,
        leased_job=lease.job_id,
        epoch=lease.epoch,
        from_ordinal=call.first_ordinal,
        in_attempt=call.attempt,
        pictures=call.count,
        in_phase=phase,
        sent_key=call.request_key,
        held_handle=None if call.handle is None else encode(call.handle),
        price=call.cost,
        fail_flag=fail_if_ambiguous,
        on_day=charged_on,
    )
    if written == 0:
        raise LeaseLost


def leased() -> ColumnElement[bool]:
    """The fence."""
    return and_(
        jobs.c.id == bindparam("leased_job"),
        jobs.c.lease_epoch == bindparam("epoch"),
        jobs.c.state == text("'running'"),
    )


def _renew() -> Prepared:
    source = row_source()
    epoch = cell(source, 1, jobs.c.lease_epoch)
    held = and_(jobs.c.id == cell(source, 0), jobs.c.lease_epoch == epoch, jobs.c.state == text("'running'"))
    renewed = update(jobs).where(held).values(lease_until=bindparam("until"))
    return Prepared(renewed.returning(jobs.c.id, jobs.c.lease_epoch, jobs.c.cancel_requested_at))


def _save_progress() -> Prepared:
    source = row_source()
    running = and_(jobs.c.id == cell(source, 0), jobs.c.state == text("'running'"))
    return Prepared(update(jobs).where(running).values(progress=cell(source, 1)))


def _write_call_statement() -> Prepared:
    given = {
        "first_ordinal": "from_ordinal",
        "attempt": "in_attempt",
        "count": "pictures",
        "phase": "in_phase",
        "request_key": "sent_key",
        "handle": "held_handle",
        "fail_if_ambiguous": "fail_flag",
        "cost": "price",
        "charged_on": "on_day",
    }
    binds = [bindparam(name, type_=calls.c[column].type) for column, name in given.items()]
    values = select(jobs.c.id, *binds).where(leased())
    statement = insert(calls).from_select(["job_id", *given], values)
    new = statement.excluded
    renewed: dict[str, Any] = {
        name: new[name] for name in ("count", "phase", "request_key", "handle", "fail_if_ambiguous")
    }
    renewed |= {name: func.coalesce(new[name], calls.c[name]) for name in ("cost", "charged_on")}
    return Prepared(
        statement.on_conflict_do_update(index_elements=["job_id", "first_ordinal", "attempt"], set_=renewed)
    )


def _call() -> Prepared:
    mine = and_(calls.c.job_id == bindparam("of_job"), calls.c.first_ordinal == bindparam("from_ordinal"))
    return Prepared(select(calls.c.phase).where(mine, calls.c.attempt == bindparam("in_attempt")))


_RENEW = _renew()
_SAVE_PROGRESS = _save_progress()
_LEASED = Prepared(select(jobs.c.id, jobs.c.owner, jobs.c.engine).where(leased()))
_CALL = _call()
_WRITE_CALL = _write_call_statement()
