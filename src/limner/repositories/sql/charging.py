"""What calls cost: on the ledger before they are made, taken back where they cost nothing, within the budgets."""

from __future__ import annotations

from sqlalchemy import BigInteger, Connection, and_, bindparam, case, select, text, update

from limner.contracts.repository import Requeue
from limner.domain.budget import exhausted
from limner.domain.job import Call
from limner.repositories.sql.lanes import NONE
from limner.repositories.sql.moment import Moment
from limner.repositories.sql.prepared import Prepared
from limner.repositories.sql.rows import Row, from_millionths, to_millionths
from limner.repositories.sql.tables import calls, jobs
from limner.repositories.sql.usage import Entry, note_usage, spent


def charge(connection: Connection, job: Row, call: Call, moment: Moment) -> None:
    """Before the call. Raises BudgetExhausted where a budget has less left than it costs."""
    cost = to_millionths(call.cost or 0.0)
    if cost:
        _check_budgets(connection, job, cost, moment)
    note_usage(connection, [Entry(owner=job.owner, engine=job.engine, day=moment.day, calls=1, cost=cost)])
    _EXPECT.run(connection, of_job=job.id, more=-cost)


def settle_calls(connection: Connection, job: Row, requeue: Requeue, moment: Moment) -> None:
    """After a try. Calls that cost nothing leave the ledger; what became of the others is noted."""
    if requeue.uncharged:
        _take_back(connection, job)
    if requeue.ambiguous_calls or requeue.paid_bad_outputs:
        entry = Entry(
            owner=job.owner,
            engine=job.engine,
            day=moment.day,
            ambiguous_calls=requeue.ambiguous_calls,
            paid_bad_outputs=requeue.paid_bad_outputs,
        )
        note_usage(connection, [entry])


def _check_budgets(connection: Connection, job: Row, cost: int, moment: Moment) -> None:
    for limit in moment.budgets.limits(job.owner, job.engine):
        left = to_millionths(limit.amount) - spent(connection, limit, moment)
        if cost > left:
            raise exhausted(limit, cost=from_millionths(cost), left=from_millionths(left), now=moment.now)


def _take_back(connection: Connection, job: Row) -> None:
    rows = _UNDER_WAY.rows(connection, of_job=job.id)
    costs = [to_millionths(row.cost or 0.0) for row in rows]
    entries = [
        Entry(owner=job.owner, engine=job.engine, day=row.charged_on, calls=-1, cost=-cost)
        for row, cost in zip(rows, costs, strict=True)
    ]
    note_usage(connection, entries)
    _EXPECT.run(connection, of_job=job.id, more=sum(costs))


def _expect() -> Prepared:
    """What the rest of a job is expected to cost; NULL stays NULL."""
    rest = jobs.c.expected_cost + bindparam("more", type_=BigInteger)
    at_least_nothing = case((rest < NONE, NONE), else_=rest)
    return Prepared(update(jobs).where(jobs.c.id == bindparam("of_job")).values(expected_cost=at_least_nothing))


_EXPECT = _expect()
_UNDER_WAY = Prepared(
    select(calls.c.cost, calls.c.charged_on).where(
        and_(calls.c.job_id == bindparam("of_job"), calls.c.phase == text("'submitting'")),
        calls.c.charged_on.is_not(None),
    )
)
