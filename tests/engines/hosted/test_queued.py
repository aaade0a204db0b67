import asyncio

import pytest

from limner.contracts.engine import OpenCall, Painted, Progress, Submitted, Submitting, Webhook
from limner.domain.errors import CallFailed, RefusedByPolicy, Transient
from limner.engines.hosted import queued
from limner.testing import paint_task
from tests.engines.hosted.painting import kinds, opened, paint


@pytest.fixture(params=["replicate", "fal"])
def service_and_engine(request):
    return request.getfixturevalue(request.param)


def ordinals(strokes):
    return sorted(stroke.ordinal for stroke in strokes if isinstance(stroke, Painted))


async def test_all_calls_are_handed_in_before_the_first_look(service_and_engine):
    service, engine = service_and_engine
    async with opened(engine):
        strokes, fault = await paint(engine, count=3)
    assert kinds(strokes)[:6] == ["Submitting", "Submitted"] * 3
    assert (ordinals(strokes), fault) == ([0, 1, 2], None)
    assert service.purposes[:4] == ["call", "call", "call", "status"]


async def test_a_call_that_fails_leaves_the_others_their_pictures(service_and_engine):
    service, engine = service_and_engine
    service.misbehave("failed")
    async with opened(engine):
        strokes, fault = await paint(engine, count=3)
    assert (ordinals(strokes), type(fault), fault.facts["spent"]) == ([1, 2], CallFailed, (0,))


async def test_all_calls_that_bought_nothing_are_named(service_and_engine):
    service, engine = service_and_engine
    service.misbehave("failed", times=2)
    async with opened(engine):
        strokes, fault = await paint(engine, count=3)
    assert (ordinals(strokes), type(fault)) == ([2], CallFailed)
    assert sorted(fault.facts["spent"]) == [0, 1]


async def test_a_look_that_fails_in_passing_is_followed_by_another(service_and_engine):
    service, engine = service_and_engine
    for deed in ("fault", "reset_before", "html", "bad_gateway"):
        service.misbehave(deed, at="status")
    async with opened(engine):
        strokes, fault = await paint(engine)
    assert (ordinals(strokes), fault, len(service.calls)) == ([0], None, 1)


async def test_no_news_shortens_a_wait_that_the_service_asked_for(service_and_engine, monkeypatch):
    monkeypatch.setattr(queued, "LONGEST_WAIT", 0.05)
    service, engine = service_and_engine
    service.misbehave("rate_limited", at="status")
    service.misbehave("lost", at="webhook")
    waits = []

    async def wait(seconds):
        waits.append(seconds)

    async with opened(engine):
        _, fault = await paint(engine, webhook=Webhook(url="https://images.example.com/webhooks/x", wait=wait))
    assert (fault, len(waits), service.purposes.count("status")) == (None, 1, 2)


async def test_looks_that_go_on_failing_send_the_job_back_with_its_handle(service_and_engine):
    service, engine = service_and_engine
    service.misbehave("unavailable", at="status", times=queued.DEAF_LOOKS)
    async with opened(engine):
        strokes, fault = await paint(engine)
    assert (kinds(strokes)[:2], type(fault), fault.facts) == (["Submitting", "Submitted"], Transient, {})


async def test_a_picture_that_cannot_be_fetched_in_passing_is_fetched_at_the_next_look(service_and_engine):
    service, engine = service_and_engine
    service.misbehave("short", at="picture", times=2)
    async with opened(engine):
        strokes, fault = await paint(engine)
    assert (ordinals(strokes), fault, len(service.calls)) == ([0], None, 1)


async def test_a_handle_brings_the_pictures_of_an_earlier_try(service_and_engine):
    service, engine = service_and_engine
    async with opened(engine):
        first, _ = await paint(engine, count=2)
        calls = [
            OpenCall(ordinals=stroke.ordinals, request_key="k", handle=stroke.handle)
            for stroke in first
            if isinstance(stroke, Submitted)
        ]
        again, fault = await paint(engine, count=2, resume=tuple(calls))
    assert (ordinals(again), fault, len(service.calls)) == ([0, 1], None, 2)
    assert not any(isinstance(stroke, Submitting) for stroke in again)


@pytest.mark.parametrize("at", ["status", "picture"])
async def test_a_call_that_the_service_no_longer_knows_is_over(service_and_engine, at):
    service, engine = service_and_engine
    service.misbehave("gone", at=at)
    async with opened(engine):
        strokes, fault = await paint(engine)
    assert (ordinals(strokes), type(fault), fault.facts["ordinal"]) == ([], CallFailed, 0)


async def test_the_service_is_asked_less_and_less_often(monkeypatch):
    monkeypatch.setattr(queued, "SLOWER", 2.0)
    watch = queued._Watch({(0,): None})
    assert [watch.pause() for _ in range(12)][-3:] == [queued.LONGEST_PAUSE] * 3


async def test_a_wait_that_the_service_asks_for_is_kept(service_and_engine):
    service, engine = service_and_engine
    slept = []

    async def note(seconds, real=asyncio.sleep):
        slept.append(seconds)
        await real(0)

    service.misbehave("rate_limited", at="status")
    async with opened(engine):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("limner.engines.hosted.queued.asyncio.sleep", note)
            strokes, fault = await paint(engine)
    assert (ordinals(strokes), fault) == ([0], None)
    assert max(slept) in {1.0, 30.0}


async def test_cancel_reaches_the_service(service_and_engine):
    service, engine = service_and_engine
    service.paint_seconds = 60
    async with opened(engine):
        model = engine.capabilities.models[0]
        paint_of = engine.paint(paint_task(model=model, width=1024, height=1024))
        async for stroke in paint_of:
            if isinstance(stroke, Submitted):
                break
        await paint_of.aclose()
        await engine.cancel(OpenCall(ordinals=(0,), request_key="k", handle=stroke.handle))
    assert len(service.cancelled) == 1


async def test_progress_is_what_the_service_tells(replicate):
    service, engine = replicate
    service.paint_seconds = 0.3
    async with opened(engine):
        strokes, _ = await paint(engine)
    steps = [stroke.step for stroke in strokes if isinstance(stroke, Progress)]
    assert steps == sorted(steps)
    assert 0 < steps[-1] < 100


async def test_a_refusal_that_comes_late_is_a_refusal(replicate, fal):
    for (service, engine), deed in ((replicate, "refused_later"), (fal, "unfit")):
        service.misbehave(deed)
        async with opened(engine):
            _, fault = await paint(engine)
        assert type(fault) is RefusedByPolicy
