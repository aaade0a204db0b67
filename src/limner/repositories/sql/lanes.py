"""A lane counts what one owner has with one engine, so that a claim looks at lanes and never at the backlog.

`queued` is what could start now, `waiting` counts delayed jobs too, `urgent` those of `queued` that go first.
`blocked` marks the lanes of an owner who runs as many as he may: claims pass them by until one of his jobs ends.
A lane that becomes ready joins at the back of the round, so that leaving and coming back is no way to jump the queue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Connection,
    ScalarSelect,
    and_,
    bindparam,
    case,
    delete,
    func,
    literal_column,
    select,
    text,
    update,
)
from sqlalchemy.dialects.sqlite import insert

from limner.repositories.sql.moment import Moment
from limner.repositories.sql.prepared import Prepared, cell, row_source
from limner.repositories.sql.rows import encode
from limner.repositories.sql.tables import lanes

ONE: ColumnElement[int] = literal_column("1")
NONE: ColumnElement[int] = literal_column("0")

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


NOTHING = LaneChange()
STOPPED = LaneChange(running=-1)


def waiting_job(*, ready: bool, urgent: bool) -> LaneChange:
    """What a queued job is in its lane."""
    return LaneChange(waiting=1, queued=int(ready), urgent=int(ready and urgent))


def join_lanes(connection: Connection, changes: Mapping[Lane, LaneChange], moment: Moment) -> None:
    """Adds to lanes that may not be there yet."""
    turn = moment.turn
    rows = [
        [owner, engine, change.queued, change.urgent, change.waiting, change.running, turn + place]
        for place, ((owner, engine), change) in enumerate(changes.items())
    ]
    _JOIN.run(connection, rows=encode(rows))


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


def owner_running() -> ScalarSelect[int]:
    """How many jobs a lane's owner runs, with all engines."""
    others = lanes.alias("others")
    return select(func.sum(others.c.running)).where(others.c.owner == lanes.c.owner).scalar_subquery()


def _joining(added: ColumnElement[int], turn: ColumnElement[int]) -> ColumnElement[int]:
    """When the lane is served next: it keeps its place while it is ready."""
    return case((and_(lanes.c.queued == NONE, added > NONE), turn), else_=lanes.c.last_served)


def _join() -> Prepared:
    source = row_source()
    names = ("owner", "engine", "queued", "urgent", "waiting", "running", "last_served")
    columns = [cell(source, place) for place in range(len(names))]
    statement = insert(lanes).from_select(
        [*names, "blocked"], select(*columns, NONE).select_from(source).where(text("true"))
    )
    new = statement.excluded
    summed = {name: lanes.c[name] + new[name] for name in ("queued", "urgent", "waiting", "running")}
    return Prepared(
        statement.on_conflict_do_update(
            index_elements=[lanes.c.owner, lanes.c.engine],
            set_=summed | {"last_served": _joining(new.queued, new.last_served)},
        )
    )


def _change() -> Prepared:
    mine = case((lanes.c.engine == bindparam("of_engine"), ONE), else_=NONE)
    queued = mine * bindparam("more_queued", type_=lanes.c.queued.type)
    return Prepared(
        update(lanes)
        .where(lanes.c.owner == bindparam("of_owner"))
        .values(
            queued=lanes.c.queued + queued,
            urgent=lanes.c.urgent + mine * bindparam("more_urgent", type_=lanes.c.queued.type),
            waiting=lanes.c.waiting + mine * bindparam("more_waiting", type_=lanes.c.queued.type),
            running=lanes.c.running + mine * bindparam("more_running", type_=lanes.c.queued.type),
            blocked=case((bindparam("more_running") < NONE, NONE), else_=lanes.c.blocked),
            last_served=_joining(queued, bindparam("turn")),
        )
        .returning(lanes.c.waiting, lanes.c.running)
    )


_JOIN = _join()
_CHANGE = _change()
_UNBLOCK = Prepared(
    update(lanes).where(lanes.c.blocked == ONE, owner_running() < bindparam("limit")).values(blocked=NONE)
)
_DROP_EMPTY = Prepared(
    delete(lanes).where(lanes.c.owner == bindparam("of_owner"), lanes.c.waiting <= NONE, lanes.c.running <= NONE)
)
