"""Jobs, pictures and installations for the repository's tests."""

import asyncio
import shutil
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url
from sqlalchemy.pool import NullPool

from limner.contracts.repository import NewImage
from limner.domain.errors import DatabaseUnavailable
from limner.domain.identity import ApiKey, new_id
from limner.domain.input import HeldInput, Input, InputId, InputReference
from limner.domain.job import Call, CallPhase, Job, JobId, JobState
from limner.domain.policy import Policy
from limner.domain.request import ImageRequest
from limner.domain.usage import total_of
from limner.repositories.sql import SqlRepository

POLICY = Policy()

on_sqlite = pytest.mark.parametrize("place", ["sqlite"], indirect=True)
"""For what is particular about a file."""


class SetClock:
    """A clock that goes when told."""

    def __init__(self):
        self.time = datetime(2026, 9, 1, 9, tzinfo=UTC)

    def now(self):
        self.time += timedelta(microseconds=10)  # no two claims at one instant, as with a real clock
        return self.time

    def monotonic(self):
        return self.time.timestamp()

    def pass_(self, seconds):
        self.time += timedelta(seconds=seconds)


@asynccontextmanager
async def opened(place, clock=None, **given):
    """At a URL, or in a file."""
    url = f"sqlite:///{place}" if isinstance(place, Path) else place
    repository = SqlRepository(url, clock=clock, **given)
    await repository.open()
    try:
        yield repository
    finally:
        await repository.close()


def execute(place, statement):
    """What no repository would do; the rows that it gives, or how many it changed."""
    with _engine(place).begin() as connection:
        result = connection.exec_driver_sql(statement)
        return result.fetchall() if result.returns_rows else result.rowcount


class Eye:
    """Sees the rows of a database as they are; its statements mark values by ?."""

    def __init__(self, place):
        self._connection = _engine(place).connect().execution_options(isolation_level="AUTOCOMMIT")
        self._mark = "%s" if place.startswith("postgres") else "?"

    def rows(self, statement, *values):
        found = self._connection.exec_driver_sql(statement.replace("?", self._mark), values or None)
        return [dict(row) for row in found.mappings()]

    def close(self):
        self._connection.close()


def _engine(place):
    return create_engine(make_url(place.replace("postgresql:", "postgresql+psycopg:")), poolclass=NullPool)


class NewPlaces:
    """Empty databases of one kind, quickly made; `postgres` is the server, or nothing for files in a folder. `histories`
    are worth trying there: a server's take five times as long.
    """

    def __init__(self, folder, postgres=None):
        self._postgres, self._folder, self._number = postgres, folder, 0
        self.histories = 40 if postgres is None else 10
        if postgres is None:
            asyncio.run(self._make_empty())

    def make(self):
        if self._postgres is not None:
            return self._postgres.new_database()
        self._number += 1
        path = self._folder / f"{self._number}.db"
        shutil.copy(self._folder / "empty.db", path)
        return f"sqlite:///{path}"

    def drop(self, place):
        if self._postgres is not None:
            self._postgres.drop(place)

    async def _make_empty(self):
        async with opened(self._folder / "empty.db"):
            pass


def next_id():
    """Later than any before, though they be of one millisecond."""
    while (found := new_id()) <= _last_id[0]:
        pass
    _last_id[0] = found
    return found


_last_id = [""]


def new_job(now, *, owner="ann", count=1, route=("painter",), **facts):
    request = ImageRequest(
        prompt="a fox", model=route[0], width=64, height=64, count=count, seed=7, format="png", options={"style": "ink"}
    )
    given = {"deadline_at": now + timedelta(days=1), "requested": {"prompt": "a fox"}} | facts
    return Job(
        id=JobId(next_id()), owner=owner, state=JobState.QUEUED, request=request, route=route, created_at=now, **given
    )


async def submitted(repository, *, policy=POLICY, idempotency=None, **facts):
    job = new_job(repository.now(), **facts)
    return (await repository.submit(job, idempotency=idempotency, policy=policy)).job


async def claimed(repository, *, engine="painter", slots=1, worker="w1", policy=POLICY, held=()):
    """The claims, without the signals."""
    claims, _ = await repository.claim(worker, {engine: slots}, policy=policy, held=held)
    return claims


async def running(repository, **facts):
    """A job in the hands of worker w1: its claim."""
    engine = (await submitted(repository, **facts)).engine
    (claim,) = await claimed(repository, engine=engine, policy=facts.get("policy", POLICY))
    return claim


def new_image(claim, ordinal=0, **facts):
    key = f"{claim.job.id}/{ordinal}/{claim.lease.epoch}.png"
    given = {
        "id": next_id(), "seed": 7 + ordinal, "width": 64, "height": 64, "format": "png", "bytes": 100,
        "sha256": "ab" * 32, "color": "#c8743a", "key": key,
    }  # fmt: skip
    return NewImage(ordinal=ordinal, **(given | facts))


def new_call(claim, phase=CallPhase.SUBMITTING, handle=None, first_ordinal=0, count=1, cost=None):
    return Call(
        first_ordinal=first_ordinal,
        count=count,
        attempt=claim.job.attempt,
        phase=phase,
        request_key="r1",
        handle=handle,
        cost=cost,
    )


async def open_call(repository, claim, *, fails=True, **facts):
    await repository.open_call(claim.lease, new_call(claim, **facts), fail_if_ambiguous=fails)


async def used(repository, owner="ann", *, days=0):
    """What an owner used today, or in the days before, too: pictures, calls, unknown, unusable, cost."""
    today = repository.now().date()
    total = total_of(await repository.usage(owner, first=today - timedelta(days=days), last=today))
    return total.pictures, total.calls, total.ambiguous_calls, total.paid_bad_outputs, total.cost


async def trouble(repository, engine, error, *, probe=False, policy=POLICY):
    state, _ = await repository.note_trouble(engine, error, probe=probe, policy=policy)
    return state


def new_key(repository, key_id="k1", **facts):
    given = {"user_id": "ann", "digest": "ab" * 32, "name": "laptop", "created_at": repository.now()} | facts
    return ApiKey(id=key_id, **given)


def lose_next_answer(repository):
    """The next transaction is committed, and whoever asked for it hears that the database went away."""
    pen = repository._writer._pen

    @contextmanager
    def transaction():
        with type(pen).transaction(pen) as connection:
            yield connection
        del pen.transaction
        raise DatabaseUnavailable

    pen.transaction = transaction


def nobody_is_dead(worker):
    return False


async def uploaded(repository, *, owner="ann", policy=POLICY, **facts):
    input_id, now = InputId(next_id()), repository.now()
    given = {
        "width": 64, "height": 48, "format": "png", "bytes": 100, "sha256": "ab" * 32, "key": f"{input_id}/input.png",
        "created_at": now, "expires_at": now + timedelta(seconds=policy.input_age),
    }  # fmt: skip
    new = Input(id=input_id, owner=owner, **(given | facts))
    await repository.add_input(new, policy=policy)
    return new


def named(thing, role="image"):
    """What a request calls it, and what a job holds of it."""
    kind = "input" if isinstance(thing, Input) else "image"
    reference = InputReference(role=role, **{kind: thing.id})
    facts = {name: getattr(thing, name) for name in ("width", "height", "format", "bytes", "sha256", "key")}
    return HeldInput(reference=reference, **facts)


async def start_from(repository, *things, owner="ann", idempotency=None, **facts):
    job = new_job(repository.now(), owner=owner, **facts)
    held = [named(thing) for thing in things]
    return (await repository.submit(job, inputs=held, idempotency=idempotency, policy=POLICY)).job
