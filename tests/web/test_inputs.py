"""Uploads: what is taken, what is kept of it, who sees it, and what jobs make of it."""

import io
import re

import pytest
from PIL import Image

from limner.actions.claim_storage import MARK
from limner.domain.identity import new_id
from limner.testing.instant import checkerboard
from limner.testing.services import OpenAIService
from tests.codecs.pictures import encoded, enormous_png
from tests.web.house import House, paint, submit

PNG = checkerboard(64, 48, 7)
TYPED = {"Content-Type": "image/png"}
FORM = {"Content-Type": "multipart/form-data; boundary=b"}
INPUT = {
    "id": "0199c2a4-8200-7…",
    "width": 64,
    "height": 48,
    "format": "png",
    "bytes": 300,
    "sha256": "9f2c…",
    "created_at": "2026-09-01T09:00:00.120Z",
    "expires_at": "2026-09-02T09:00:00.120Z",
    "url": "/inputs/0199c2a4-8200-7…/content",
}


async def upload(client, data=PNG):
    answer = await client.post("/inputs", content=data, headers=TYPED)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def faults(client, *inputs, **fields):
    """What is wrong with asking for these."""
    answer = await client.post("/images", json={"prompt": "a fox", "inputs": list(inputs), **fields})
    assert answer.status_code == 422, answer.text
    return [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]]


async def kept_keys(house):
    return [stored.key async for stored in house.assembly.storage.list() if stored.key != MARK]


async def pixels_of(client, job):
    content = (await client.get(job["images"][0]["url"])).content
    return Image.open(io.BytesIO(content)).convert("RGB").tobytes()


def as_image(found):
    return {"role": "image", "input": found["id"]}


async def test_an_upload_is_told_as_the_wire_shows_it(ann):
    answer = await ann.post("/inputs", content=PNG, headers=TYPED)
    told = answer.json()
    assert {name: type(value) for name, value in told.items()} == {name: type(value) for name, value in INPUT.items()}
    assert list(told) == list(INPUT)
    assert (told["width"], told["height"], told["format"]) == (64, 48, "png")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", told["expires_at"])
    assert answer.headers["location"] == f"/inputs/{told['id']}"
    assert (await ann.get(answer.headers["location"])).json() == told


async def test_the_bytes_of_an_upload_are_served_like_a_picture(ann):
    told = await upload(ann)
    answer = await ann.get(told["url"])
    assert Image.open(io.BytesIO(answer.content)).size == (64, 48)
    assert (len(answer.content), answer.headers["etag"]) == (told["bytes"], f'"{told["sha256"]}"')
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert f"limner-input-{told['id'][-12:]}.png" in answer.headers["content-disposition"]
    again = await ann.get(told["url"], headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_a_form_with_one_file_is_taken_whatever_its_field_is_called(ann):
    for name in ("file", "image"):
        answer = await ann.post("/inputs", files={name: ("fox.png", PNG, "image/png")})
        assert (answer.status_code, answer.json()["width"]) == (201, 64)


async def test_what_it_is_decides_and_not_what_it_is_called(ann):
    answer = await ann.post("/inputs", content=encoded("webp"), headers={"Content-Type": "image/png"})
    assert answer.json()["format"] == "webp"
    answer = await ann.post("/inputs", content=PNG, headers={"Content-Type": "application/octet-stream"})
    assert answer.json()["format"] == "png"


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/x-www-form-urlencoded", None])
async def test_what_says_that_it_is_no_picture_is_refused(ann, kind):
    answer = await ann.post("/inputs", content=PNG, headers={"Content-Type": kind} if kind else {})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    assert answer.json()["detail"].startswith("Send a PNG, JPEG or WebP")


@pytest.mark.parametrize(
    "data",
    [b"", b"GIF89a", b"<svg/>", PNG[:-20], enormous_png(), b"\x89PNG\r\n\x1a\n" + b"\0" * 100],
    ids=["nothing", "gif", "svg", "cut short", "bomb", "junk"],
)
async def test_what_is_no_picture_is_refused_and_nothing_is_kept(house, ann, data):
    answer = await ann.post("/inputs", content=data, headers=TYPED)
    (fault,) = answer.json()["errors"]
    assert (answer.status_code, fault["pointer"], fault["code"]) == (422, "", "bad_image")
    assert await kept_keys(house) == []


async def test_a_bomb_is_told_the_limit(ann):
    answer = await ann.post("/inputs", content=enormous_png(), headers=TYPED)
    (fault,) = answer.json()["errors"]
    assert (fault["detail"], fault["maximum"]) == (
        "The picture has far more than the 32,000,000 pixels that are allowed.",
        32_000_000,
    )


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "The form is cut short. Send one file and nothing else."),
        (b"--b--\r\n", "The form holds no file. Send one file and nothing else."),
        (b"nonsense--", "The form cannot be read: Invalid multipart data. Send one file and nothing else."),
        (
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\nhalf a pic',
            "The form is cut short. Send one file and nothing else.",
        ),
    ],
)
async def test_a_form_that_is_none_is_refused(ann, body, detail):
    answer = await ann.post("/inputs", content=body, headers=FORM)
    (fault,) = answer.json()["errors"]
    assert (answer.status_code, fault["code"], fault["detail"]) == (422, "bad_form", detail)


