"""Jobs at hosted engines from end to end: what is charged, what is kept, what people are told.

The defects of the closest peer are here as far as one engine shows them; what comes from a route of several, and budgets,
have their tests beside those.
"""

import asyncio
import json
import logging
from datetime import timedelta

import pytest

from limner.actions.models import Models
from limner.domain.job import JobState
from limner.engines.deepai import DeepAI
from limner.engines.fal import Fal
from limner.engines.openai import OpenAI
from limner.engines.replicate import Replicate
from limner.testing.services import DeepAIService, OpenAIService, ReplicateService
from tests.actions.workshop import workshop
from tests.web.house import House, paint

OPENAI, REPLICATE = "fox/gpt-image-1", "fox/someone/flux"


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr("limner.actions.judge.LONGEST_PAUSE", 0.01)
    monkeypatch.setattr("limner.domain.engine_state.LONGEST_BLOCK", 0.05)


async def job_at(tmp_path, hosted, *, on_ambiguous=None, **facts):
    """The finished job."""
    _, engine = hosted
    model = "/".join(("fox", *engine.capabilities.models[:1]))
    async with workshop(tmp_path, fox=engine, on_ambiguous=on_ambiguous) as shop:
        return await shop.painted(**{"model": model} | facts)


@pytest.mark.parametrize(
    ("name", "deed", "at", "code", "retryable"),
    [
        ("openai", "unauthorised", "call", "provider_unauthorised", True),
        ("openai", "out_of_money", "call", "provider_out_of_money", True),
        ("openai", "refused", "call", "refused_by_policy", False),
        ("openai", "bad_parameter", "call", "bad_parameter", False),
        ("openai", "gateway_timeout", "call", "ambiguous_charge", True),
        ("openai", "cut_stream", "call", "ambiguous_charge", True),
        ("deepai", "out_of_money", "call", "provider_out_of_money", True),
        ("deepai", "bad_parameter_in_200", "call", "bad_parameter", False),
        ("deepai", "reset_after", "call", "ambiguous_charge", True),
        ("deepai", "bad_gateway", "call", "ambiguous_charge", True),
        ("replicate", "out_of_money", "call", "provider_out_of_money", True),
        ("replicate", "refused_later", "call", "refused_by_policy", False),
        ("replicate", "reset_after", "call", "ambiguous_charge", True),
        ("fal", "refused", "call", "refused_by_policy", False),
        ("fal", "unfit", "call", "refused_by_policy", False),
    ],
)
async def test_what_cannot_get_better_is_told_at_once_by_its_own_code(
    tmp_path, request, name, deed, at, code, retryable
):
    hosted = service, _ = request.getfixturevalue(name)
    service.misbehave(deed, at=at)
    job = await job_at(tmp_path, hosted)
    assert (job.error.code, job.error.retryable, job.attempt) == (code, retryable, 1)
    assert len(service.calls) <= 1 + job.ambiguous_calls


@pytest.mark.parametrize(("deed", "tries"), [("fault", 3), ("unavailable", 3), ("loading", 1), ("rate_limited", 1)])
async def test_what_passes_is_tried_again_and_charged_once(tmp_path, hosted, deed, tries):
    """Waiting for a service that asks for it is no try."""
    service, _ = hosted
    service.misbehave(deed, times=2)
    job = await job_at(tmp_path, hosted)
    assert (job.state, job.attempt, job.ambiguous_calls) == (JobState.SUCCEEDED, tries, 0)
    assert len(service.calls) == 1


async def test_the_job_waits_as_long_as_the_service_asks(tmp_path, deepai, monkeypatch):
    monkeypatch.setattr("limner.domain.engine_state.LONGEST_BLOCK", 600.0)
    service, engine = deepai
    service.misbehave("rate_limited")
    async with workshop(tmp_path, fox=engine) as shop:
        began = shop.rows.now()
        job = await shop.painted(model="fox")
    assert job.state is JobState.SUCCEEDED
    assert job.finished_at - began >= timedelta(seconds=1)


