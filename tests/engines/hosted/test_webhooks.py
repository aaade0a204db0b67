"""Webhooks from end to end: a service, its engine, a worker and the route that it calls, all on real sockets."""

import asyncio
import contextlib

import httpx
import pytest

from limner.actions.models import Models
from limner.engines.hosted import signatures
from limner.testing.services.calling import ON_DELIVERY
from tests.web.house import House

NEVER = 3600.0
PATIENCE = 30.0


@pytest.fixture(autouse=True)
def only_news_wakes(monkeypatch):
    """Whoever looks, has been woken, at once."""
    monkeypatch.setattr("limner.actions.webhooks.SOONEST", 0.0)
    monkeypatch.setattr("limner.engines.hosted.queued.FIRST_PAUSE", NEVER)
    monkeypatch.setattr("limner.engines.hosted.queued.LONGEST_PAUSE", NEVER)


@pytest.fixture(params=["replicate", "fal"])
def service_and_engine(request):
    return request.getfixturevalue(request.param)


@contextlib.asynccontextmanager
async def house_of(engine, tmp_path):
    house = House(tmp_path / "home", public_url="https://to.be.known", limits={"close_grace": PATIENCE})
    house.assembly.engines["fox"] = engine
    house.assembly.models = Models(house.assembly.engines, default=f"fox/{engine.capabilities.models[0]}")
    async with house.serve(), await house.client() as client:
        house.assembly.webhooks.serve_at(house.url)
        try:
            yield house, client
        except BaseException:
            print("jobs:", (await client.get("/images")).text)  # pytest shows it where a test fails
            print("ears:", house.assembly.webhooks._ears)
            raise


async def until(wanted):
    async with asyncio.timeout(PATIENCE):
        while not wanted():
            await asyncio.sleep(0.01)


async def nobody_looks(service):
    """Not in the time in which whoever was woken would."""
    await asyncio.sleep(0.2)
    assert "status" not in service.purposes


async def ask_for(client, **facts):
    answer = await client.post("/images", json={"prompt": "a fox", "width": 1024, "height": 1024, **facts})
    assert answer.status_code == 202, answer.text
    return answer.json()["urls"]["self"]


async def end_of(client, url):
    async with asyncio.timeout(PATIENCE):
        while (job := (await client.get(url)).json())["state"] not in {"succeeded", "failed", "cancelled"}:
            await asyncio.sleep(0.01)
    return job


def webhook_of(house):
    """The address that the one job has which is waiting."""
    (ear,) = house.assembly.webhooks._ears.values()
    return ear.webhook.url


async def test_a_picture_is_fetched_as_soon_as_the_service_tells(service_and_engine, tmp_path):
    service, engine = service_and_engine
    async with house_of(engine, tmp_path) as (_, client):
        job = await end_of(client, await ask_for(client))
    assert (job["state"], service.answers, len(service.calls)) == ("succeeded", [204], 1)


async def test_several_calls_each_tell_for_themselves(replicate, tmp_path):
    service, engine = replicate
    async with house_of(engine, tmp_path) as (_, client):
        job = await end_of(client, await ask_for(client, count=3))
    assert (job["state"], len(service.calls)) == ("succeeded", 3)


async def test_what_the_service_did_not_just_send_wakes_nobody(service_and_engine, tmp_path):
    """And whoever sent it learns nothing: the answer is that of a good one. What is too large is not even read."""
    service, engine = service_and_engine
    service.misbehave("lost", at="webhook")
    async with house_of(engine, tmp_path) as (house, client):
        url = await ask_for(client)
        await until(lambda: len(service.calls) == 1 and house.assembly.webhooks._ears)
        for deed in ("forged", "late", "unsigned", "oversized"):
            await asyncio.to_thread(service.tell, webhook_of(house), {"anything": "at all"}, deed)
        await nobody_looks(service)
        assert service.answers[:3] == [204, 204, 204]
        await asyncio.to_thread(service.tell, webhook_of(house), {"anything": "at all"})
        job = await end_of(client, url)
    assert (job["state"], service.answers[-1], service.purposes.count("status")) == ("succeeded", 204, 1)


async def test_a_delivery_that_comes_again_is_heard_once(replicate, tmp_path):
    service, engine = replicate
    service.paint_seconds = NEVER
    service.misbehave("lost", at="webhook")
    async with house_of(engine, tmp_path) as (house, client):
        url = await ask_for(client)
        await until(lambda: len(service.calls) == 1 and house.assembly.webhooks._ears)
        await asyncio.to_thread(service.tell, webhook_of(house), {"number": 1}, "duplicate")
        await until(lambda: service.purposes.count("status") == 1)
        await asyncio.to_thread(service.tell, webhook_of(house), {"number": 1})
        await asyncio.to_thread(service.tell, webhook_of(house), {"number": 2})
        await until(lambda: service.purposes.count("status") > 1)
        assert service.purposes.count("status") == 2
        await client.post(url + "/cancel")
    assert service.answers == [204] * 5


