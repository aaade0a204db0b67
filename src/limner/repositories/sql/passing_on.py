"""A job goes on to a later engine of its route: after a failed try, or from the queue of an engine that is blocked."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Connection, Integer, Text, and_, bindparam, null, select, text, tuple_, update

from limner.contracts.repository import Onward
from limner.domain.engine_state import EngineState
from limner.domain.policy import Policy
from limner.domain.route import engine_of, fallback_note, next_on_route
from limner.repositories.sql.changes import CHANGED, lane_of, record
from limner.repositories.sql.engine_states import engine_states
from limner.repositories.sql.lanes import NONE, ONE, Lane, LaneChange, change_lane, join_lanes, waiting_job
from limner.repositories.sql.moment import Moment
from limner.repositories.sql.prepared import Prepared
from limner.repositories.sql.rows import Row, decode_notes, encode_notes
from limner.repositories.sql.tables import ROUTED, calls, jobs
from limner.repositories.sql.upkeep import BATCH, Upkeep

PLACE = (jobs.c.route, jobs.c.route_index, jobs.c.costs, jobs.c.notes)
"""What must be known of a job that goes on."""


def pass_on(connection: Connection, policy: Policy, moment: Moment) -> Upkeep:
    """A batch of each kind of jobs that wait for a blocked engine, where a later one of their route is free."""
    states = engine_states(connection, moment)
    done = Upkeep()
    for engine, state in states.items():
        if state.seconds_blocked(moment.now) > policy.route_patience:
            for place in _places(connection, engine):
                onward = _onward(place, states, policy, moment)
                if onward is not None:
                    done.add(_pass_on(connection, place, onward, moment))
    return done


def going_on() -> dict[str, Any]:
    """The columns of a job that goes on: what it met before is not held against it."""
    return {
        "engine": bindparam("next_engine", type_=Text),
        "route_index": bindparam("next_place", type_=Integer),
        "notes": bindparam("all_notes", type_=Text),
        "expected_cost": bindparam("next_cost", type_=BigInteger),
        "max_attempts": jobs.c.attempt - jobs.c.lease_losses + bindparam("more_tries", type_=Integer),
        "crash_count": NONE,
        "bad_images": NONE,
    }


def onward_with(job: Row, onward: Onward) -> Mapping[str, Any]:
    """Parameters for `going_on`."""
    known = () if job.notes is None else decode_notes(json.loads(job.notes))
    return {
        "next_engine": engine_of(json.loads(job.route)[onward.place]),
        "next_place": onward.place,
        "next_cost": None if job.costs is None else json.loads(job.costs)[onward.place],
        "more_tries": onward.tries,
        "all_notes": encode_notes((*known, onward.note)),
    }


class _Place(NamedTuple):
    """Where in which route jobs wait."""

    engine: str
    route: str
    at: int

    @property
    def models(self) -> list[str]:
        models: list[str] = json.loads(self.route)
        return models


def _places(connection: Connection, engine: str) -> Iterator[_Place]:
    """Of all jobs that wait for an engine: each place is one look into the index."""
    place = _Place(engine, "", -1)
    while row := _NEXT_PLACE.first(connection, of_engine=engine, last_route=place.route, last_index=place.at):
        place = _Place(engine, row.route, row.route_index)
        yield place


def _onward(place: _Place, states: Mapping[str, EngineState], policy: Policy, moment: Moment) -> Onward | None:
    waits = [
        states[name].seconds_blocked(moment.now) if name in states else 0.0 for name in map(engine_of, place.models)
    ]
    following = next_on_route(place.at, len(waits), waits.__getitem__, policy.route_patience)
    if following is None or waits[following] > policy.route_patience:
        return None
    note = fallback_note(place.models, place.at, following, states[place.engine].code)
    return Onward(place=following, note=note, tries=policy.max_attempts)


def _pass_on(connection: Connection, place: _Place, onward: Onward, moment: Moment) -> Upkeep:
    found = _MOVABLE.rows(connection, of_engine=place.engine, of_route=place.route, of_index=place.at, batch=BATCH)
    moved = [_GO_ON.rows(connection, of_job=row.id, **onward_with(row, onward))[0] for row in found]
    _change_lanes(connection, found, moved, moment)
    return Upkeep(
        changes=list(record(connection, moved, moment)),
        engines={row.engine for row in moved},
        counts=Counter(passed_on=len(moved)),
        more=len(found) == BATCH,
    )


def _change_lanes(connection: Connection, before: Sequence[Row], after: Sequence[Row], moment: Moment) -> None:
    leaves: defaultdict[Lane, LaneChange] = defaultdict(LaneChange)
    joins: defaultdict[Lane, LaneChange] = defaultdict(LaneChange)
    for left, joined in zip(before, after, strict=True):
        leaves[left.owner, left.engine] += -lane_of(left)
        joins[joined.owner, joined.engine] += waiting_job(ready=True, urgent=False)
    for lane, change in leaves.items():
        change_lane(connection, lane, change, moment)
    if joins:
        join_lanes(connection, joins, moment)


def _next_place() -> Prepared:
    last = tuple_(bindparam("last_route", type_=Text), bindparam("last_index", type_=Integer))
    later = tuple_(jobs.c.route, jobs.c.route_index) > last
    found = select(jobs.c.route, jobs.c.route_index).where(text(ROUTED), jobs.c.engine == bindparam("of_engine"), later)
    return Prepared(found.order_by(jobs.c.route, jobs.c.route_index).limit(ONE))


def _movable() -> Prepared:
    """An open call is the engine's that took it."""
    place = and_(
        jobs.c.engine == bindparam("of_engine"),
        jobs.c.route == bindparam("of_route"),
        jobs.c.route_index == bindparam("of_index"),
    )
    open_ = select(calls.c.job_id).where(calls.c.job_id == jobs.c.id, calls.c.phase != text("'done'")).exists()
    columns = (jobs.c.id, jobs.c.owner, jobs.c.engine, jobs.c.urgent, jobs.c.not_before, *PLACE)
    return Prepared(select(*columns).where(text(ROUTED), place, ~open_).limit(bindparam("batch")))


def _go_on() -> Prepared:
    ready = {"not_before": null(), "urgent": NONE, "event_seq": jobs.c.event_seq + ONE}
    waiting = and_(jobs.c.id == bindparam("of_job"), jobs.c.state == text("'queued'"))
    return Prepared(update(jobs).where(waiting).values(ready | going_on()).returning(*CHANGED))


_NEXT_PLACE = _next_place()
_MOVABLE = _movable()
_GO_ON = _go_on()
