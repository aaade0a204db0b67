import asyncio

import pytest

from limner.contracts.engine import Progress, Submitting
from limner.domain.errors import (
    BadParameter,
    OutOfMoney,
    RateLimited,
    RefusedByPolicy,
    Transient,
    Unauthorised,
    UnknownOutcome,
)
from limner.engines.openai import OpenAI
from limner.testing.instant import checkerboard
from tests.engines.hosted.painting import kinds, opened, paint

INPUTS = (
    ("image", checkerboard(64, 64, 1)),
    ("image", checkerboard(64, 64, 2)),
    ("mask", checkerboard(64, 64, 3)),
)


async def painted(hosted, **facts):
    async with opened(hosted[1]) as engine:
        return await paint(engine, **facts)


async def test_pictures_come_in_calls_of_four(openai):
    strokes, fault = await painted(openai, count=6, wants_previews=False)
    assert [stroke.ordinals for stroke in strokes if isinstance(stroke, Submitting)] == [(0, 1, 2, 3), (4, 5)]
    assert [call.pictures for call in openai[0].calls] == [4, 2]
    assert (kinds(strokes).count("Painted"), fault) == (6, None)


async def test_dall_e_3_paints_one_a_call(openai):
    await painted(openai, model="dall-e-3", count=2)
    assert [call.pictures for call in openai[0].calls] == [1, 1]
    assert openai[0].calls[0].fields["response_format"] == "b64_json"


async def test_a_call_says_what_was_asked_for(openai):
    await painted(openai, prompt="a fox", count=2, options={"quality": "high"})
    assert openai[0].calls[0].fields == {
        "model": "gpt-image-1", "prompt": "a fox", "n": 2, "size": "1024x1024", "output_format": "png", "quality": "high",
    }  # fmt: skip


async def test_sketches_of_a_single_picture_are_progress(openai):
    strokes, _ = await painted(openai)
    sketches = [stroke for stroke in strokes if isinstance(stroke, Progress)]
    assert [(one.step, one.steps, one.ordinal) for one in sketches] == [(1, 3, 0), (2, 3, 0)]
    assert all(one.preview.startswith(b"\x89PNG") for one in sketches)


@pytest.mark.parametrize("facts", [{"wants_previews": False}, {"count": 2}, {"model": "dall-e-3"}])
async def test_no_sketches_are_asked_for_that_nobody_can_see(openai, facts):
    strokes, _ = await painted(openai, **facts)
    assert "Progress" not in kinds(strokes)
    assert "stream" not in openai[0].calls[0].fields


async def test_an_operator_may_do_without_sketches():
    assert not OpenAI(key="k", partial_images=0).capabilities.previews
    with pytest.raises(ValueError, match="partial_images"):
        OpenAI(key="k", partial_images=4)


@pytest.mark.parametrize("deed", ["cut_stream", "error_in_stream"])
async def test_a_stream_that_ends_without_its_picture_may_have_been_charged(openai, deed):
    openai[0].misbehave(deed)
    _, fault = await painted(openai)
    assert type(fault) is UnknownOutcome


async def test_pictures_to_start_from_are_sent_as_a_form(openai):
    _, fault = await painted(openai, inputs=INPUTS, options={"input_fidelity": "high"})
    fields = openai[0].calls[0].fields
    first, second, mask = (len(data) for _, data in INPUTS)
    assert fault is None
    assert (fields["image[]"], fields["mask"], fields["input_fidelity"]) == ([first, second], [mask], "high")


async def test_a_single_picture_to_start_from_has_sketches_too(openai):
    strokes, fault = await painted(openai, inputs=INPUTS[:1])
    assert (kinds(strokes).count("Progress"), fault) == (2, None)
    assert openai[0].calls[0].fields["image"] == [len(INPUTS[0][1])]


