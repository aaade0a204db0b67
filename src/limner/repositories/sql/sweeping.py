"""Mending what processes that died, slept or were cut off left behind. Each part works through a bounded batch."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection

from sqlalchemy import ColumnElement, Connection, and_, bindparam, exists, func, or_, select, text, update

from limner.contracts.repository import Requeue
from limner.domain.job import Call, CallPhase, JobId, JobState, Lease
from limner.domain.lost_lease import DEADLINE_EXCEEDED, end_after_loss
from limner.domain.policy import Policy
from limner.repositories.sql.claiming import open_calls
from limner.repositories.sql.lanes import Lane, LaneChange, join_lanes, unblock, unblockable
from limner.repositories.sql.moment import Moment
from limner.repositories.sql.outcomes import Ending, end_queued, finish, requeue
from limner.repositories.sql.passing_on import pass_on
from limner.repositories.sql.prepared import Prepared, elements
from limner.repositories.sql.rows import Row, encode
from limner.repositories.sql.tables import DELAYED, RUNNING, UNFINISHED, calls, engine_state, jobs, lanes
from limner.repositories.sql.upkeep import BATCH, Upkeep


def sweep(
    connection: Connection, policy: Policy, dead: Collection[str], moment: Moment, *, expired_too: bool
) -> Upkeep:
    """One batch of each kind."""
    unblock(connection, policy.running_per_owner)
    done = Upkeep()
    done.add(free_lost(connection, policy, dead, moment, expired_too=expired_too))
    done.add(promote_due(connection, moment))
    done.add(pass_on(connection, policy, moment))
    done.add(end_late(connection, moment))
    return done


def may_find_work(
    connection: Connection, policy: Policy, dead: Collection[str], moment: Moment, *, expired_too: bool
) -> bool:
    """A look before the leap: a sweep excludes everybody else, and mostly finds nothing."""
    found = _ANYTHING.rows(
        connection,
        expired_before=moment.at if expired_too else -1,
        dead=encode(list(dead)),
        due=moment.at,
        late=moment.at,
        limit=policy.running_per_owner,
    )
    return bool(found[0].work)


def dead_workers(connection: Connection, is_dead: Callable[[str], bool]) -> tuple[str, ...]:
    """Those of the lease holders that are surely gone."""
    return tuple(row.lease_owner for row in _HOLDERS.rows(connection) if is_dead(row.lease_owner))


def free_lost(
    connection: Connection, policy: Policy, dead: Collection[str], moment: Moment, *, expired_too: bool
) -> Upkeep:
    """Jobs of dead workers, and those whose lease ran out."""
    expired_before = moment.at if expired_too else -1
    rows = _LOST.rows(connection, expired_before=expired_before, dead=encode(list(dead)), batch=BATCH)
    open_ = open_calls(connection, [row.id for row in rows])
    done = Upkeep(more=len(rows) == BATCH)
    for row in rows:
        lease = Lease(job_id=JobId(row.id), epoch=row.lease_epoch)
        verdict = _verdict(row, open_.get(row.id, ()), policy, moment)
        done.counts["lease_lost"] += 1
        if isinstance(verdict, Ending):
            done.changes.append(finish(connection, lease, verdict, moment))
        else:
            done.changes.append(requeue(connection, lease, verdict, moment))
            done.engines.add(row.engine)
    return done


def promote_due(connection: Connection, moment: Moment) -> Upkeep:
    """Delayed jobs whose time has come."""
    rows = _PROMOTE.rows(connection, due=moment.at, batch=BATCH)
    joins: defaultdict[Lane, LaneChange] = defaultdict(LaneChange)
    for row in rows:
        joins[row.owner, row.engine] += LaneChange(queued=1, urgent=row.urgent)
    if joins:
        join_lanes(connection, joins, moment)
    counts = Counter(due=len(rows))
    return Upkeep(engines={row.engine for row in rows}, counts=counts, more=len(rows) == BATCH)


def end_late(connection: Connection, moment: Moment) -> Upkeep:
    """Queued jobs whose deadline has passed; those that run are ended by their worker, or when their lease is lost."""
    rows = _LATE.rows(connection, late=moment.at, batch=BATCH)
    ending = Ending(state=JobState.FAILED, error=DEADLINE_EXCEEDED)
    ended = [end_queued(connection, row.id, ending, moment) for row in rows]
    changes = [changed for changed in ended if changed]
    return Upkeep(changes=changes, counts=Counter(deadline=len(changes)), more=len(rows) == BATCH)


def _verdict(row: Row, open_: Collection[Call], policy: Policy, moment: Moment) -> Ending | Requeue:
    unknown = sum(call.phase is CallPhase.SUBMITTING for call in open_)
    held = any(call.phase is CallPhase.SUBMITTED for call in open_)
    lost = Requeue(lease_losses=1, ambiguous_calls=unknown, urgent=held)
    charge_matters, late = bool(unknown and row.fail_if_ambiguous), row.deadline_at <= moment.at
    over = end_after_loss(row.lease_losses + 1, policy, charge_matters=charge_matters, late=late)
    return Ending(state=JobState.FAILED, error=over, counters=lost) if over else lost


def _lost() -> Prepared:
    """Renewals hold no owner: whoever comes later waits for the verdict, and a row that somebody writes now is let be."""
    fail = select(func.max(calls.c.fail_if_ambiguous)).where(
        calls.c.job_id == jobs.c.id, calls.c.phase == text("'submitting'")
    )
    columns = (jobs.c.id, jobs.c.engine, jobs.c.lease_epoch, jobs.c.lease_losses, jobs.c.deadline_at)
    found = select(*columns, fail.scalar_subquery().label("fail_if_ambiguous"))
    oldest = found.where(_is_lost()).order_by(jobs.c.lease_until).limit(bindparam("batch"))
    return Prepared(oldest.with_for_update(skip_locked=True))


def _promote() -> Prepared:
    due = select(jobs.c.id).where(_is_due())
    first = due.order_by(jobs.c.not_before).limit(bindparam("batch"))
    statement = update(jobs).where(jobs.c.id.in_(first)).values(not_before=None)
    return Prepared(statement.returning(jobs.c.id, jobs.c.owner, jobs.c.engine, jobs.c.urgent))


def _late() -> Prepared:
    return Prepared(select(jobs.c.id).where(_is_late()).order_by(jobs.c.deadline_at).limit(bindparam("batch")))


def _is_lost() -> ColumnElement[bool]:
    expired = jobs.c.lease_until <= bindparam("expired_before")
    return and_(text(RUNNING), or_(expired, jobs.c.lease_owner.in_(elements("dead", jobs.c.lease_owner))))


def _is_due() -> ColumnElement[bool]:
    return and_(text(DELAYED), jobs.c.not_before <= bindparam("due"))


def _is_late() -> ColumnElement[bool]:
    return and_(text(UNFINISHED), jobs.c.deadline_at <= bindparam("late"), jobs.c.state == text("'queued'"))


def _anything() -> Prepared:
    """Whether there is trouble with an engine is asked only roughly: jobs may go on to another."""
    jobs_found = (exists(select(jobs.c.id).where(one)) for one in (_is_lost(), _is_due(), _is_late()))
    lanes_found = exists(select(lanes.c.owner).where(unblockable()))
    return Prepared(select(or_(*jobs_found, lanes_found, exists(select(engine_state.c.engine))).label("work")))


_ANYTHING = _anything()
_HOLDERS = Prepared(select(jobs.c.lease_owner).where(text(RUNNING)).distinct())
_LOST = _lost()
_PROMOTE = _promote()
_LATE = _late()
