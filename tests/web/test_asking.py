"""What bad input gets: a clear error that names the field, and nothing queued."""

import json

import pytest

from tests.web.house import submit

TYPED = {"Content-Type": "application/json"}


async def faults(client, **fields):
    answer = await client.post("/images", json={"prompt": "a fox", **fields})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request"), answer.text
    return {(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]}


async def refused(client, content, **headers):
    answer = await client.post("/images", content=content, headers={**TYPED, **headers})
    assert (await client.get("/jobs")).json()["items"] == []
    return answer.status_code, answer.json()


@pytest.mark.parametrize(
    ("fields", "pointer", "code"),
    [
        ({"prompt": ""}, "/prompt", "required"),
        ({"prompt": "   "}, "/prompt", "required"),
        ({"prompt": None}, "/prompt", "required"),
        ({"prompt": "x" * 33_000}, "/prompt", "too_long"),
        ({"prompt": "a\x07fox"}, "/prompt", "bad_text"),
        ({"prompt": 7}, "/prompt", "wrong_type"),
        ({"width": 0}, "/width", "out_of_range"),
        ({"width": 63, "model": "gated"}, "/width", "out_of_range"),
        ({"height": 2049}, "/height", "out_of_range"),
        ({"height": 1e9}, "/height", "out_of_range"),
        ({"height": 512.5}, "/height", "wrong_type"),
        ({"width": 10**9}, "/width", "out_of_range"),
        ({"width": 10**40}, "/width", "out_of_range"),
        ({"width": "512"}, "/width", "wrong_type"),
        ({"width": True}, "/width", "wrong_type"),
        ({"width": [512]}, "/width", "wrong_type"),
        ({"count": 0}, "/count", "out_of_range"),
        ({"count": 1000}, "/count", "out_of_range"),
        ({"model": "dall-e"}, "/model", "unknown_model"),
        ({"model": 3}, "/model", "wrong_type"),
        ({"seed": -1}, "/seed", "out_of_range"),
        ({"format": "gif"}, "/format", "unknown_format"),
        ({"options": {"style": "baroque"}}, "/options/style", "invalid_option"),
        ({"options": []}, "/options", "wrong_type"),
        ({"metadata": "x"}, "/metadata", "wrong_type"),
        ({"metadata": {"x": "y" * 20_000}}, "/metadata", "too_long"),
        ({"reference": "x" * 256}, "/reference", "too_long"),
        ({"colour": "red"}, "/colour", "unknown_field"),
        ({"a/b~c": 1}, "/a~1b~0c", "unknown_field"),
        ({"priority": 9}, "/priority", "unknown_field"),
    ],
)
async def test_a_bad_field_is_named(ann, fields, pointer, code):
    assert await faults(ann, **fields) == {(pointer, code)}
    assert (await ann.get("/jobs")).json()["items"] == []


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("n", "count"),
        ("num_images", "count"),
        ("num_outputs", "count"),
        ("size", "width and height"),
        ("image_size", "width and height"),
        ("num_inference_steps", "steps"),
        ("guidance_scale", "guidance"),
        ("cfg_scale", "guidance"),
        ("output_format", "format"),
        ("engine", "model"),
        ("promt", "prompt"),
    ],
)
async def test_names_from_elsewhere_are_answered_with_ours(ann, theirs, ours):
    answer = await ann.post("/images", json={"prompt": "a fox", theirs: 1})
    (fault,) = answer.json()["errors"]
    assert fault["detail"] == f"There is no field {theirs}; did you mean {ours}?"


async def test_all_faults_are_told_at_once(ann):
    assert await faults(ann, width="x", height=0, count=1000, n=1) == {
        ("/width", "wrong_type"),
        ("/height", "out_of_range"),
        ("/count", "out_of_range"),
        ("/n", "unknown_field"),
    }


async def test_a_missing_prompt_is_asked_for(ann):
    answer = await ann.post("/images", json={})
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/prompt"]


async def test_null_is_absent(ann):
    fields = ("negative_prompt", "model", "width", "height", "count", "seed", "format", "options", "metadata")
    job = await submit(ann, **dict.fromkeys(fields))
    assert (job["request"]["width"], job["request"]["options"], job["metadata"]) == (64, {}, {})


async def test_broken_json_is_told_with_its_place(ann):
    status, problem = await refused(ann, b'{"prompt": "a",}')
    assert (status, problem["code"]) == (400, "malformed_json")
    assert problem["detail"] == "The body is not JSON: line 1, column 15."


@pytest.mark.parametrize("body", [b"", b"fox", b"\xff\xfe", b"[" * 5000, b'{"prompt": "a\x00"}'])
async def test_what_is_not_json_is_refused(ann, body):
    status, problem = await refused(ann, body)
    assert (status, problem["code"]) == (400, "malformed_json")


@pytest.mark.parametrize("body", [b"[]", b"3", b'"fox"', b"null"])
async def test_json_that_is_no_object_is_refused(ann, body):
    status, problem = await refused(ann, body)
    assert (status, problem["errors"][0]["code"]) == (422, "wrong_type")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
