"""Admission and insertion of new jobs, a group at a time: one statement a table, decided one by one."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import insert

from limner.contracts.repository import Idempotency, Submission
from limner.domain.checking_inputs import unknown_input
from limner.domain.errors import (
    BudgetExhausted,
    IdempotencyKeyReused,
    InvalidRequest,
    LimnerError,
    QueueFull,
    TooManyQueued,
)
from limner.domain.input import HeldInput
from limner.domain.job import Job, JobId
from limner.domain.policy import Policy
from limner.domain.route import fallback_note
from limner.repositories.sql.engine_states import blocked_until
from limner.repositories.sql.holding import Holding, hold, unusable
from limner.repositories.sql.jobs import load_jobs
from limner.repositories.sql.lanes import Lane, LaneChange, join_lanes, waiting_job
from limner.repositories.sql.load import drain_rate, lanes_in_turn, waiting_in_all
from limner.repositories.sql.moment import Moment
from limner.repositories.sql.prepared import Prepared, cell, cells, row_source
from limner.repositories.sql.promises import Promises
from limner.repositories.sql.rows import (
    encode,
    encode_notes,
    encode_request,
    encode_requested,
    to_millionths,
    to_milliseconds,
    to_milliseconds_or_none,
    to_time,
)
from limner.repositories.sql.tables import events, idempotency, jobs, lanes

TOTAL_HOLDS = 5.0
"""Seconds for which the number of waiting jobs is counted on from the last look."""
SHARE = 16
"""Of the room that there was at the last look: who has let in a sixteenth of it looks again, for others let jobs in, too."""
LONGEST_WAIT = 600.0
UNKNOWN_WAIT = 60.0

COLUMNS = (
    "id",
    "owner",
    "engine",
    "priority",
    "count",
    "not_before",
    "deadline_at",
    "max_attempts",
    "created_at",
    "route",
    "route_index",
    "retry_of",
    "trace",
    "reference",
    "metadata",
    "requested",
    "request",
    "costs",
    "expected_cost",
    "notes",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A job at the door. `row` is made in the caller's own time, so that the group's transaction is short."""

    job: Job
    inputs: Sequence[HeldInput]
    idempotency: Idempotency | None
    policy: Policy
    row: str

    @property
    def holding(self) -> Holding:
        return self.job, self.inputs


class _Used(NamedTuple):
    """An idempotency key that was seen, and the job that it stands for."""

    job_id: str
    fingerprint: str
    created_at: int


class _Replay(NamedTuple):
    job_id: str


@dataclass(kw_only=True)
class _Group:
    """What is known while a group is let in; what only refusals need is looked up once, however many there are."""

    connection: Connection
    moment: Moment
    used: dict[tuple[str, str], _Used]
    gone: Mapping[str, Sequence[int]]
    waiting: Counter[str]
    promises: Promises
    blocked: Mapping[str, datetime | None]
    accepted: list[Entry] = field(default_factory=list)

    @cached_property
    def room_for_owner(self) -> float:
        """Seconds until each owner in turn has had a job finished."""
        return self._wait_for(lanes_in_turn(self.connection))

    @cached_property
    def room_for_anyone(self) -> float:
        return self._wait_for(1)

    def _wait_for(self, finished: int) -> float:
        """Seconds until so many jobs more have ended, as fast as in the last minute."""
        return UNKNOWN_WAIT if self._rate == 0 else min(max(1.0, finished / self._rate), LONGEST_WAIT)

    @cached_property
    def _rate(self) -> float:
        return drain_rate(self.connection, self.moment)


def entry_of(job: Job, inputs: Sequence[HeldInput], idempotency: Idempotency | None, policy: Policy) -> Entry:
    costs = [to_millionths(cost) for cost in job.costs]
    row = [
        job.id,
        job.owner,
        job.engine,
        job.priority,
        job.request.count,
        to_milliseconds_or_none(job.not_before),
        to_milliseconds(job.deadline_at),
        job.max_attempts,
        to_milliseconds(job.created_at),
        job.route,
        job.route_index,
        job.retry_of,
        job.trace,
        job.reference,
        job.metadata,
        encode_requested(job.requested),
        encode_request(job.request),
        costs or None,
        costs[job.route_index] if costs else None,
        encode_notes(job.notes),
    ]
    return Entry(job=job, inputs=inputs, idempotency=idempotency, policy=policy, row=encode(row))


