"""/health says alive, /ready says works, /metrics counts."""

import asyncio
from datetime import timedelta

from tests.web.house import House, paint

from limner.domain.errors import DatabaseUnavailable, StorageFull
from limner.domain.identity import Scope


async def ready(house):
    async with house.bare() as probe:
        answer = await probe.get("/ready")
    return answer.status_code, answer.json()


async def until_ready(house):
    async with asyncio.timeout(10):
        while (told := await ready(house))[0] != 200:
            await asyncio.sleep(0.01)
    return told[1]


async def test_it_is_alive_before_it_is_started(tmp_path):
    house = House(tmp_path / "home")
    async with house.bare() as probe:
        assert (await probe.get("/health")).json()["status"] == "alive"
    status, problem = await ready(house)
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


async def test_a_storage_that_cannot_be_written_is_named(house, monkeypatch):
    async def fail(key, data):
        raise StorageFull

    monkeypatch.setattr(house.assembly.storage, "write", fail)
    status, problem = await ready(house)
    assert (status, problem["checks"]["database"]) == (503, "ok")
    assert problem["checks"]["storage"].startswith("The disk is nearly full")


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