async def test_numbers_that_json_does_not_have_are_told_with_their_field(ann, number):
    status, problem = await refused(ann, f'{{"prompt": "a", "metadata": {{"x": {number}}}}}'.encode())
    assert (status, problem["errors"][0]["pointer"]) == (422, "/metadata")


async def test_half_a_character_is_told_with_its_field(ann):
    status, problem = await refused(ann, rb'{"prompt": "a \ud800 fox"}')
    assert (status, problem["errors"][0]["pointer"], problem["errors"][0]["code"]) == (422, "/prompt", "bad_text")


async def test_half_a_character_in_a_name_can_be_told(ann):
    status, problem = await refused(ann, rb'{"prompt": "a", "\ud800": 1}')
    assert (status, problem["errors"][0]["code"]) == (422, "unknown_field")


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_other_content_types_are_refused(ann, media_type):
    status, problem = await refused(ann, b'{"prompt": "a fox"}', **{"Content-Type": media_type})
    assert (status, problem["code"], problem["detail"]) == (415, "unsupported_media_type", "Send application/json.")


async def test_other_character_sets_are_refused(ann):
    body = json.dumps({"prompt": "a fox"}).encode("utf-16")
    status, problem = await refused(ann, body, **{"Content-Type": "application/json; charset=utf-16"})
    assert (status, problem["code"]) == (415, "unsupported_media_type")


async def test_ten_megabytes_are_refused_before_they_are_read(served):
    async with await served.client() as ann:
        answer = await ann.post("/images", content=b" " * 10_000_000, headers=TYPED)
        assert (answer.status_code, answer.json()["code"], answer.json()["detail"]) == (
            413,
            "too_large",
            "The limit is 1 MiB.",
        )


async def test_a_body_of_unknown_length_is_read_up_to_the_limit(served):
    async def pieces():
        for _ in range(30):
            yield b" " * 100_000

    async with await served.client() as ann:
        answer = await ann.post("/images", content=pieces(), headers=TYPED)
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_one_mebibyte_is_read(ann):
    body = json.dumps({"prompt": "a fox"}).encode().ljust(1024 * 1024)
    answer = await ann.post("/images", content=body, headers=TYPED)
    assert answer.status_code == 202


@pytest.mark.parametrize("cursor", ["x", "", "eyJ2IjoxfQ", "' OR 1=1", "🦊", "x" * 5000])
@pytest.mark.parametrize("path", ["/jobs", "/images"])
async def test_a_cursor_that_is_not_ours_is_refused(ann, path, cursor):
    answer = await ann.get(path, params={"cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_cursor")


LIMITED = {"minimum": 64, "maximum": 2048}


async def test_a_number_with_an_exponent_is_told_the_limit(ann):
    answer = await ann.post("/images", content=b'{"prompt": "a fox", "model": "gated", "width": 1e9}', headers=TYPED)
    (fault,) = answer.json()["errors"]
    assert fault == {"pointer": "/width", "code": "out_of_range", "detail": fault["detail"], **LIMITED}


async def test_numbers_that_are_whole_are_taken_however_they_are_written(ann):
    body = b'{"prompt": "a fox", "width": 64.0, "height": 6.4e1, "count": 2.0, "seed": 7.0}'
    request = (await ann.post("/images", content=body, headers=TYPED)).json()["request"]
    found = [request[name] for name in ("width", "height", "count", "seed")]
    assert [repr(number) for number in found] == ["64", "64", "2", "7"]


STATES = ["queued", "running", "succeeded", "failed", "cancelled"]


@pytest.mark.parametrize(
    ("address", "fault"),
    [
        ("/jobs?limit=0", ("/limit", "out_of_range", "limit is 0; the least is 1.", {"minimum": 1})),
        ("/images?limit=201", ("/limit", "out_of_range", "limit is 201; the most is 200.", {"maximum": 200})),
        ("/jobs?limit=x", ("/limit", "wrong_type", "limit is x; it must be a whole number.", {})),
        (f"/jobs?limit={'9' * 5000}", ("/limit", "wrong_type", None, {})),
        ("/jobs?state=lost", ("/state", "not_allowed", None, {"allowed": STATES})),
        (
            f"/images/{'0' * 36}/content?format=gif",
            ("/format", "not_allowed", None, {"allowed": ["png", "jpeg", "webp"]}),
        ),
        (f"/images/{'0' * 36}/thumbnail/7", ("/size", "not_allowed", None, {"allowed": ["256", "512", "1024"]})),
    ],
)
async def test_a_bad_query_is_told_in_the_words_of_bodies(ann, address, fault):
    answer = await ann.get(address)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    (told,) = answer.json()["errors"]
    pointer, code, detail, limits = fault
    assert told == {"pointer": pointer, "code": code, "detail": detail or told["detail"], **limits}


async def test_a_full_disk_takes_nothing(house, ann):
    house.assembly.free_space = lambda: 1024
    answer = await ann.post("/images", json={"prompt": "a fox"})
    assert (answer.status_code, answer.json()["code"]) == (503, "storage_full")
    assert int(answer.headers["retry-after"]) >= 1
    assert (await ann.get("/jobs")).json()["items"] == []
