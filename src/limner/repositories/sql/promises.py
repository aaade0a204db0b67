"""The budgets at the door: what is spent, and what waiting and running jobs are still expected to cost."""

from __future__ import annotations

from sqlalchemy import BigInteger, Connection, Select, and_, bindparam, func, select, text

from limner.domain.budget import Limit, exhausted
from limner.domain.errors import BudgetExhausted
from limner.domain.job import Job
from limner.domain.route import engine_of
from limner.repositories.sql.moment import Moment
from limner.repositories.sql.prepared import Prepared
from limner.repositories.sql.rows import from_millionths, to_millionths
from limner.repositories.sql.tables import EXPENSIVE, jobs, lanes
from limner.repositories.sql.usage import spent


class Promises:
    """What is left while a group of jobs is let in; each limit is looked up once."""

    def __init__(self, connection: Connection, moment: Moment) -> None:
        self._connection = connection
        self._moment = moment
        self._left: dict[Limit, int] = {}

    def place(self, job: Job) -> int | BudgetExhausted:
        """Of the first engine of its route that may paint it: what that costs is promised."""
        refusals = []
        for place, (model, cost) in list(enumerate(zip(job.route, job.costs, strict=False)))[job.route_index :]:
            limits = list(self._moment.budgets.limits(job.owner, engine_of(model))) if cost else []
            refusal = self._refusal(limits, to_millionths(cost))
            if refusal is None:
                for limit in limits:
                    self._left[limit] -= to_millionths(cost)
                return place
            refusals.append(refusal)
        return refusals[0] if refusals else job.route_index

    def _refusal(self, limits: list[Limit], cost: int) -> BudgetExhausted | None:
        for limit in limits:
            left = self._left_of(limit)
            if cost > left:
                told = {"cost": from_millionths(cost), "left": from_millionths(left)}
                return exhausted(limit, **told, now=self._moment.now, ending=" Nothing was queued.")
        return None

    def _left_of(self, limit: Limit) -> int:
        if limit not in self._left:
            promised = _PROMISED[limit.owner is not None, limit.engine is not None]
            used = spent(
                self._connection, limit, self._moment
            )  # first: what comes back meanwhile counts twice, not never
            row = promised.rows(self._connection, of_owner=limit.owner, of_engine=limit.engine)[0]
            self._left[limit] = to_millionths(limit.amount) - used - int(row.cost)
        return self._left[limit]


def _expected() -> Select[tuple[int]]:
    cost = func.coalesce(func.sum(jobs.c.expected_cost, type_=BigInteger), text("0")).label("cost")
    return select(cost).where(text(EXPENSIVE))


_OF_ENGINE = jobs.c.engine == bindparam("of_engine")
_OF_OWNER = jobs.c.owner == bindparam("of_owner")
_IN_LANES = and_(jobs.c.owner == lanes.c.owner, jobs.c.engine == lanes.c.engine)
_PROMISED = {
    # The engines an owner has work with are those of his lanes.
    (True, False): Prepared(
        _expected().select_from(lanes.join(jobs, _IN_LANES)).where(lanes.c.owner == bindparam("of_owner"))
    ),
    (False, True): Prepared(_expected().where(_OF_ENGINE)),
    (True, True): Prepared(_expected().where(_OF_ENGINE, _OF_OWNER)),
}
"""By whether a limit names an owner, and an engine."""