@pytest.mark.parametrize("deed", ["lying", "early"])
async def test_what_a_delivery_says_is_not_believed(replicate, tmp_path, deed):
    service, engine = replicate
    service.misbehave(deed, at="webhook")
    if deed == "early":
        service.paint_seconds = 0.5
    async with house_of(engine, tmp_path) as (house, client):
        url = await ask_for(client)
        await until(lambda: "status" in service.purposes)
        if deed == "early":
            await asyncio.sleep(service.paint_seconds)
            await asyncio.to_thread(service.tell, webhook_of(house), {"number": 2})
        job = await end_of(client, url)
    assert (job["state"], job["error"], len(service.calls)) == ("succeeded", None, 1)


async def test_without_a_delivery_the_service_is_asked_all_the_same(replicate, tmp_path, monkeypatch):
    monkeypatch.setattr("limner.engines.hosted.queued.FIRST_PAUSE", 0.01)
    service, engine = replicate
    service.misbehave("lost", at="webhook")
    async with house_of(engine, tmp_path) as (_, client):
        job = await end_of(client, await ask_for(client))
    assert (job["state"], service.answers) == ("succeeded", [])


async def test_a_job_that_is_over_hears_nothing(replicate, tmp_path):
    service, engine = replicate
    service.misbehave("lost", at="webhook")
    async with house_of(engine, tmp_path) as (house, client):
        url = await ask_for(client)
        await until(lambda: len(service.calls) == 1 and house.assembly.webhooks._ears)
        webhook = webhook_of(house)
        await client.post(url + "/cancel")
        cancelled = await end_of(client, url)
        await until(lambda: service.cancelled and not house.assembly.webhooks._ears)
        before = list(service.purposes)
        await asyncio.to_thread(service.tell, webhook, {"number": 1})
        assert (service.answers, service.purposes) == ([204], before)
        assert (await client.get(url)).json() == cancelled


async def test_strangers_are_told_the_same_whatever_they_try(replicate, tmp_path):
    service, engine = replicate
    service.misbehave("lost", at="webhook")
    async with house_of(engine, tmp_path) as (house, client), httpx.AsyncClient() as stranger:
        await ask_for(client)
        await until(lambda: len(service.calls) == 1 and house.assembly.webhooks._ears)
        webhook = webhook_of(house)
        told = set()
        for url in (webhook, webhook[:-1], webhook[:-8] + "AAAAAAAA", f"{house.url}/webhooks/x"):
            for body, headers in ((b"", {}), (b"{}", {"webhook-signature": "v1,é"}), (b"x" * 2**21, {})):
                answer = await stranger.post(url, content=body, headers={k: v.encode() for k, v in headers.items()})
                told.add((answer.status_code, answer.content, tuple(sorted({*answer.headers} - {"date"}))))
        await nobody_looks(service)
    assert [(status, body) for status, body, _ in told] == [(204, b"")]


async def test_a_key_that_was_turned_over_is_asked_for_and_not_too_often(replicate, tmp_path, monkeypatch):
    service, engine = replicate
    service.paint_seconds = NEVER
    async with house_of(engine, tmp_path) as (house, client):
        await ask_for(client)
        await until(lambda: len(service.calls) == 1 and house.assembly.webhooks._ears)
        webhook = webhook_of(house)
        for number in range(3):
            await asyncio.to_thread(service.tell, webhook, {"number": number}, "forged")
        assert service.purposes.count("keys") == 1
        service.webhook_secret = b"turned over, and long enough"
        monkeypatch.setattr(signatures, "ASK_AGAIN", 0.0)
        await asyncio.to_thread(service.tell, webhook, {"number": 4})
        await until(lambda: "status" in service.purposes)
        assert service.purposes.count("keys") == 2


async def test_keys_that_cannot_be_had_leave_the_service_unheard(replicate, tmp_path):
    service, engine = replicate
    service.misbehave("unavailable", at="keys")
    async with house_of(engine, tmp_path) as (house, client):
        await ask_for(client)
        await until(lambda: service.answers == [204])
        await nobody_looks(service)
        assert house.assembly.webhooks._ears


async def test_where_the_internet_does_not_reach_us_no_webhook_is_named(service_and_engine, tmp_path, monkeypatch):
    monkeypatch.setattr("limner.engines.hosted.queued.FIRST_PAUSE", 0.01)
    service, engine = service_and_engine
    heard = []
    answer = service.answer
    service.answer = lambda asked: heard.append(asked) or answer(asked)
    async with house_of(engine, tmp_path) as (house, client):
        house.assembly.webhooks.serve_at("")
        await end_of(client, await ask_for(client))
    (call,) = (asked for asked in heard if asked.purpose == "call")
    assert "webhook" not in call.path + call.body.decode()


async def test_without_the_extra_fal_is_asked_only(fal, tmp_path, monkeypatch):
    monkeypatch.setattr("limner.engines.hosted.queued.FIRST_PAUSE", 0.01)
    monkeypatch.setattr("limner.engines.fal.CAN_VERIFY_ED25519", False)
    service, engine = fal
    async with house_of(engine, tmp_path) as (_, client):
        job = await end_of(client, await ask_for(client))
    assert (job["state"], service.answers) == ("succeeded", [])


def test_the_stand_in_knows_every_deed(replicate):
    service, _ = replicate
    for deed in ON_DELIVERY:
        service.misbehave(deed, at="webhook")
    assert service.misdeeds_left == len(ON_DELIVERY)
