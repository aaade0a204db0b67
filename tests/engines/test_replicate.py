import pytest

from limner.contracts.engine import Submitted
from limner.domain.errors import BadParameter, CallFailed, OutOfMoney, RateLimited, Unauthorised
from limner.engines.replicate import Replicate
from tests.engines.hosted.painting import opened, paint


def engine_of(service, **facts):
    return Replicate(**{"key": service.key, "base_url": service.url, "models": ["someone/flux"]} | facts)


@pytest.mark.parametrize(
    ("model", "path", "version"),
    [
        ("someone/flux", "/v1/models/someone/flux/predictions", None),
        ("someone/sdxl:39ed52f2", "/v1/predictions", "39ed52f2"),
        ("deployments/us/painter", "/v1/deployments/us/painter/predictions", None),
    ],
)
async def test_a_model_a_version_and_a_deployment_have_their_own_places(replicate, model, path, version):
    service, _ = replicate
    heard = []
    answer = service.answer
    service.answer = lambda asked: heard.append(asked) or answer(asked)
    async with opened(engine_of(service, models=[model])) as engine:
        _, fault = await paint(engine)
    assert fault is None
    assert (heard[0].path, heard[0].document.get("version")) == (path, version)


async def test_a_call_says_what_the_model_takes_and_no_more(replicate):
    service, _ = replicate
    takes = ["seed", "aspect_ratio", "format", "steps"]
    async with opened(engine_of(service, takes=takes)) as engine:
        await paint(engine, prompt="a fox", seed=7, width=1344, height=768, options={"go_fast": True})
    assert service.calls[0].fields == {
        "prompt": "a fox", "seed": 7, "aspect_ratio": "16:9", "output_format": "png", "go_fast": True,
    }  # fmt: skip


async def test_its_handle_is_the_predictions_id(replicate):
    async with opened(replicate[1]) as engine:
        strokes, _ = await paint(engine)
    assert [stroke.handle for stroke in strokes if isinstance(stroke, Submitted)] == [{"id": "p1"}]


@pytest.mark.parametrize(
    ("deed", "expected", "told"),
    [
        ("unauthorised", Unauthorised, "operator's key"),
        ("out_of_money", OutOfMoney, "no credit"),
        ("rate_limited", RateLimited, "wait"),
        ("bad_parameter", BadParameter, "input.steps: Must be less than or equal to 4"),
        ("unknown_model", BadParameter, "The requested resource could not be found"),
        ("failed", CallFailed, "CUDA out of memory"),
        ("without_id", CallFailed, "gave it no id"),
    ],
)
async def test_what_its_answers_mean(replicate, deed, expected, told):
    service, engine = replicate
    service.misbehave(deed)
    async with opened(engine):
        _, fault = await paint(engine)
    assert type(fault) is expected
    assert told in fault.detail


async def test_the_wait_in_its_words_is_kept(replicate):
    service, engine = replicate
    service.misbehave("rate_limited")
    async with opened(engine):
        _, fault = await paint(engine)
    assert fault.retry_after == 30


def test_a_model_has_its_own_size_unless_it_takes_another():
    facts = {"models": ["someone/flux"]}
    assert Replicate(**facts).capabilities.sizes == ((1024, 1024),)
    assert (1344, 768) in Replicate(**facts, takes=["aspect_ratio"]).capabilities.sizes
    assert Replicate(**facts, takes=["width", "height"]).capabilities.sizes == ()
    assert not Replicate(**facts, takes=[]).capabilities.seeds


@pytest.mark.parametrize("wrong", [{"models": []}, {"models": "someone/flux"}, {"models": ["a/b"], "takes": ["sede"]}])
def test_models_and_fields_that_cannot_be_are_refused(wrong):
    with pytest.raises(ValueError, match=r"models is|takes has"):
        Replicate(**wrong)
