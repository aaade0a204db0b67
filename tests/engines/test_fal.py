import pytest

from limner.contracts.engine import Submitted
from limner.domain.errors import BadParameter, CallFailed, OutOfMoney, RateLimited, RefusedByPolicy, Unauthorised
from tests.engines.hosted.canary import canary
from tests.engines.hosted.painting import kinds, opened, paint


async def test_a_call_says_what_was_asked_for(fal):
    service, engine = fal
    async with opened(engine):
        await paint(engine, prompt="a fox", seed=7, width=512, height=768, options={"num_inference_steps": 4})
    assert service.calls[0].fields == {
        "prompt": "a fox", "image_size": {"width": 512, "height": 768}, "num_images": 1, "seed": 7, "num_inference_steps": 4,
    }  # fmt: skip


async def test_its_handle_is_the_addresses_that_the_queue_gave(fal):
    service, engine = fal
    async with opened(engine):
        strokes, _ = await paint(engine)
    (handle,) = [stroke.handle for stroke in strokes if isinstance(stroke, Submitted)]
    assert handle["status_url"] == f"{service.url}/requests/r1/status"


@pytest.mark.parametrize(
    ("deed", "expected", "told"),
    [
        ("unauthorised", Unauthorised, "operator's key"),
        ("out_of_money", OutOfMoney, "no credit"),
        ("rate_limited", RateLimited, "wait"),
        ("rate_limited_silently", RateLimited, "wait"),
        ("refused", RefusedByPolicy, "The content could not be processed"),
        ("bad_parameter", BadParameter, "num_inference_steps must be greater than 0"),
        ("failed", CallFailed, "Runner died"),
        ("without_picture", CallFailed, "no picture"),
        ("without_addresses", CallFailed, "no addresses"),
    ],
)
async def test_what_its_answers_mean(fal, deed, expected, told):
    service, engine = fal
    service.misbehave(deed)
    async with opened(engine):
        _, fault = await paint(engine)
    assert type(fault) is expected
    assert told in fault.detail


@pytest.mark.parametrize("name", ["status_url", "response_url"])
async def test_our_key_is_not_taken_to_another_server_that_an_answer_names(fal, name):
    service, engine = fal
    async with canary() as listening:
        service.addresses[name] = f"http://127.0.0.1:{listening.port}/requests/r1"
        async with opened(engine):
            strokes, fault = await paint(engine)
    assert (kinds(strokes)[:2], type(fault), listening.heard) == (["Submitting", "Submitted"], CallFailed, [])
    assert "with our key, which stays here" in fault.detail