async def test_a_service_that_always_says_wait_costs_nothing(tmp_path, deepai):
    service, engine = deepai
    service.misbehave("rate_limited", times=1000)
    async with workshop(tmp_path, fox=engine) as shop:
        job = await shop.painted(model="fox", deadline_at=shop.rows.now() + timedelta(seconds=0.5))
    assert (job.state, service.calls) == (JobState.FAILED, [])


@pytest.mark.parametrize("deed", ["html", "gif", "svg", "vast", "truncated", "empty"])
@pytest.mark.parametrize("name", ["deepai", "openai", "replicate", "fal"])
async def test_a_picture_that_is_none_is_bought_once_more_and_then_told(tmp_path, request, name, deed):
    hosted = service, _ = request.getfixturevalue(name)
    service.misbehave(deed, at="call" if name == "openai" else "picture", times=2)
    job = await job_at(tmp_path, hosted)
    expected = "engine_failed" if (name, deed) == ("openai", "html") else "bad_image"
    assert (job.error.code, job.paid_bad_outputs, job.images) == (expected, 2, ())
    assert len(service.calls) == 2


async def test_a_download_that_fails_is_tried_again_and_not_paid_again(tmp_path, deepai):
    deepai[0].misbehave("short", at="picture", times=2)
    job = await job_at(tmp_path, deepai)
    assert (job.state, job.attempt, job.paid_bad_outputs) == (JobState.SUCCEEDED, 3, 0)
    assert len(deepai[0].calls) == 1


async def test_an_operator_may_have_unknown_charges_tried_again(tmp_path, deepai):
    deepai[0].misbehave("reset_after")
    job = await job_at(tmp_path, deepai, on_ambiguous={"fox": "retry"})
    assert (job.state, job.ambiguous_calls, len(deepai[0].calls)) == (JobState.SUCCEEDED, 1, 2)


async def test_pictures_as_base64_are_kept(tmp_path, openai):
    job = await job_at(tmp_path, openai, count=2)
    assert (job.state, len(job.images), len(openai[0].calls)) == (JobState.SUCCEEDED, 2, 1)


async def test_pictures_outlast_their_addresses_and_the_service(tmp_path):
    with DeepAIService() as service:
        engine = DeepAI(key=service.key, base_url=service.url)
        async with workshop(tmp_path, fox=engine) as shop:
            job = await shop.painted(model="fox")
            service.__exit__()
            data = await shop.storage.read(job.images[0].key)
    assert data.startswith(b"\x89PNG")
    assert service.url.encode() not in data


async def test_a_restart_finds_the_call_again_and_fetches_without_paying(tmp_path):
    with ReplicateService(paint_seconds=1.0) as service:
        engine = Replicate(key=service.key, base_url=service.url, models=["someone/flux"])
        async with workshop(tmp_path, fox=engine) as shop:
            job_id = await shop.submit(model=REPLICATE, count=2)
            await shop.until(job_id, lambda _: len(service.calls) == 2 and "status" in service.purposes)
            await shop.workers[0].stop()
            await shop.worker().start()
            job = await shop.end(job_id)
    assert (job.state, job.attempt, len(service.calls), service.cancelled) == (JobState.SUCCEEDED, 1, 2, [])


async def test_a_deadline_stops_the_service_and_buys_nothing_more(tmp_path):
    with ReplicateService(paint_seconds=60) as service:
        engine = Replicate(key=service.key, base_url=service.url, models=["someone/flux"])
        async with workshop(tmp_path, fox=engine) as shop:
            job = await shop.painted(model=REPLICATE, deadline_at=shop.rows.now() + timedelta(seconds=0.6))
            async with asyncio.timeout(5):
                while not service.cancelled:
                    await asyncio.sleep(0.01)
    assert (job.error.code, len(service.calls)) == ("deadline_exceeded", 1)


