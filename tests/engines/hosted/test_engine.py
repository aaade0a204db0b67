import asyncio

import pytest

from limner.contracts.engine import OpenCall
from limner.domain.errors import NotSent, Transient, Unauthorised
from limner.domain.identity import digest_of
from limner.engines.deepai import DeepAI
from limner.engines.hosted import engine as hosted_engine
from limner.engines.hosted.engine import unpaid
from limner.engines.openai_compatible import OpenAICompatible
from limner.testing import paint_task
from tests.engines.hosted.painting import opened, paint


async def test_a_healthy_service_is_well(hosted):
    service, engine = hosted
    await engine.health()
    assert service.calls == []


async def test_its_health_is_asked_for_twice_a_minute_at_most(hosted):
    service, engine = hosted
    for _ in range(5):
        await engine.health()
    assert service.purposes == ["health"]


@pytest.mark.parametrize("name", ["openai", "compatible", "replicate"])
async def test_a_key_that_the_service_refuses_is_told_where_a_question_is_free(request, name):
    service, engine = request.getfixturevalue(name)
    service.key = "another one"
    with pytest.raises(Unauthorised, match="does not accept the key"):
        await engine.health()


async def test_a_service_that_is_not_well_is_told(hosted):
    hosted[0].misbehave("fault", at="health")
    with pytest.raises(Transient, match="a fault of its own"):
        await hosted[1].health()


async def test_a_service_that_does_not_answer_is_not_waited_for(deepai, monkeypatch):
    monkeypatch.setattr(hosted_engine, "HEALTH_SECONDS", 0.1)
    deepai[0].misbehave("hang", at="health")
    async with asyncio.timeout(5):
        with pytest.raises(NotSent, match="did not answer within"):
            await deepai[1].health()


async def test_what_was_found_stands_for_a_while(deepai):
    deepai[0].misbehave("fault", at="health")
    for _ in range(2):
        with pytest.raises(Transient):
            await deepai[1].health()


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("", 'It has no key: write key = "env:DEEPAI_API_KEY" into its table in the settings and set that variable'),
        ("env:DEEPAI_KEY", "Its key is missing: the variable DEEPAI_KEY is not set."),
        ("file:/run/secrets/deepai", "Its key is missing: the file /run/secrets/deepai cannot be read."),
    ],
)
async def test_a_key_that_is_missing_is_told_with_the_setting_to_write_and_nothing_is_called(deepai, key, told):
    service, _ = deepai
    engine = DeepAI(key=key, base_url=service.url)
    with pytest.raises(Unauthorised) as health:
        await engine.health()
    async with opened(engine):
        strokes, fault = await paint(engine)
    assert health.value.detail.startswith(told)
    assert (strokes, type(fault), service.purposes) == ([], Unauthorised, [])


async def test_a_server_of_ones_own_needs_no_key():
    engine = OpenAICompatible(base_url="http://127.0.0.1:9", models=["flux"])
    with pytest.raises(NotSent):
        await engine.health()


async def test_a_key_stands_in_no_repr_and_no_error(hosted):
    service, engine = hosted
    service.misbehave("bad_parameter")
    async with opened(engine):
        _, fault = await paint(engine)
        assert service.key not in repr(engine) + repr(engine.client) + repr(vars(fault)) + str(fault)


@pytest.mark.parametrize(
    "wrong",
    [
        {"base_url": "api.deepai.org"}, {"base_url": "file:///etc/passwd"}, {"base_url": "https://user:pass@api.deepai.org"},
        {"base_url": "https://api.deepai.org?key=1"}, {"base_url": 7}, {"timeout": 0}, {"timeout": True}, {"concurrency": -1}, {"concurrency": 0.5}, {"timeout": "60"},
        {"cost": -1},
    ],
)  # fmt: skip
def test_settings_that_cannot_be_used_are_refused(wrong):
    (name,) = wrong
    with pytest.raises(ValueError, match=name):
        DeepAI(key="k", **wrong)


def test_a_price_of_nothing_says_that_nothing_is_charged():
    facts = {"base_url": "http://127.0.0.1:9", "models": ["flux"]}
    assert OpenAICompatible(**facts).capabilities.charges
    assert not OpenAICompatible(**facts, cost=0).capabilities.charges


async def test_the_estimate_is_that_of_the_call(deepai):
    service, _ = deepai
    engine = DeepAI(
        key=service.key, base_url=service.url, cost={"default": 0.01, "image_generator_version=genius": 0.08}
    )
    async with opened(engine):
        strokes, _ = await paint(engine, count=2, options={"image_generator_version": "genius"})
    assert [stroke.cost for stroke in strokes if hasattr(stroke, "cost")] == [0.08, 0.08]


def test_the_estimate_of_a_request_is_for_all_its_pictures():
    engine = DeepAI(key="k", cost=0.01)
    assert engine.estimate(paint_task(count=3).request, "") == 0.03
    assert DeepAI(key="k").estimate(paint_task().request, "") is None


def test_whose_account_pays_is_told_without_the_key():
    assert DeepAI(key="k").credential == digest_of("k") != "k"
    assert DeepAI().credential == ""


def test_calls_are_for_consecutive_pictures_that_no_earlier_call_is_for():
    open_call = OpenCall(ordinals=(3,), request_key="k", handle={})
    task = paint_task(count=9, ordinals=(0, 1, 3, 4, 5, 6, 8), resume=(open_call,))
    assert list(unpaid(task, 2)) == [(0, 1), (4, 5), (6,), (8,)]
