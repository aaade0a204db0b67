"""What a worker may do with a job while its lease holds. Every statement names the epoch; an older one changes nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, Connection, and_, bindparam, func, select, text, update
from sqlalchemy.dialects.sqlite import insert

from limner.contracts.repository import Renewal
from limner.domain.errors import LeaseLost
from limner.domain.event import ProgressTick
from limner.domain.job import Call, JobId, Lease
from limner.repositories.sql.moment import Moment
from limner.repositories.sql.prepared import Prepared, cell, row_source
from limner.repositories.sql.rows import encode, encode_progress
from limner.repositories.sql.tables import calls, jobs


def renew(connection: Connection, leases: Collection[Lease], seconds: float, moment: Moment) -> Renewal:
    until = moment.after(seconds)
    held = _RENEW.rows(connection, rows=encode([[lease.job_id, lease.epoch] for lease in leases]), until=until)
    renewed = {Lease(job_id=JobId(row.id), epoch=row.lease_epoch) for row in held}
    return Renewal(
        lost=frozenset(leases) - renewed,
        cancelled=frozenset(row.id for row in held if row.cancel_requested_at is not None),
    )


def save_progress(connection: Connection, groups: Sequence[Sequence[ProgressTick]]) -> list[None]:
    latest = {tick.job_id: encode_progress(tick) for ticks in groups for tick in ticks}
    _SAVE_PROGRESS.run(connection, rows=encode([[job_id, progress] for job_id, progress in latest.items()]))
    return [None] * len(groups)


def open_call(connection: Connection, lease: Lease, call: Call, *, fail_if_ambiguous: bool) -> None:
    _write_call(connection, lease, call, phase="submitting", fail_if_ambiguous=int(fail_if_ambiguous))


def hold_handle(connection: Connection, lease: Lease, call: Call) -> None:
    _write_call(connection, lease, call, phase="submitted", fail_if_ambiguous=0)


def _write_call(connection: Connection, lease: Lease, call: Call, *, phase: str, fail_if_ambiguous: int) -> None:
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
    held = and_(jobs.c.id == cell(source, 0), jobs.c.lease_epoch == cell(source, 1), jobs.c.state == text("'running'"))
    renewed = update(jobs).where(held).values(lease_until=bindparam("until"))
    return Prepared(renewed.returning(jobs.c.id, jobs.c.lease_epoch, jobs.c.cancel_requested_at))


def _save_progress() -> Prepared:
    source = row_source()
    running = and_(jobs.c.id == cell(source, 0), jobs.c.state == text("'running'"))
    return Prepared(update(jobs).where(running).values(progress=cell(source, 1)))


def _write_call_statement() -> Prepared:
    names = ("first_ordinal", "attempt", "count", "phase", "request_key", "handle", "cost", "fail_if_ambiguous")
    given = ("from_ordinal", "in_attempt", "pictures", "in_phase", "sent_key", "held_handle", "price", "fail_flag")
    values = select(jobs.c.id, *(bindparam(name) for name in given)).where(leased())
    statement = insert(calls).from_select(["job_id", *names], values)
    new = statement.excluded
    renewed = {name: new[name] for name in ("count", "phase", "request_key", "handle", "fail_if_ambiguous")}
    return Prepared(
        statement.on_conflict_do_update(
            index_elements=["job_id", "first_ordinal", "attempt"],
            set_=renewed | {"cost": func.coalesce(new.cost, calls.c.cost)},
        )
    )


_RENEW = _renew()
_SAVE_PROGRESS = _save_progress()
_WRITE_CALL = _write_call_statement()