class Intake:
    """Lets jobs in, within the limits. Lives in the writer's thread."""

    def __init__(self) -> None:
        self._total = 0
        self._total_holds_until = 0.0
        self._total_holds_to = 0

    def submit(
        self, connection: Connection, entries: Sequence[Entry], moment: Moment
    ) -> list[Submission | LimnerError]:
        """One answer an entry; those that are refused do not hurt the others."""
        self._count_total(connection, min(entry.policy.queued_total for entry in entries))
        group = _Group(
            connection=connection,
            moment=moment,
            used=_used_keys(connection, entries, moment),
            gone=unusable(connection, [entry.holding for entry in entries], moment),
            waiting=_waiting(connection, entries),
            promises=Promises(connection, moment),
            blocked=blocked_until(connection, moment),
        )
        answers = [self._admit(entry, group) for entry in entries]
        if group.accepted:
            _insert(connection, group.accepted, moment)
        return _with_replays(connection, answers, moment)

    def _count_total(self, connection: Connection, limit: int) -> None:
        """Counting every lane for every group would cost more than the group. Other processes let jobs in meanwhile: the
        nearer the limit, the sooner this looks again.
        """
        if time.monotonic() >= self._total_holds_until or self._total > self._total_holds_to:
            self._total = waiting_in_all(connection)
            self._total_holds_until = time.monotonic() + TOTAL_HOLDS
            self._total_holds_to = self._total + max(0, limit - self._total) // SHARE

    def _admit(self, entry: Entry, group: _Group) -> Submission | LimnerError | _Replay:
        if entry.idempotency is not None:
            used = group.used.get((entry.job.owner, entry.idempotency.key))
            if used is not None:
                return _replay(used, entry.idempotency)
        if refusal := self._refusal(entry, group):
            return refusal
        place = group.promises.place(entry.job)
        if isinstance(place, BudgetExhausted):
            return place
        if place != entry.job.route_index:
            entry = _further(entry, place)
        self._total += 1
        group.waiting[entry.job.owner] += 1
        group.accepted.append(entry)
        if entry.idempotency is not None:
            group.used[entry.job.owner, entry.idempotency.key] = _used_by(entry, entry.idempotency, group.moment)
        until = group.blocked.get(entry.job.engine)
        return Submission(job=replace(entry.job, blocked_until=until) if until else entry.job)

    def _refusal(self, entry: Entry, group: _Group) -> LimnerError | None:
        policy = entry.policy
        if gone := group.gone.get(entry.job.id):
            return InvalidRequest([unknown_input(place, entry.inputs[place].reference) for place in gone])
        if group.waiting[entry.job.owner] >= policy.queued_per_owner:
            wait = group.room_for_owner
            limit = policy.queued_per_owner
            jobs_waiting = "1 job" if limit == 1 else f"{limit} jobs"
            sentence = f"You have {jobs_waiting} waiting, your limit; room in about {wait:.0f} s. Nothing was queued."
            return TooManyQueued(sentence, retry_after=wait, limit=limit)
        if self._total >= policy.queued_total:
            wait = group.room_for_anyone
            sentence = f"The queue is full; room in about {wait:.0f} s. Nothing was queued."
            return QueueFull(sentence, retry_after=wait)
        return None


def _further(entry: Entry, place: int) -> Entry:
    """The job begins with a later engine of its route: those before have no budget left, and it is promised to that one."""
    job = entry.job
    note = fallback_note(job.route, job.route_index, place, BudgetExhausted.code)
    moved = replace(job, route_index=place, notes=(*job.notes, note))
    return entry_of(moved, entry.inputs, entry.idempotency, entry.policy)


def _used_by(entry: Entry, idempotency: Idempotency, moment: Moment) -> _Used:
    return _Used(entry.job.id, idempotency.fingerprint, moment.at)


def _replay(used: _Used, idempotency: Idempotency) -> _Replay | LimnerError:
    if used.fingerprint == idempotency.fingerprint:
        return _Replay(used.job_id)
    first = to_time(used.created_at)
    when = f"{first.day} {first:%b, %H:%M} UTC"
    return IdempotencyKeyReused(f"This key was used with another body on {when}; job {used.job_id}.")


