"""Handing out jobs: fair among owners, capped per owner, at a cost that grows with neither backlog nor owners."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from sqlalchemy import (
    Connection,
    Select,
    and_,
    bindparam,
    case,
    exists,
    false,
    func,
    literal_column,
    select,
    text,
    update,
)

from limner.domain.engine_state import EngineState
from limner.domain.errors import OutOfMoney
from limner.domain.event import JobChanged
from limner.domain.job import Call, Claim, JobId, Lease
from limner.domain.policy import Policy
from limner.repositories.sql.changes import record
from limner.repositories.sql.engine_states import engine_states, hold_probe
from limner.repositories.sql.jobs import with_images
from limner.repositories.sql.lanes import NONE, ONE, owner_running
from limner.repositories.sql.locks import hold_trouble, is_shared, lock_owners, owner_is_free, share
from limner.repositories.sql.moment import Moment
from limner.repositories.sql.prepared import Prepared, cell, row_source
from limner.repositories.sql.rows import Row, decode_call, encode
from limner.repositories.sql.tables import RUNNING, calls, jobs, lanes

logger = logging.getLogger("limner.repository")

CANDIDATES = 32
"""Lanes that are looked at where others may hold the first ones."""
PASSED_OVER = 1_000_000
"""Microseconds by which the first lane may be behind the second, before it is waited for instead of passed over."""


@dataclass(slots=True, kw_only=True)
class Picked:
    """What one transaction of a claim took. `again`: there is more to take for slots that are left. `skewed`: a lane
    counted jobs that are not there.
    """

    claims: tuple[Claim, ...]
    changes: tuple[JobChanged, ...]
    again: bool
    skewed: bool


def claim(
    connection: Connection, worker: str, free: Mapping[str, int], policy: Policy, moment_now: Callable[[], Moment]
) -> Picked:
    """Up to `free[engine]` jobs of each engine, with their leases."""
    share(connection)
    round_ = _Round.begin(connection, worker, policy, moment_now)
    rows = [row for engine, slots in free.items() for row in round_.pick(engine, slots)]
    return Picked(
        claims=_claims_of(connection, rows, round_),
        changes=record(connection, rows, round_.moment),
        again=bool(rows) and round_.left_some,
        skewed=round_.skewed,
    )


def take_up(
    connection: Connection, worker: str, held: Collection[Lease], policy: Policy, moment_now: Callable[[], Moment]
) -> tuple[Claim, ...]:
    """What this worker was given and never heard of, under leases that begin now. What a call was opened for it has heard
    of: that is the sweep's to judge.
    """
    round_ = _Round.begin(connection, worker, policy, moment_now)
    has = encode([[lease.job_id, lease.epoch] for lease in held])
    rows = _TAKE_UP.rows(connection, worker=worker, rows=has, until=round_.moment.after(policy.lease))
    return _claims_of(connection, rows, round_)


@dataclass(slots=True)
class _Round:
    """The picks of one claim. `probes` are engines of which the only job picked is to see whether they work again.
    Once it `holds` an owner it waits for no other, so that claims never wait in a ring; then it may have `left_some` that
    other transactions hold.
    """

    connection: Connection
    worker: str
    policy: Policy
    moment_now: Callable[[], Moment]
    moment: Moment
    states: Mapping[str, EngineState]
    picks: int = 0
    probes: set[str] = field(default_factory=set)
    holds: bool = False
    left_some: bool = False
    skewed: bool = False

    @classmethod
    def begin(cls, connection: Connection, worker: str, policy: Policy, moment_now: Callable[[], Moment]) -> Self:
        moment = moment_now()
        return cls(connection, worker, policy, moment_now, moment, engine_states(connection, moment))

    def pick(self, engine: str, slots: int) -> list[Row]:
        state = self.states.get(engine)
        if state is not None and state.wants_probe(self.moment.now):
            if not hold_trouble(self.connection, engine):
                return []  # somebody else sends the probe
            self.states = engine_states(self.connection, self.moment)  # or just did
            state = self.states.get(engine)
        return self._pick(engine, slots) if state is None else self._pick_despite(state, slots)

    def _pick_despite(self, state: EngineState, slots: int) -> list[Row]:
        """What trouble lets through."""
        if state.is_blocked(self.moment.now):
            # What is paid for can be fetched without money, and may be gone when there is some again.
            return self._pick(state.engine, slots, urgent_only=True) if state.code == OutOfMoney.code else []
        if not state.wants_probe(self.moment.now):
            return self._pick(state.engine, slots)
        probe = self._pick(state.engine, 1)
        if probe:
            hold_probe(self.connection, state, self.policy, self.moment)
            self.probes.add(state.engine)
        return probe

    def _pick(self, engine: str, slots: int, *, urgent_only: bool = False) -> list[Row]:
        rows: list[Row] = []
        while len(rows) < slots and (row := self._next(engine, urgent_only=urgent_only)) is not None:
            rows.append(row)
        return rows

    def _next(self, engine: str, *, urgent_only: bool) -> Row | None:
        """The first job of the lane whose turn it is."""
        while lane := self._lane_in_turn(engine):
            if lane.owner_running >= self.policy.running_per_owner:
                _BLOCK.run(self.connection, of_owner=lane.owner)
            elif urgent_only and not lane.urgent:
                return None
            elif row := self._take(lane.owner, engine):
                self._serve(row, full=lane.owner_running + 1 >= self.policy.running_per_owner)
                return row
            else:
                logger.error("a lane counts jobs that are not there and is counted again", extra={"engine": engine})
                self.skewed = True
                _BLOCK.run(self.connection, of_owner=lane.owner)  # until the next sweep, or this would not end
        return None

    def _lane_in_turn(self, engine: str) -> Row | None:
        """Of an owner who is ours, as it is now."""
        if not is_shared(self.connection):
            return _NEXT_LANES.first(self.connection, of_engine=engine, at_most=1)
        while owner := self._owner_in_turn(engine):
            self.holds = True
            if lane := _LANE.first(self.connection, of_owner=owner, of_engine=engine):
                return lane  # he may have been served to the end before he was ours
        return None

    def _owner_in_turn(self, engine: str) -> str | None:
        """Ours from now on."""
        given = {"of_engine": engine, "at_most": CANDIDATES, "passed_over": PASSED_OVER}
        if free := _FREE_LANE.first(self.connection, **given):
            return str(free.owner)
        busy = _NEXT_LANES.first(self.connection, of_engine=engine, at_most=1)
        if busy is None or self.holds:
            self.left_some = self.left_some or busy is not None
            return None
        lock_owners(self.connection, [busy.owner])
        self.moment = self.moment_now()  # leases begin when the wait is over
        return str(busy.owner)

    def _take(self, owner: str, engine: str) -> Row | None:
        return _TAKE.first(
            self.connection,
            of_owner=owner,
            of_engine=engine,
            worker=self.worker,
            at=self.moment.at,
            until=self.moment.after(self.policy.lease),
        )

    def _serve(self, row: Row, *, full: bool) -> None:
        self.picks += 1
        _SERVE.run(
            self.connection,
            of_owner=row.owner,
            of_engine=row.engine,
            was_urgent=row.urgent,
            turn=self.moment.turn + self.picks,
            full=int(full),
        )


def _claims_of(connection: Connection, rows: Sequence[Row], round_: _Round) -> tuple[Claim, ...]:
    calls_of = open_calls(connection, [row.id for row in rows if row.lease_epoch > 1])
    return tuple(
        Claim(
            lease=Lease(job_id=JobId(row.id), epoch=row.lease_epoch),
            job=job,
            calls=tuple(calls_of.get(row.id, ())),
            alone=row.lease_losses >= round_.policy.alone_after_losses,
            troubled=row.engine in round_.states,
            probe=row.engine in round_.probes,
        )
        for row, job in zip(rows, with_images(connection, rows, round_.moment), strict=True)
    )


def open_calls(connection: Connection, job_ids: Sequence[str]) -> Mapping[str, Sequence[Call]]:
    found: defaultdict[str, list[Call]] = defaultdict(list)
    if job_ids:
        for row in _OPEN_CALLS.rows(connection, rows=encode([[job_id] for job_id in job_ids])):
            found[row.job_id].append(decode_call(row))
    return found


def _free_lane() -> Prepared:
    """The first whose owner no other transaction holds: he is this one's from now on. Where the first of all was passed
    over for too long, it or none.
    """
    in_turn = (lanes.c.urgent.desc(), lanes.c.last_served)
    claimable = (lanes.c.engine == bindparam("of_engine"), lanes.c.claimable == ONE)
    columns = (lanes.c.owner, lanes.c.urgent, lanes.c.last_served)
    front = select(*columns).where(*claimable).order_by(*in_turn).limit(bindparam("at_most")).subquery()
    first, second = (
        func.nth_value(front.c.last_served, literal_column(place)).over(
            order_by=(front.c.urgent.desc(), front.c.last_served), rows=(None, None)
        )
        for place in ("1", "2")
    )
    behind = (second - first).label("behind")
    is_first = (front.c.last_served == first).label("is_first")
    ranked = select(front.c.owner, behind, is_first).subquery()
    waits_its_turn = and_(ranked.c.behind > bindparam("passed_over"), ~ranked.c.is_first)
    free = case((waits_its_turn, false()), else_=owner_is_free(ranked.c.owner))
    return Prepared(select(ranked.c.owner).where(free).limit(ONE))


def _claimable() -> Select[Any]:
    columns = (lanes.c.owner, lanes.c.urgent, lanes.c.last_served, owner_running().label("owner_running"))
    return select(*columns).where(lanes.c.engine == bindparam("of_engine"), lanes.c.claimable == ONE)


def _take() -> Prepared:
    first = (
        select(jobs.c.id)
        .where(
            jobs.c.owner == bindparam("of_owner"),
            jobs.c.engine == bindparam("of_engine"),
            jobs.c.state == text("'queued'"),
            jobs.c.not_before.is_(None),
        )
        .order_by(jobs.c.urgent.desc(), jobs.c.priority.desc(), jobs.c.id)
        .limit(ONE)
    )
    return Prepared(
        update(jobs)
        .where(jobs.c.id == first.scalar_subquery(), jobs.c.state == text("'queued'"))
        .values(
            state=text("'running'"),
            attempt=jobs.c.attempt + ONE,
            lease_epoch=jobs.c.lease_epoch + ONE,
            lease_owner=bindparam("worker"),
            lease_until=bindparam("until"),
            started_at=func.coalesce(jobs.c.started_at, bindparam("at")),
            event_seq=jobs.c.event_seq + ONE,
        )
        .returning(*jobs.c)
    )


def _take_up() -> Prepared:
    source = row_source()
    same = and_(jobs.c.id == cell(source, 0), jobs.c.lease_epoch == cell(source, 1, jobs.c.lease_epoch))
    unheld = ~exists(select(jobs.c.id).correlate(jobs).select_from(source).where(same))
    opened = and_(calls.c.job_id == jobs.c.id, calls.c.attempt == jobs.c.attempt)
    untouched = ~exists(select(calls.c.job_id).correlate(jobs).where(opened))
    mine = and_(text(RUNNING), jobs.c.lease_owner == bindparam("worker"), unheld, untouched)
    # A new epoch, as with every claim: no earlier run of it can write any more.
    taken = {"lease_epoch": jobs.c.lease_epoch + ONE, "lease_until": bindparam("until")}
    return Prepared(update(jobs).where(mine).values(taken).returning(*jobs.c))


def _serve() -> Prepared:
    mine = case((lanes.c.engine == bindparam("of_engine"), ONE), else_=NONE)
    return Prepared(
        update(lanes)
        .where(lanes.c.owner == bindparam("of_owner"))
        .values(
            queued=lanes.c.queued - mine,
            urgent=lanes.c.urgent - mine * bindparam("was_urgent", type_=lanes.c.urgent.type),
            waiting=lanes.c.waiting - mine,
            running=lanes.c.running + mine,
            last_served=case((lanes.c.engine == bindparam("of_engine"), bindparam("turn")), else_=lanes.c.last_served),
            claimable=case((bindparam("full") > NONE, NONE), (lanes.c.queued > mine, lanes.c.claimable), else_=NONE),
        )
    )


def _open_calls_statement() -> Prepared:
    source = row_source()
    found = select(calls).select_from(source.join(calls, calls.c.job_id == cell(source, 0)))
    return Prepared(
        found.where(calls.c.phase != text("'done'")).order_by(calls.c.job_id, calls.c.attempt, calls.c.first_ordinal)
    )


_NEXT_LANES = Prepared(_claimable().order_by(lanes.c.urgent.desc(), lanes.c.last_served).limit(bindparam("at_most")))
_FREE_LANE = _free_lane()
_LANE = Prepared(_claimable().where(lanes.c.owner == bindparam("of_owner")))
_TAKE = _take()
_TAKE_UP = _take_up()
_SERVE = _serve()
_BLOCK = Prepared(update(lanes).where(lanes.c.owner == bindparam("of_owner")).values(claimable=NONE))
_OPEN_CALLS = _open_calls_statement()
