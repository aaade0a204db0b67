"""/health says alive, /ready says works, /metrics counts."""

import asyncio
from datetime import timedelta

import pytest

from limner.domain.errors import DatabaseUnavailable, StorageFull
from limner.domain.identity import Scope
from tests.web.house import House, paint

OPERATOR = frozenset({Scope.OPERATE})


async def ready(house):
    """As an operator is told it."""
    async with await house.client("olga", scopes=OPERATOR) as probe:
        return await told(probe)


async def told(probe):
    answer = await probe.get("/ready")
    return answer.status_code, answer.json()


async def until_ready(house):
    async with asyncio.timeout(10):
        while (found := await ready(house))[0] != 200:
            await asyncio.sleep(0.01)
    return found[1]


async def test_it_is_alive_before_it_is_started(tmp_path):
    house = House(tmp_path / "home")
    async with house.bare() as probe:
        assert (await probe.get("/health")).json()["status"] == "alive"
        status, problem = await told(probe)
    assert (status, problem["checks"]) == (503, {"process": "Limner is not started."})


async def test_it_is_ready_when_all_works(house):
    assert await until_ready(house) == {
        "status": "ready",
        "checks": {"database": "ok", "storage": "ok", "worker": "ok"},
    }


async def test_a_database_that_does_not_answer_is_named(house, monkeypatch):
    async def fail():
        raise DatabaseUnavailable

    monkeypatch.setattr(house.assembly.repository, "ping", fail)
    status, problem = await ready(house)
    assert (status, problem["code"]) == (503, "not_ready")
    assert problem["checks"]["database"].startswith("The database does not answer")


@pytest.fixture
def full_disk(house, monkeypatch):
    async def fail(key, data):
        raise StorageFull("The disk of /srv/pictures is full.")

    monkeypatch.setattr(house.assembly.storage, "write", fail)


async def test_a_storage_that_cannot_be_written_is_named(house, full_disk):
    status, problem = await ready(house)
    assert (status, problem["checks"]["database"]) == (503, "ok")
    assert problem["checks"]["storage"] == "The disk of /srv/pictures is full."


async def test_why_something_does_not_work_is_for_operators(house, full_disk):
    async with house.bare() as visitor, house.bare(Authorization="Bearer lmn_x") as liar, await house.client() as user:
        answers = [await told(probe) for probe in (visitor, liar, user)]
    assert [(status, problem["checks"]["storage"]) for status, problem in answers] == [(503, "failed")] * 3
    assert "/srv" not in str(answers)


async def test_many_who_ask_are_one_look(house, monkeypatch):
    written, write = [], house.assembly.storage.write

    async def count(key, data):
        written.append(key)
        await write(key, data)

    monkeypatch.setattr(house.assembly.storage, "write", count)
    monkeypatch.setattr("limner.web.readiness.KEPT", 60)
    async with house.bare() as probe:
        await asyncio.gather(*(told(probe) for _ in range(20)))
        await told(probe)
    assert len(written) == 1


async def test_a_look_counts_for_a_while_only(house, request):
    await until_ready(house)
    request.getfixturevalue("full_disk")
    async with asyncio.timeout(10):
        while (await ready(house))[0] == 200:
            await asyncio.sleep(0.05)


async def test_a_worker_that_has_stopped_looking_is_named(house):
    await until_ready(house)
    house.assembly.worker.last_claim_at = house.assembly.repository.now() - timedelta(minutes=1)
    status, problem = await ready(house)
    assert status == 503
    assert problem["checks"]["worker"] == "It has not looked for work lately."


async def test_it_is_not_ready_while_it_stops(house):
    house.assembly.end_streams()
    assert (await ready(house))[0] == 503


async def test_metrics_are_for_operators(house):
    async with await house.client("ann") as ann:
        await paint(ann)
        assert (await ann.get("/metrics")).status_code == 403
    async with await house.client("olga", scopes=frozenset({Scope.OPERATE})) as olga:
        answer = await olga.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert 'limner_jobs_total{state="succeeded"} 1.0' in answer.text