def _with_replays(
    connection: Connection, answers: Sequence[Submission | LimnerError | _Replay], moment: Moment
) -> list[Submission | LimnerError]:
    wanted = {answer.job_id for answer in answers if isinstance(answer, _Replay)}
    found = {job.id: job for job in load_jobs(connection, wanted, moment)} if wanted else {}
    return [
        Submission(job=found[JobId(answer.job_id)], replayed=True) if isinstance(answer, _Replay) else answer
        for answer in answers
    ]


def _used_keys(connection: Connection, entries: Sequence[Entry], moment: Moment) -> dict[tuple[str, str], _Used]:
    asked = [
        [entry.job.owner, entry.idempotency.key, moment.before(entry.policy.idempotency_kept)]
        for entry in entries
        if entry.idempotency is not None
    ]
    rows = _USED_KEYS.rows(connection, rows=encode(asked)) if asked else []
    return {(row.owner, row.key): _Used(row.job_id, row.fingerprint, row.created_at) for row in rows}


def _waiting(connection: Connection, entries: Sequence[Entry]) -> Counter[str]:
    owners = [[owner] for owner in {entry.job.owner for entry in entries}]
    return Counter({row.owner: row.waiting for row in _WAITING.rows(connection, rows=encode(owners))})


def _insert(connection: Connection, accepted: Sequence[Entry], moment: Moment) -> None:
    rows = f"[{','.join(entry.row for entry in accepted)}]"
    _INSERT_JOBS.run(connection, rows=rows)
    _INSERT_EVENTS.run(connection, rows=rows, at=moment.at)
    hold(connection, [entry.holding for entry in accepted])
    joins: defaultdict[Lane, LaneChange] = defaultdict(LaneChange)
    for job in (entry.job for entry in accepted):
        joins[job.owner, job.engine] += waiting_job(ready=job.not_before is None, urgent=False)
    join_lanes(connection, joins, moment)
    keys = [
        [entry.job.owner, entry.idempotency.key, *_used_by(entry, entry.idempotency, moment)]
        for entry in accepted
        if entry.idempotency is not None
    ]
    if keys:
        _INSERT_KEYS.run(connection, rows=encode(keys))


def _used_keys_statement() -> Prepared:
    source = row_source()
    known = (idempotency.c.owner == cell(source, 0)) & (idempotency.c.key == cell(source, 1))
    alive = select(jobs.c.id).where(jobs.c.id == idempotency.c.job_id).exists()
    return Prepared(
        select(idempotency)
        .select_from(source.join(idempotency, known))
        .where(idempotency.c.created_at > cell(source, 2, idempotency.c.created_at), alive)
    )


def _waiting_statement() -> Prepared:
    source = row_source()
    return Prepared(
        select(lanes.c.owner, func.sum(lanes.c.waiting).label("waiting"))
        .select_from(source.join(lanes, lanes.c.owner == cell(source, 0)))
        .group_by(lanes.c.owner)
    )


def _insert_jobs_statement() -> Prepared:
    source = row_source()
    selected = select(*cells(source, jobs, COLUMNS), text("'queued'")).select_from(source)
    return Prepared(insert(jobs).from_select([*COLUMNS, "state"], selected))


def _insert_events_statement() -> Prepared:
    source = row_source()
    id_, owner = (cell(source, COLUMNS.index(name), jobs.c[name]) for name in ("id", "owner"))
    # Dated by this transaction: a job may have waited for its turn to be written.
    at = bindparam("at", type_=events.c.at.type)
    selected = select(id_, owner, text("1"), at, text('\'{"state":"queued"}\'')).select_from(source)
    return Prepared(insert(events).from_select(["job_id", "owner", "seq", "at", "changes"], selected))


def _insert_keys_statement() -> Prepared:
    source = row_source()
    names = ("owner", "key", "job_id", "fingerprint", "created_at")
    rows = select(*cells(source, idempotency, names)).select_from(source).where(text("true"))
    statement = insert(idempotency).from_select(names, rows)
    renewed = {name: statement.excluded[name] for name in ("job_id", "fingerprint", "created_at")}
    return Prepared(statement.on_conflict_do_update(index_elements=["owner", "key"], set_=renewed))


_USED_KEYS = _used_keys_statement()
_WAITING = _waiting_statement()
_INSERT_JOBS = _insert_jobs_statement()
_INSERT_EVENTS = _insert_events_statement()
_INSERT_KEYS = _insert_keys_statement()