async def test_options_stand_in_a_form_as_json_would_have_them(compatible):
    await painted(compatible, inputs=INPUTS[:1], options={"sharp": True, "loras": [{"name": "ink"}]})
    fields = compatible[0].calls[0].fields
    assert (fields["sharp"], fields["loras"]) == ("true", '[{"name": "ink"}]')


async def test_an_input_that_cannot_be_read_costs_nothing(openai):
    async def read_input(name):
        raise Transient("The storage is away.")

    strokes, fault = await painted(openai, inputs=INPUTS[:1], read_input=read_input)
    assert (strokes, type(fault), openai[0].purposes) == ([], Transient, [])


@pytest.mark.parametrize(
    ("deed", "expected", "told"),
    [
        ("unauthorised", Unauthorised, "operator's key"),
        ("unverified", Unauthorised, "operator's key"),
        ("rate_limited", RateLimited, "wait"),
        ("rate_limited_finely", RateLimited, "wait"),
        ("rate_limited_until", RateLimited, "wait"),
        ("queue_full", RateLimited, "wait"),
        ("loading", RateLimited, "not ready"),
        ("out_of_money", OutOfMoney, "no credit"),
        ("out_of_money_formerly", OutOfMoney, "no credit"),
        ("limit_reached", OutOfMoney, "no credit"),
        ("refused", RefusedByPolicy, "The service refuses to paint this: The safety system said no."),
        ("refused_formerly", RefusedByPolicy, "The prompt was refused"),
        ("bad_parameter", BadParameter, "Invalid size"),
        ("unknown_model", BadParameter, "The model does not exist"),
        ("detail", BadParameter, "size is odd"),
        ("unavailable", Transient, "503"),
    ],
)
async def test_what_its_answers_mean(openai, deed, expected, told):
    openai[0].misbehave(deed)
    _, fault = await painted(openai)
    assert (type(fault), openai[0].calls) == (expected, [])
    assert told in fault.detail


async def test_the_waits_that_it_names_are_kept(openai):
    waits = []
    for deed in ("rate_limited", "rate_limited_finely"):
        openai[0].misbehave(deed)
        waits.append((await painted(openai))[1].retry_after)
    assert waits == [1.0, 0.3]


async def test_pictures_by_address_are_a_handle_before_they_are_fetched(compatible):
    strokes, fault = await painted(compatible, count=2)
    assert (kinds(strokes), fault) == (["Submitting", "Submitted", "Painted"] * 2, None)


async def test_a_server_like_it_gets_the_fields_that_it_takes(compatible):
    await painted(compatible, seed=7, count=2, options={"true_cfg_scale": 4})
    first, second = (call.fields for call in compatible[0].calls)
    assert (first["seed"], second["seed"], first["n"]) == (7, 8, 1)
    assert (first["response_format"], first["true_cfg_scale"]) == ("b64_json", 4)
    assert "output_format" not in first


async def test_a_call_carries_its_key_for_gateways_that_know_it(openai):
    heard = []
    answer = openai[0].answer
    openai[0].answer = lambda asked: heard.append(asked.headers.get("idempotency-key")) or answer(asked)
    strokes, _ = await painted(openai, wants_previews=False)
    assert heard == [strokes[0].request_key]


async def test_closing_a_paint_closes_the_connection(openai):
    service, engine = openai
    service.misbehave("hang")
    async with opened(engine):
        painting = asyncio.create_task(paint(engine))
        await asyncio.sleep(0.1)
        painting.cancel()
        async with asyncio.timeout(2):
            await asyncio.wait({painting})


def test_what_each_model_takes_differs():
    can = OpenAI(key="k").capabilities
    assert can.of("gpt-image-1").size(None, 1536) == (1024, 1536)
    assert can.of("dall-e-2").size(256, None) == (256, 256)
    assert can.of("gpt-image-2").max_pixels == 3840 * 2160
    assert "style" in can.of("dall-e-3").options["properties"]
    assert not can.of("dall-e-3").inputs
