"""A lane counts what one owner has with one engine, so that a claim looks at lanes and never at the backlog.

`queued` is what could start now, `waiting` counts delayed jobs too, `urgent` those of `queued` that go first.
`claimable` lanes have something queued, and their owner runs fewer jobs than he may: claims see no others.
A lane that becomes ready joins at the back of the round, so that leaving and coming back is no way to jump the queue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    ScalarSelect,
    Select,
    TableValuedAlias,
    and_,
    bindparam,
    case,
    delete,
    func,
    literal_column,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from limner.repositories.sql.moment import Moment
from limner.repositories.sql.prepared import Prepared, cell, cells, row_source
from limner.repositories.sql.rows import encode
from limner.repositories.sql.tables import BLOCKED, lanes

ONE: ColumnElement[int] = literal_column("1")
NONE: ColumnElement[int] = literal_column("0")

COUNTS = ("queued", "urgent", "waiting", "running")

Lane = tuple[str, str]
"""Owner and engine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneChange:
    """What is added to a lane."""

    queued: int = 0
    urgent: int = 0
    waiting: int = 0
    running: int = 0

    def __add__(self, other: LaneChange) -> LaneChange:
        return LaneChange(
            queued=self.queued + other.queued,
            urgent=self.urgent + other.urgent,
            waiting=self.waiting + other.waiting,
            running=self.running + other.running,
        )

    def __neg__(self) -> LaneChange:
        return LaneChange(queued=-self.queued, urgent=-self.urgent, waiting=-self.waiting, running=-self.running)


STOPPED = LaneChange(running=-1)


def waiting_job(*, ready: bool, urgent: bool) -> LaneChange:
    """What a queued job is in its lane."""
    return LaneChange(waiting=1, queued=int(ready), urgent=int(ready and urgent))


def join_lanes(connection: Connection, changes: Mapping[Lane, LaneChange], moment: Moment) -> None:
    """Adds to lanes that may not be there yet."""
    rows = [
        [owner, engine, change.queued, change.urgent, change.waiting, change.running, moment.turn + place]
        for place, ((owner, engine), change) in enumerate(changes.items())
    ]
    plain = all(change.urgent == change.running == 0 and change.queued >= 0 for change in changes.values())
    if not plain:
        _JOIN.run(connection, rows=encode(rows))
    elif _GROW.run(connection, rows=encode(rows)) < len(rows):
        _JOIN_REST.run(connection, rows=encode(rows))


def change_lane(connection: Connection, lane: Lane, change: LaneChange, moment: Moment) -> None:
    """Adds to a lane that is there. An owner whose job stopped running may be served again."""
    owner, engine = lane
    left = _CHANGE.rows(
        connection,
        of_owner=owner,
        of_engine=engine,
        more_queued=change.queued,
        more_urgent=change.urgent,
        more_waiting=change.waiting,
        more_running=change.running,
        turn=moment.turn,
    )
    if any(row.waiting <= 0 and row.running <= 0 for row in left):
        _DROP_EMPTY.run(connection, of_owner=owner)


def return_to_lane(connection: Connection, ran_in: Lane, waits_in: Lane, waits: LaneChange, moment: Moment) -> None:
    """A job stopped running and waits again, perhaps for another engine."""
    if ran_in == waits_in:
        change_lane(connection, ran_in, STOPPED + waits, moment)
    else:
        change_lane(connection, ran_in, STOPPED, moment)
        join_lanes(connection, {waits_in: waits}, moment)


def unblock(connection: Connection, running_per_owner: int) -> None:
    """Serves owners again who were blocked under a lower limit."""
    _UNBLOCK.run(connection, limit=running_per_owner)


def unblockable() -> ColumnElement[bool]:
    """Lanes that claims do not see although their owner runs fewer jobs than `limit`."""
    return and_(text(BLOCKED), owner_running() < bindparam("limit"))


def owner_running() -> ScalarSelect[int]:
    """How many jobs a lane's owner runs, with all engines."""
    others = lanes.alias("others")
    return select(func.sum(others.c.running)).where(others.c.owner == lanes.c.owner).scalar_subquery()


def _join(*, all_lanes: bool) -> Prepared:
    source = row_source()
    names = ("owner", "engine", *COUNTS, "last_served")
    columns = cells(source, lanes, names)
    claimable = case((columns[2] > NONE, ONE), else_=NONE)
    wanted = text("true") if all_lanes else ~_claimable(source, lanes.alias("known")).exists()
    rows = select(*columns, claimable).select_from(source).where(wanted)
    statement = insert(lanes).from_select([*names, "claimable"], rows)
    new = statement.excluded
    becomes_ready = and_(lanes.c.queued == NONE, new.queued > NONE)
    joined: dict[str, ColumnElement[int]] = {name: lanes.c[name] + new[name] for name in COUNTS}
    joined["last_served"] = case((becomes_ready, new.last_served), else_=lanes.c.last_served)
    joined["claimable"] = case((becomes_ready, ONE), else_=lanes.c.claimable)
    return Prepared(statement.on_conflict_do_update(index_elements=["owner", "engine"], set_=joined))


def _grow() -> Prepared:
    """A lane that is claimable anyway keeps its place, and the page of the index that holds it stays as it is."""
    source = row_source()
    known = and_(lanes.c.owner == cell(source, 0), lanes.c.engine == cell(source, 1), lanes.c.claimable == ONE)
    more = {name: lanes.c[name] + cell(source, place, lanes.c[name]) for name, place in (("queued", 2), ("waiting", 4))}
    return Prepared(update(lanes).where(known).values(more))


def _claimable(source: TableValuedAlias, known: Any) -> Select[Any]:
    mine = and_(known.c.owner == cell(source, 0), known.c.engine == cell(source, 1), known.c.claimable == ONE)
    return select(known.c.owner).where(mine)


def _change() -> Prepared:
    mine = case((lanes.c.engine == bindparam("of_engine"), ONE), else_=NONE)
    added = {name: mine * bindparam(f"more_{name}", type_=Integer) for name in COUNTS}
    queued = lanes.c.queued + added["queued"]
    becomes_ready = and_(lanes.c.queued == NONE, queued > NONE)
    stops = bindparam("more_running", type_=Integer) < NONE
    changed = {name: lanes.c[name] + more for name, more in added.items()}
    changed["claimable"] = case((queued <= NONE, NONE), (or_(becomes_ready, stops), ONE), else_=lanes.c.claimable)
    changed["last_served"] = case((becomes_ready, bindparam("turn")), else_=lanes.c.last_served)
    mine_all = update(lanes).where(lanes.c.owner == bindparam("of_owner")).values(changed)
    return Prepared(mine_all.returning(lanes.c.waiting, lanes.c.running))


_JOIN = _join(all_lanes=True)
_JOIN_REST = _join(all_lanes=False)
_GROW = _grow()
_CHANGE = _change()
_UNBLOCK = Prepared(update(lanes).where(unblockable()).values(claimable=ONE))
_DROP_EMPTY = Prepared(
    delete(lanes).where(lanes.c.owner == bindparam("of_owner"), lanes.c.waiting <= NONE, lanes.c.running <= NONE)
)
