"""Mending what processes that died, slept or were cut off left behind. Each part works through a bounded batch."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from sqlalchemy import Connection, and_, bindparam, func, or_, select, text, update

from limner.contracts.repository import Requeue, SweepReport
from limner.domain.errors import EngineCrashed, UnknownOutcome
from limner.domain.event import JobChanged
from limner.domain.job import Call, CallPhase, JobError, JobId, JobState, Lease
from limner.domain.policy import Policy
from limner.repositories.sql.claiming import open_calls
from limner.repositories.sql.lanes import Lane, LaneChange, join_lanes, unblock
from limner.repositories.sql.moment import Moment
from limner.repositories.sql.outcomes import Ending, end_queued, finish, requeue
from limner.repositories.sql.prepared import Prepared, elements
from limner.repositories.sql.rows import Row, encode
from limner.repositories.sql.tables import DELAYED, RUNNING, UNFINISHED, calls, jobs

BATCH = 200

DEADLINE_EXCEEDED = JobError(
    code="deadline_exceeded", title="Out of time", detail="It was not finished by its deadline.", retryable=True
)
CHARGE_UNKNOWN = JobError(
    code=UnknownOutcome.code,
    title=UnknownOutcome.title,
    detail="The worker stopped during a call to the service; it may have been charged.",
    retryable=True,
)


@dataclass(slots=True)
class Swept:
    """What a part did; `more` says that its batch was full."""

    changes: list[JobChanged] = field(default_factory=list)
    engines: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    more: bool = False

    def add(self, other: Swept) -> None:
        self.changes += other.changes
        self.engines |= other.engines
        self.counts += other.counts
        self.more = self.more or other.more

    def report(self) -> SweepReport:
        return SweepReport(changes=tuple(self.changes), engines=frozenset(self.engines), counts=dict(self.counts))


def sweep(connection: Connection, policy: Policy, dead: Collection[str], moment: Moment, *, expired_too: bool) -> Swept:
    """One batch of each kind."""
    unblock(connection, policy.running_per_owner)
    swept = Swept()
    swept.add(free_lost(connection, policy, dead, moment, expired_too=expired_too))
    swept.add(promote_due(connection, moment))
    swept.add(end_late(connection, moment))
    return swept


def dead_workers(connection: Connection, is_dead: Callable[[str], bool]) -> tuple[str, ...]:
    """Those of the lease holders that are surely gone."""
    return tuple(row.lease_owner for row in _HOLDERS.rows(connection) if is_dead(row.lease_owner))


def free_lost(
    connection: Connection, policy: Policy, dead: Collection[str], moment: Moment, *, expired_too: bool
) -> Swept:
    """Jobs of dead workers, and those whose lease ran out."""
    expired_before = moment.at if expired_too else -1
    rows = _LOST.rows(connection, expired_before=expired_before, dead=encode(list(dead)), batch=BATCH)
    open_ = open_calls(connection, [row.id for row in rows])
    swept = Swept(more=len(rows) == BATCH)
    for row in rows:
        lease = Lease(job_id=JobId(row.id), epoch=row.lease_epoch)
        verdict = _verdict(row, open_.get(row.id, ()), policy, moment)
        swept.counts["lease_lost"] += 1
        if isinstance(verdict, Ending):
            swept.changes.append(finish(connection, lease, verdict, moment))
        else:
            swept.changes.append(requeue(connection, lease, verdict, moment))
            swept.engines.add(row.engine)
    return swept


def promote_due(connection: Connection, moment: Moment) -> Swept:
    """Delayed jobs whose time has come."""
    rows = _PROMOTE.rows(connection, due=moment.at, batch=BATCH)
    joins: defaultdict[Lane, LaneChange] = defaultdict(LaneChange)
    for row in rows:
        joins[row.owner, row.engine] += LaneChange(queued=1, urgent=row.urgent)
    if joins:
        join_lanes(connection, joins, moment)
    counts = Counter(due=len(rows))
    return Swept(engines={row.engine for row in rows}, counts=counts, more=len(rows) == BATCH)


def end_late(connection: Connection, moment: Moment) -> Swept:
    """Queued jobs whose deadline has passed; those that run are ended by their worker, or when their lease is lost."""
    rows = _LATE.rows(connection, late=moment.at, batch=BATCH)
    ending = Ending(state=JobState.FAILED, error=DEADLINE_EXCEEDED)
    ended = [end_queued(connection, row.id, ending, moment) for row in rows]
    changes = [changed for changed in ended if changed]
    return Swept(changes=changes, counts=Counter(deadline=len(changes)), more=len(rows) == BATCH)


def _verdict(row: Row, open_: Collection[Call], policy: Policy, moment: Moment) -> Ending | Requeue:
    unknown = sum(call.phase is CallPhase.SUBMITTING for call in open_)
    held = any(call.phase is CallPhase.SUBMITTED for call in open_)
    lost = Requeue(lease_losses=1, ambiguous_calls=unknown, urgent=held)
    if unknown and row.fail_if_ambiguous:
        return Ending(state=JobState.FAILED, error=CHARGE_UNKNOWN, counters=lost)
    if row.deadline_at <= moment.at:
        return Ending(state=JobState.FAILED, error=DEADLINE_EXCEEDED, counters=lost)
    if row.lease_losses + 1 >= policy.max_lease_losses:
        return Ending(state=JobState.FAILED, error=_gave_up(row.lease_losses + 1), counters=lost)
    return lost


def _gave_up(losses: int) -> JobError:
    detail = f"Its worker was lost {losses} times while it was painted."
    return JobError(code=EngineCrashed.code, title=EngineCrashed.title, detail=detail, retryable=True)


def _lost() -> Prepared:
    lost = or_(jobs.c.lease_until <= bindparam("expired_before"), jobs.c.lease_owner.in_(elements("dead")))
    fail = select(func.max(calls.c.fail_if_ambiguous)).where(
        calls.c.job_id == jobs.c.id, calls.c.phase == text("'submitting'")
    )
    columns = (jobs.c.id, jobs.c.engine, jobs.c.lease_epoch, jobs.c.lease_losses, jobs.c.deadline_at)
    found = select(*columns, fail.scalar_subquery().label("fail_if_ambiguous"))
    return Prepared(found.where(text(RUNNING), lost).order_by(jobs.c.lease_until).limit(bindparam("batch")))


def _promote() -> Prepared:
    due = select(jobs.c.id).where(text(DELAYED), jobs.c.not_before <= bindparam("due"))
    first = due.order_by(jobs.c.not_before).limit(bindparam("batch"))
    statement = update(jobs).where(jobs.c.id.in_(first)).values(not_before=None)
    return Prepared(statement.returning(jobs.c.id, jobs.c.owner, jobs.c.engine, jobs.c.urgent))


def _late() -> Prepared:
    late = and_(text(UNFINISHED), jobs.c.deadline_at <= bindparam("late"), jobs.c.state == text("'queued'"))
    return Prepared(select(jobs.c.id).where(late).order_by(jobs.c.deadline_at).limit(bindparam("batch")))


_HOLDERS = Prepared(select(jobs.c.lease_owner).where(text(RUNNING)).distinct())
_LOST = _lost()
_PROMOTE = _promote()
_LATE = _late()