@pytest.mark.parametrize(
    "more", [{"files": [("a", ("a", PNG)), ("b", ("b", PNG))]}, {"files": {"a": PNG}, "data": {"purpose": "edit"}}]
)
async def test_a_form_with_more_than_one_file_is_refused(ann, more):
    answer = await ann.post("/inputs", **more)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "bad_form")


async def test_too_large_a_body_is_refused_before_it_is_read(tmp_path):
    async with House(tmp_path, limits={"input_bytes": 1024}).serve() as house, await house.client() as ann:

        async def unannounced(size):
            for _ in range(size // 1024):
                yield b"x" * 1024

        for body, headers in ((b"x" * 1025, TYPED), (unannounced(2048), TYPED), (unannounced(18_432), FORM)):
            answer = await ann.post("/inputs", content=body, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
        answer = await ann.post("/inputs", content=b"x" * 1025, headers=TYPED)
        assert (answer.json()["detail"], answer.json()["maximum"]) == ("The limit is 1024 bytes.", 1024)


async def test_an_owner_has_room_for_so_much(tmp_path):
    async with House(tmp_path, limits={"input_quota": 300}).open() as house, await house.client() as ann:
        await upload(ann)
        answer = await ann.post("/inputs", content=encoded("png"), headers=TYPED)
        assert (answer.status_code, answer.json()["code"], answer.json()["maximum"]) == (429, "too_many_inputs", 300)
        assert int(answer.headers["retry-after"]) > 80_000
        assert len(await kept_keys(house)) == 1


async def test_an_upload_that_is_deleted_is_gone(house, ann):
    told = await upload(ann)
    assert (await ann.delete(f"/inputs/{told['id']}")).status_code == 204
    assert (await ann.get(f"/inputs/{told['id']}")).status_code == 404
    assert (await ann.get(told["url"])).status_code == 404
    assert (await ann.delete(f"/inputs/{told['id']}")).status_code == 404
    assert await kept_keys(house) == []


async def test_a_job_is_painted_from_what_it_names(ann):
    """The instant engine paints another picture from other inputs."""
    first, other = await upload(ann), await upload(ann, checkerboard(64, 48, 8))
    asked = [{"inputs": [as_image(first)]}, {"inputs": [as_image(other)]}, {"inputs": [as_image(first)]}]
    painted = [await pixels_of(ann, await paint(ann, seed=7, **fields)) for fields in asked]
    assert [pixels == painted[0] for pixels in painted] == [True, False, True]


async def test_a_job_tells_what_it_starts_from(ann):
    image = (await paint(ann))["images"][0]
    mask = await upload(ann, checkerboard(image["width"], image["height"], 1))
    inputs = [{"role": "image", "image": image["id"]}, {"role": "mask", "input": mask["id"]}]
    job = await submit(ann, inputs=inputs, strength=0.6)
    assert job["request"]["inputs"] == [
        {"role": "image", "input": None, "image": image["id"]},
        {"role": "mask", "input": mask["id"], "image": None},
    ]
    assert job["request"]["strength"] == 0.6
    assert (await ann.get(f"/inputs/{mask['id']}")).json()["expires_at"] is None


async def test_a_picture_is_as_large_as_the_image_unless_asked_otherwise(ann):
    told = await upload(ann)
    job = await submit(ann, inputs=[as_image(told)])
    assert (job["request"]["width"], job["request"]["height"]) == (64, 48)
    job = await submit(ann, inputs=[as_image(told)], width=32)
    assert (job["request"]["width"], job["request"]["height"]) == (32, 64)


async def test_absent_foreign_malformed_deleted_and_expired_ones_look_the_same(house, ann):
    deleted = await upload(ann)
    await ann.delete(f"/inputs/{deleted['id']}")
    async with await house.client("ben") as ben:
        foreign, painted = await upload(ben), (await paint(ben))["images"][0]
    told = set()
    for one in (deleted["id"], foreign["id"], painted["id"], new_id(), "x", "'; --"):
        answer = await ann.post("/images", json={"prompt": "a fox", "inputs": [{"role": "image", "input": one}]})
        told.add((answer.status_code, answer.text))
    ((status, text),) = told
    assert (status, '"pointer":"/inputs/0/input","code":"unknown_input"' in text) == (422, True)
    assert await faults(ann, {"role": "image", "image": painted["id"]}) == [("/inputs/0/image", "unknown_input")]


async def test_a_model_that_takes_none_says_so(ann):
    told = await upload(ann)
    assert await faults(ann, as_image(told), model="gated") == [("/inputs", "not_supported")]


async def test_models_tell_what_they_take(ann):
    models = {one["name"]: one["capabilities"] for one in (await ann.get("/models")).json()["items"]}
    assert models["instant"]["inputs"]["image"] == {
        "min_count": 0,
        "max_count": 16,
        "formats": ["png", "jpeg", "webp"],
        "min_side": 1,
        "max_side": 16384,
        "max_bytes": None,
    }
    assert models["instant"]["strength"] == {"minimum": 0.0, "maximum": 1.0}
    assert (models["gated"]["inputs"], models["gated"]["strength"]) == ({}, None)


@pytest.mark.parametrize(("field", "ours"), [("image", "inputs"), ("mask", "inputs"), ("prompt_strength", "strength")])
async def test_names_from_elsewhere_are_answered_with_ours(ann, field, ours):
    answer = await ann.post("/images", json={"prompt": "a fox", field: "x"})
    (fault,) = answer.json()["errors"]
    assert fault["detail"] == f"There is no field {field}; did you mean {ours}?"


async def test_an_idempotency_key_is_bound_to_the_inputs(ann):
    first, other = await upload(ann), await upload(ann)
    headers = {"Idempotency-Key": "k"}
    bodies = [{"prompt": "a fox", "inputs": [as_image(one)]} for one in (first, first, other)]
    answers = [await ann.post("/images", json=body, headers=headers) for body in bodies]
    assert [answer.status_code for answer in answers] == [202, 202, 422]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert answers[2].json()["code"] == "idempotency_key_reused"


async def test_a_service_edits_what_was_uploaded(tmp_path):
    """A whole job over HTTP: two pictures and a mask go to the service as a form, and its picture is kept."""
    with OpenAIService() as service:
        table = {"kind": "openai", "key": service.key, "base_url": service.api_url}
        house = House(tmp_path, engines={"openai": table}, limits={"running_per_owner": 4})
        await house.assembly.start(work=True)
        async with await house.client() as ann:
            first, mask = await upload(ann), await upload(ann)
            second = (await paint(ann))["images"][0]["id"]
            given = [as_image(first), {"role": "image", "image": second}, {"role": "mask", "input": mask["id"]}]
            body = {"prompt": "with a hat", "model": "openai/gpt-image-1", "inputs": given, "format": "png"}
            answer = await ann.post("/images", json=body, headers={"Prefer": "wait=30"})
            assert (answer.status_code, answer.json()["state"]) == (200, "succeeded"), answer.text
            assert (await ann.get(answer.json()["images"][0]["url"])).status_code == 200
        await house.assembly.stop()
    (call,) = service.calls
    assert (call.prompt, len(call.fields["image[]"]), len(call.fields["mask"])) == ("with a hat", 2, 1)
