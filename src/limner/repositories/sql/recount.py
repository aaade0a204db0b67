"""Lanes counted again from the jobs themselves."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, Select, delete, func, literal_column, select, text, union_all

from limner.repositories.sql.lanes import COUNTS, Lane, LaneChange, join_lanes
from limner.repositories.sql.moment import Moment
from limner.repositories.sql.prepared import Prepared
from limner.repositories.sql.tables import DELAYED, READY, RUNNING, jobs, lanes


def recount(connection: Connection, moment: Moment) -> int:
    """Mends lanes that differ from the truth, which only a fault or a foreign hand can cause; how many there were."""
    truth = {(row.owner, row.engine): _counts(row) for row in _TRUTH.rows(connection)}
    kept = {(row.owner, row.engine): _counts(row) for row in _KEPT.rows(connection)}
    skewed: dict[Lane, LaneChange] = {
        lane: truth.get(lane, LaneChange()) + -kept.get(lane, LaneChange())
        for lane in truth.keys() | kept.keys()
        if truth.get(lane) != kept.get(lane)
    }
    if skewed:
        join_lanes(connection, skewed, moment)
        _DROP_EMPTY.run(connection)
    return len(skewed)


def _counts(row: object) -> LaneChange:
    """Postgres sums up to decimals."""
    return LaneChange(**{name: int(getattr(row, name)) for name in COUNTS})


def _part(where: str, *counts: str) -> Select[tuple[object, ...]]:
    columns: list[ColumnElement[int]] = [
        literal_column(count).label(name) for name, count in zip(COUNTS, counts, strict=True)
    ]
    return select(jobs.c.owner, jobs.c.engine, *columns).where(text(where)).group_by(jobs.c.owner, jobs.c.engine)


def _truth() -> Prepared:
    """Each part reads one index."""
    parts = union_all(
        _part(READY, "count(*)", "sum(urgent)", "count(*)", "0"),
        _part(DELAYED, "0", "0", "count(*)", "0"),
        _part(RUNNING, "0", "0", "0", "count(*)"),
    ).subquery()
    sums = [func.sum(parts.c[name]).label(name) for name in COUNTS]
    return Prepared(select(parts.c.owner, parts.c.engine, *sums).group_by(parts.c.owner, parts.c.engine))


_TRUTH = _truth()
_KEPT = Prepared(select(lanes.c.owner, lanes.c.engine, *(lanes.c[name] for name in COUNTS)))
_DROP_EMPTY = Prepared(delete(lanes).where(lanes.c.waiting <= text("0"), lanes.c.running <= text("0")))
