import pytest

from limner.domain.errors import BadParameter, OutOfMoney, RateLimited, Unauthorised
from tests.engines.hosted.painting import opened, paint


async def test_a_call_says_what_was_asked_for(deepai):
    service, engine = deepai
    options = {"image_generator_version": "genius", "genius_preference": "anime"}
    async with opened(engine):
        await paint(engine, prompt="a fox", width=640, height=128, options=options)
    (call,) = service.calls
    assert call.fields == {"text": "a fox", "width": "640", "height": "128", **options}


@pytest.mark.parametrize(
    ("deed", "expected", "told"),
    [
        ("out_of_money", OutOfMoney, "no credit left"),
        ("payment_required", OutOfMoney, "no credit left"),
        ("unauthorised", Unauthorised, "does not accept the operator's key"),
        ("bad_parameter", BadParameter, "error processing given inputs from request"),
        ("bad_parameter_in_200", BadParameter, "error processing given inputs from request"),
        ("rate_limited", RateLimited, "asks us to wait"),
        ("rate_limited_silently", RateLimited, "asks us to wait"),
    ],
)
async def test_what_its_answers_mean(deepai, deed, expected, told):
    service, engine = deepai
    service.misbehave(deed)
    async with opened(engine):
        _, fault = await paint(engine)
    assert (type(fault), service.calls) == (expected, [])
    assert told in fault.detail
