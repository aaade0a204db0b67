"""Names, nesting and nulls are the contract: answers are compared with the wire's examples, key by key."""

import re

from limner.domain.identity import is_id
from tests.web.house import paint, submit

QUEUED = {
    "id": "0199c2a4-7d1e-7c3a-9f0e-2b8c5a6d1e40",
    "state": "queued",
    "reference": "order-17",
    "request": {
        "prompt": "three red boats on a calm sea at sunset",
        "negative_prompt": None,
        "model": "painter",
        "width": 768,
        "height": 768,
        "count": 2,
        "seed": 418320975,
        "steps": None,
        "guidance": None,
        "format": "png",
        "inputs": [],
        "strength": None,
        "options": {},
    },
    "metadata": {"customer": "c_9"},
    "attempt": 0,
    "expected_start_at": None,
    "progress": {"fraction": 0.0, "step": 0, "steps": None, "eta_seconds": None},
    "images": [],
    "notes": [],
    "error": None,
    "ambiguous_calls": 0,
    "paid_bad_outputs": 0,
    "retry_of": None,
    "created_at": "2026-09-01T09:00:00.120Z",
    "started_at": None,
    "finished_at": None,
    "expires_at": None,
    "urls": {"self": "/jobs/0199…", "events": "/jobs/0199…/events?signature=…", "cancel": "/jobs/0199…/cancel"},
}
IMAGE = {
    "id": "0199c2a4-8200-7…",
    "job_id": "0199…",
    "index": 0,
    "seed": 418320975,
    "width": 768,
    "height": 768,
    "format": "png",
    "bytes": 601233,
    "sha256": "9f2c…",
    "color": "#c8743a",
    "deleted": False,
    "created_at": "2026-09-01T09:00:01.377Z",
    "expires_at": None,
    "url": "/images/0199c2a4-8200-7…/content",
    "signed_url": "/images/0199c2a4-8200-7…/content?signature=…",
}
ASK = {
    "prompt": "three red boats on a calm sea at sunset",
    "count": 2,
    "reference": "order-17",
    "metadata": {"customer": "c_9"},
}
CHANGES_WITH_TIME = {"id", "created_at", "urls", "request", "expected_start_at"}


def shape(value):
    """Keys in order, and the kinds of what is below them."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    return type(value).__name__


async def test_a_new_job_is_told_as_the_wire_shows_it(ann):
    answer = await ann.post("/images", json=ASK | {"model": "gated"})
    job = answer.json()
    assert list(job) == list(QUEUED)
    assert shape(job) | {"expected_start_at": 0} == shape(QUEUED) | {"expected_start_at": 0}
    assert {k: v for k, v in job.items() if k not in CHANGES_WITH_TIME} == {
        k: v for k, v in QUEUED.items() if k not in CHANGES_WITH_TIME
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", job["created_at"])


async def test_a_new_job_says_where_it_is_and_when_to_look(ann):
    answer = await ann.post("/images", json=ASK)
    job = answer.json()
    assert answer.status_code == 202
    assert is_id(job["id"])
    assert answer.headers["location"] == job["urls"]["self"] == f"/jobs/{job['id']}"
    assert answer.headers["retry-after"] == "1"
    assert job["urls"]["cancel"] == f"/jobs/{job['id']}/cancel"
    assert job["urls"]["events"].startswith(f"/jobs/{job['id']}/events?signature=")


async def test_a_finished_job_differs_as_the_wire_shows_it(ann):
    job = await paint(ann, count=2, seed=7)
    assert list(job) == list(QUEUED)
    assert (job["state"], job["attempt"]) == ("succeeded", 1)
    assert list(job["progress"]) == ["fraction", "step", "steps", "eta_seconds"]
    assert (job["progress"]["fraction"], job["progress"]["eta_seconds"]) == (1.0, 0)
    assert job["started_at"] <= job["finished_at"]
    assert [image["seed"] for image in job["images"]] == [7, 8]


async def test_an_image_is_told_as_the_wire_shows_it(ann):
    (image,) = (await paint(ann))["images"]
    assert list(image) == list(IMAGE)
    assert shape(image) == shape(IMAGE)
    assert image["url"] == f"/images/{image['id']}/content"
    assert image["signed_url"].startswith(image["url"] + "?signature=")
    facts = await ann.get(f"/images/{image['id']}")
    assert facts.json() == image


async def test_a_failed_job_says_why(ann):
    job = await submit(ann, prompt="refuse this", model="gated")
    answer = await ann.get(job["urls"]["self"], headers={"Prefer": "wait=20"})
    assert answer.json()["state"] == "failed"
    assert answer.json()["error"] == {
        "code": "refused_by_policy",
        "title": "Refused",
        "detail": "We do not paint that.",
        "retryable": False,
    }


async def test_pages_are_newest_first_and_end_with_null(ann):
    jobs = [await submit(ann, reference="r") for _ in range(3)]
    first = (await ann.get("/jobs", params={"limit": 2, "reference": "r"})).json()
    assert list(first) == ["items", "next"]
    second = (await ann.get("/jobs", params={"limit": 2, "reference": "r", "cursor": first["next"]})).json()
    assert [job["id"] for job in first["items"] + second["items"]] == [job["id"] for job in reversed(jobs)]
    assert second["next"] is None


async def test_a_problem_is_told_as_the_wire_shows_it(ann):
    answer = await ann.post("/images", json={"prompt": "a fox", "width": 2049, "n": 2, "model": "gated"})
    problem = answer.json()
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem == {
        "type": "urn:limner:error:invalid_request",
        "title": "Invalid request",
        "status": 422,
        "code": "invalid_request",
        "detail": "2 fields need mending.",
        "errors": [
            {
                "pointer": "/width",
                "code": "out_of_range",
                "detail": "width is 2049; gated allows 64 to 2048.",
                "minimum": 64,
                "maximum": 2048,
            },
            {"pointer": "/n", "code": "unknown_field", "detail": "There is no field n; did you mean count?"},
        ],
    }


async def test_the_first_line_a_visitor_tries_gives_a_picture(ann):
    headers = {"Content-Type": "application/json", "Accept": "image/png", "Prefer": "wait=30"}
    answer = await ann.post("/images", content=b'{"prompt":"a red fox in snow"}', headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert answer.content.startswith(b"\x89PNG")
