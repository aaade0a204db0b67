"""How much waits and how fast it goes."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, bindparam, func, select

from limner.contracts.repository import QueueFacts
from limner.repositories.sql.engine_states import engine_states
from limner.repositories.sql.lanes import ONE
from limner.repositories.sql.moment import Moment
from limner.repositories.sql.prepared import Prepared
from limner.repositories.sql.rows import EPOCH
from limner.repositories.sql.tables import jobs, lanes

_WAITING = Prepared(select(func.coalesce(func.sum(lanes.c.waiting), 0).label("jobs")))
_IN_TURN = Prepared(select(func.count().label("lanes")).where(lanes.c.claimable == ONE))
_FINISHED_SINCE = Prepared(select(func.count().label("jobs")).where(jobs.c.finished_at > bindparam("since")))
_BY_ENGINE = Prepared(
    select(
        lanes.c.engine,
        func.sum(lanes.c.waiting).label("waiting"),
        func.sum(lanes.c.running).label("running"),
    ).group_by(lanes.c.engine)
)
_OLDEST = Prepared(
    select(lanes.c.engine, func.min(lanes.c.last_served).label("served"))
    .where(lanes.c.claimable == ONE)
    .group_by(lanes.c.engine)
)


def waiting_in_all(connection: Connection) -> int:
    return int(_WAITING.rows(connection)[0].jobs)


def lanes_in_turn(connection: Connection) -> int:
    """How many lanes are served before the one served last has its turn again."""
    return int(_IN_TURN.rows(connection)[0].lanes)


def drain_rate(connection: Connection, moment: Moment) -> float:
    """Jobs finished a second, over the last minute, by all processes."""
    return float(_FINISHED_SINCE.rows(connection, since=moment.before(60))[0].jobs) / 60


def queue_facts(connection: Connection, moment: Moment) -> QueueFacts:
    """`oldest_claimable_at` is since when the lane whose turn it is waits for it: that grows when nobody claims, and
    stays short behind a long backlog that moves.
    """
    engines = _BY_ENGINE.rows(connection)
    states = engine_states(connection, moment)
    blocked = {engine: state.code for engine, state in states.items() if state.is_blocked(moment.now)}
    served = min((row.served for row in _OLDEST.rows(connection) if row.engine not in blocked), default=None)
    return QueueFacts(
        queued={row.engine: row.waiting for row in engines},
        running={row.engine: row.running for row in engines},
        oldest_claimable_at=None if served is None else EPOCH + timedelta(microseconds=served),
        drain_rate=drain_rate(connection, moment),
        blocked=blocked,
    )