async def test_a_cancel_reaches_the_service(tmp_path):
    with ReplicateService(paint_seconds=60) as service:
        engine = Replicate(key=service.key, base_url=service.url, models=["someone/flux"])
        async with workshop(tmp_path, fox=engine) as shop:
            job_id = await shop.submit(model=REPLICATE)
            await shop.until(job_id, lambda _: "status" in service.purposes)
            await shop.rows.cancel(job_id)
            assert (await shop.end(job_id)).state is JobState.CANCELLED
            async with asyncio.timeout(5):
                while not service.cancelled:
                    await asyncio.sleep(0.01)


async def test_sketches_reach_watchers_small(tmp_path, openai):
    previews = []
    async with workshop(tmp_path, fox=openai[1]) as shop:
        publish = shop.notifier.publish
        shop.notifier.publish = lambda signals: previews.extend(signals) or publish(signals)
        await shop.painted(model=OPENAI)
    sketches = [signal for signal in previews if hasattr(signal, "media_type")]
    assert [(one.media_type, len(one.image) <= 24 * 1024) for one in sketches] == [("image/webp", True)] * 2


async def test_the_estimate_of_each_call_is_in_its_row(tmp_path):
    with DeepAIService() as service:
        engine = DeepAI(key=service.key, base_url=service.url, cost=0.01)
        async with workshop(tmp_path, fox=engine) as shop:
            calls = []
            opened = shop.rows.open_call
            shop.repository.open_call = lambda lease, call, **named: calls.append(call) or opened(lease, call, **named)
            await shop.painted(model="fox", count=2)
    assert [call.cost for call in calls] == [0.01, 0.01]


async def test_a_key_is_nowhere_but_in_the_request(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    with OpenAIService() as service:
        service.key = "sk-canary-4711"
        engine = OpenAI(key=service.key, base_url=service.api_url)
        async with workshop(tmp_path, fox=engine) as shop:
            jobs = [await shop.painted(model=OPENAI)]
            for deed in ("bad_parameter", "html", "fault", "reset_after", "unauthorised"):
                service.misbehave(deed)
                jobs.append(await shop.painted(model=OPENAI, max_attempts=1))
        written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert service.key not in caplog.text + str(jobs)
    assert service.key.encode() not in written


async def test_no_seed_is_shown_where_the_engine_takes_none(tmp_path, deepai, fal):
    house = House(tmp_path / "home")
    house.assembly.engines |= {"deepai": deepai[1], "fal": fal[1]}
    house.assembly.models = Models(house.assembly.engines, default="deepai")
    async with house.open(), await house.client() as client:
        seedless, seeded = [
            await paint(client, model=model, width=512, height=512) for model in ("deepai", "fal/someone/flux/dev")
        ]
        content = await client.get(seedless["images"][0]["url"])
    assert (seedless["request"]["seed"], seedless["images"][0]["seed"]) == (None, None)
    assert f"limner-{seedless['images'][0]['id'][-12:]}." in content.headers["content-disposition"]
    assert seeded["request"]["seed"] == seeded["images"][0]["seed"] is not None
    assert fal[0].calls[0].fields["seed"] == seeded["request"]["seed"]


async def test_a_submit_does_not_wait_for_the_service_and_models_tell_what_is_missing(tmp_path):
    with DeepAIService() as service:
        service.misbehave("hang")
        house = House(tmp_path / "home")
        house.assembly.engines["deepai"] = DeepAI(key=service.key, base_url=service.url)
        house.assembly.engines["fal"] = Fal(models=["someone/flux"])
        models = type(house.assembly.models)(house.assembly.engines, default="deepai")
        house.assembly.models = models
        async with house.open(), await house.client() as client:
            async with asyncio.timeout(2):
                answer = await client.post("/images", json={"prompt": "a fox"})
            told = {one["name"]: one for one in (await client.get("/models")).json()["items"]}
            await client.post(answer.json()["urls"]["cancel"])
    assert answer.status_code == 202
    assert told["deepai"]["problem"] is None
    assert told["fal/someone/flux"]["problem"]["code"] == "provider_unauthorised"
    assert 'key = "env:FAL_KEY"' in told["fal/someone/flux"]["problem"]["detail"]
    assert json.dumps(told["deepai"]["capabilities"]["options"]).count("genius")
