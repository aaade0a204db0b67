from datetime import UTC, datetime

import pytest

from limner.domain.errors import OutOfMoney, RateLimited
from limner.domain.identity import USER_SCOPES, Scope
from limner.domain.policy import Policy
from limner.testing.ledger import LedgerEngine
from tests.web.house import House, paint, submit

TODAY = datetime.now(UTC).date()
"""A test that runs over midnight sees yesterday's: none of these runs that long."""


@pytest.fixture
async def house(tmp_path):
    """A shop with a paid engine, a routed model and a budget of half a unit a day for each owner."""
    house = House(
        tmp_path / "home",
        engines={"paid": {"kind": "ledger", "ledger": str(tmp_path / "paid")}},
        models={"picture": {"route": ["paid", "instant"]}},
        budgets={"per_owner": {"day": 0.5}},
    )
    async with house.open():
        yield house


@pytest.fixture
async def ann(house):
    async with await house.client() as client:
        yield client


async def test_usage_is_told_as_the_wire_shows_it(ann):
    await paint(ann, model="paid", count=2)
    answer = await ann.get("/usage")
    first = TODAY.replace(day=1).isoformat()
    counts = {"pictures": 2, "calls": 2, "ambiguous_calls": 0, "paid_bad_outputs": 0, "cost": 0.08}
    assert answer.json() == {
        "from": first,
        "to": TODAY.isoformat(),
        "items": [{"owner": "ann", "engine": "paid", "day": TODAY.isoformat(), **counts}],
        "total": counts,
        "next": None,
    }
    assert (await ann.get("/usage", headers={"If-None-Match": answer.headers["etag"]})).status_code == 304


async def test_a_span_is_chosen_by_its_days(ann):
    await paint(ann)
    before = await ann.get("/usage", params={"from": "2026-01-01", "to": "2026-01-31"})
    assert (before.json()["items"], before.json()["from"], before.json()["to"]) == ([], "2026-01-01", "2026-01-31")


@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        ({"from": "yesterday"}, "/from", "wrong_type"),
        ({"to": "2026-13-01"}, "/to", "wrong_type"),
        ({"to": "0"}, "/to", "wrong_type"),
        ({"to": "20260901"}, "/to", "wrong_type"),
        ({"from": "2026-02-01", "to": "2026-01-01"}, "/from", "out_of_range"),
        ({"from": "2024-01-01", "to": "2026-01-01"}, "/from", "out_of_range"),
    ],
)
async def test_a_span_that_cannot_be_is_refused_with_the_reason(ann, query, pointer, code):
    answer = await ann.get("/usage", params=query)
    (fault,) = answer.json()["errors"]
    assert (answer.status_code, fault["pointer"], fault["code"]) == (422, pointer, code)


async def test_another_users_usage_is_for_operators(house, ann):
    await paint(ann)
    async with await house.client("ben") as ben:
        refused = await ben.get("/usage", params={"owner": "ann"})
        assert (refused.status_code, refused.json()["needed"]) == (403, "operate")
        assert (await ben.get("/usage")).json()["items"] == []
        assert (await ben.get("/usage", params={"owner": "ben"})).status_code == 200
    async with await house.client("olga", scopes=USER_SCOPES | {Scope.OPERATE}) as olga:
        (day,) = (await olga.get("/usage", params={"owner": "ann"})).json()["items"]
    assert (day["owner"], day["pictures"]) == ("ann", 1)


async def test_a_job_beyond_the_budget_is_refused_with_what_is_left_and_when_it_renews(ann):
    await paint(ann, model="paid", count=8)
    answer = await ann.post("/images", json={"prompt": "a fox", "model": "paid", "count": 5})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (429, "budget_exhausted")
    assert (problem["left"], problem["cost"]) == (0.18, 0.2)
    assert problem["renews_at"].endswith("T00:00:00.000Z")
    assert 0 < int(answer.headers["retry-after"]) <= 86_400
    assert problem["detail"].endswith("Nothing was queued.")
    assert (await ann.post("/images", json={"prompt": "a fox"})).status_code == 202


async def test_a_routed_job_says_who_took_over(house, ann):
    await house.assembly.repository.note_trouble("paid", RateLimited(retry_after=60), probe=False, policy=Policy())
    job = await paint(ann, model="picture")
    assert job["request"]["model"] == "picture"
    assert job["notes"] == [{"code": "fallback", "detail": "instant took over: paid is rate limited."}]


async def test_a_job_that_waits_for_a_paused_engine_tells_until_when(house, ann):
    state, _ = await house.assembly.repository.note_trouble("paid", OutOfMoney(), probe=False, policy=Policy())
    job = await submit(ann, model="paid")
    until = state.blocked_until.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert job["expected_start_at"] == until
    assert (await ann.get(f"/jobs/{job['id']}")).json()["expected_start_at"] == until


async def test_models_say_which_engine_is_paused_and_who_can_paint_all_the_same(house, ann):
    models = {model["name"]: model for model in (await ann.get("/models")).json()["items"]}
    assert (models["picture"]["route"], models["paid"]["route"]) == (["paid", "instant"], [])
    assert models["paid"]["problem"] is None
    assert models["picture"]["capabilities"]["max_count"] == 8
    await house.assembly.repository.note_trouble("paid", OutOfMoney("Empty."), probe=False, policy=Policy())
    models = {model["name"]: model for model in (await ann.get("/models")).json()["items"]}
    problem = models["paid"]["problem"]
    assert (problem["code"], problem["detail"]) == ("provider_out_of_money", "Empty.")
    assert problem["retry_at"] > f"{TODAY}"
    assert models["picture"]["problem"] is None


async def test_the_metrics_tell_which_engines_are_paused(house):
    await house.assembly.repository.note_trouble("paid", OutOfMoney(), probe=False, policy=Policy())
    assert b'limner_engine_blocked{code="provider_out_of_money",engine="paid"} 1.0' in await house.assembly.metrics()


async def test_the_keys_digest_stands_in_no_answer(tmp_path):
    engine = LedgerEngine(ledger=str(tmp_path / "paid"), key="a secret key")
    assert engine.credential
    async with House(tmp_path / "home").open() as house, await house.client() as ann:
        house.assembly.engines["paid"] = engine
        await house.assembly.repository.note_trouble("paid", OutOfMoney(), probe=False, policy=Policy())
        told = (await ann.get("/models")).text + (await house.assembly.metrics()).decode()
    assert engine.credential not in told
    assert "a secret key" not in told
