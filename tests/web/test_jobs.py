"""Jobs are asked for once, waited for, cancelled, asked for again and deleted."""

import asyncio

import pytest

from limner.actions.revoke_key import revoke_key
from tests.web.house import House, paint, state_of, submit


async def test_the_same_key_and_body_give_the_same_job(ann):
    first = await ann.post("/images", json={"prompt": "a fox"}, headers={"Idempotency-Key": "order-17"})
    again = await ann.post("/images", json={"prompt": "a fox"}, headers={"Idempotency-Key": "order-17"})
    assert (again.status_code, again.json()["id"]) == (202, first.json()["id"])
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers


async def test_the_same_key_with_another_body_is_refused(ann):
    await ann.post("/images", json={"prompt": "a fox"}, headers={"Idempotency-Key": "k"})
    other = await ann.post("/images", json={"prompt": "a cat"}, headers={"Idempotency-Key": "k"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_keys_of_different_users_do_not_meet(house, ann):
    mine = await ann.post("/images", json={"prompt": "a fox"}, headers={"Idempotency-Key": "k"})
    async with await house.client("ben") as ben:
        theirs = await ben.post("/images", json={"prompt": "a cat"}, headers={"Idempotency-Key": "k"})
    assert (theirs.status_code, theirs.json()["id"] != mine.json()["id"]) == (202, True)


@pytest.mark.parametrize("key", [b"", b"x" * 256, "schlüssel".encode(), b"a\tb"])
async def test_a_key_that_cannot_be_kept_is_refused(ann, key):
    answer = await ann.post("/images", json={"prompt": "a fox"}, headers=[(b"Idempotency-Key", key)])
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/Idempotency-Key")


async def test_a_wait_that_is_too_short_gets_the_job_as_it_is(ann):
    answer = await ann.post("/images", json={"prompt": "a", "model": "gated"}, headers={"Prefer": "wait=1"})
    assert answer.status_code == 202
    assert answer.headers["preference-applied"] == "wait=1"
    assert answer.json()["state"] == "running"


async def test_a_finished_job_is_there_in_time(ann):
    answer = await ann.post("/images", json={"prompt": "a fox"}, headers={"Prefer": "wait=20"})
    assert (answer.status_code, answer.json()["state"]) == (200, "succeeded")
    assert answer.headers["location"] == answer.json()["urls"]["self"]


async def test_the_picture_comes_in_the_format_asked_for(ann):
    headers = {"Prefer": "wait=20", "Accept": "image/webp;q=0.9, image/gif"}
    answer = await ann.post("/images", json={"prompt": "a fox"}, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
    assert (answer.content[:4], answer.headers["cache-control"]) == (b"RIFF", "no-store")
    assert (await ann.get(answer.headers["location"])).json()["state"] == "succeeded"


async def test_who_asks_for_a_picture_and_gets_none_is_told_why(ann):
    headers = {"Prefer": "wait=20", "Accept": "image/png"}
    answer = await ann.post("/images", json={"prompt": "refuse", "model": "gated"}, headers=headers)
    problem = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert (problem["code"], problem["detail"]) == ("refused_by_policy", "We do not paint that.")
    assert (await ann.get(problem["job"])).json()["state"] == "failed"


async def test_a_job_that_has_not_changed_is_not_told_again(ann):
    job = await paint(ann)
    first = await ann.get(job["urls"]["self"])
    again = await ann.get(job["urls"]["self"], headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]


async def test_a_long_poll_returns_when_the_job_ends(house, ann):
    job = await submit(ann, model="gated")
    waiting = asyncio.create_task(ann.get(job["urls"]["self"], headers={"Prefer": "wait=20"}))
    await state_of(ann, job, "running")
    assert not waiting.done()
    house.gated.gate.set()
    answer = await waiting
    assert (answer.status_code, answer.json()["state"]) == (200, "succeeded")


async def test_a_long_poll_with_an_etag_returns_when_the_job_changes(house, ann):
    job = await submit(ann, model="gated")
    await state_of(ann, job, "running")
    seen = await ann.get(job["urls"]["self"])
    headers = {"Prefer": "wait=20", "If-None-Match": seen.headers["etag"]}
    waiting = asyncio.create_task(ann.get(job["urls"]["self"], headers=headers))
    house.gated.gate.set()
    answer = await waiting
    assert (answer.status_code, answer.json()["state"]) == (200, "succeeded")
    assert answer.headers["etag"] != seen.headers["etag"]


async def test_a_long_poll_that_saw_no_change_says_so(ann):
    job = await submit(ann, model="gated")
    await state_of(ann, job, "running")
    await asyncio.sleep(0.6)
    seen = await ann.get(job["urls"]["self"])
    headers = {"Prefer": "wait=1", "If-None-Match": seen.headers["etag"]}
    answer = await ann.get(job["urls"]["self"], headers=headers)
    assert (answer.status_code, answer.headers["preference-applied"]) == (304, "wait=1")


@pytest.fixture
async def revocable(house):
    """A client, and what revokes its key without telling this process, as another one would."""
    key = await house.key("ann")
    async with house.bare(Authorization=f"Bearer {key}") as client:
        yield client, lambda: revoke_key(key.split("_")[1], repository=house.assembly.repository)


async def test_a_revoked_key_ends_its_long_poll(house, revocable):
    client, revoke = revocable
    job = await submit(client, model="gated")
    waiting = asyncio.create_task(client.get(job["urls"]["self"], headers={"Prefer": "wait=60"}))
    await state_of(client, job, "running")
    await revoke()
    async with asyncio.timeout(20):
        answer = await waiting
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


async def test_a_revoked_key_is_shown_no_picture_that_it_waited_for(house, revocable, monkeypatch):
    monkeypatch.setattr("limner.web.waiting.ASK_EVERY", 60)
    client, revoke = revocable
    body, headers = {"prompt": "a fox", "model": "gated"}, {"Prefer": "wait=60", "Accept": "image/png"}
    waiting = asyncio.create_task(client.post("/images", json=body, headers=headers))
    while not (jobs := (await client.get("/jobs")).json()["items"]):
        await asyncio.sleep(0.01)
    await state_of(client, jobs[0], "running")
    await revoke()
    await asyncio.sleep(0.2)
    house.gated.gate.set()
    answer = await waiting
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


async def test_jobs_are_found_by_state_and_reference(ann):
    job = await paint(ann, reference="order-17")
    await submit(ann, model="gated")
    found = await ann.get("/jobs", params={"state": "succeeded", "reference": "order-17"})
    assert [one["id"] for one in found.json()["items"]] == [job["id"]]
    again = await ann.get("/jobs", params={"reference": "x"})
    assert again.json() == {"items": [], "next": None}


async def test_a_waiting_job_is_cancelled_at_once(tmp_path):
    house = House(tmp_path)
    await house.assembly.start(work=False)
    async with await house.client() as ann:
        job = await submit(ann)
        answer = await ann.post(job["urls"]["cancel"])
        assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    await house.assembly.stop()


async def test_a_running_job_is_cancelled_soon_and_only_once(ann):
    job = await submit(ann, model="gated")
    await state_of(ann, job, "running")
    assert (await ann.post(job["urls"]["cancel"])).status_code == 202
    assert (await state_of(ann, job, "cancelled"))["finished_at"]
    assert (await ann.post(job["urls"]["cancel"])).status_code == 200


async def test_a_finished_job_cannot_be_cancelled(ann):
    job = await paint(ann)
    answer = await ann.post(job["urls"]["cancel"])
    assert (answer.status_code, answer.json()["code"]) == (409, "job_finished")
    assert answer.json()["detail"] == "It has already succeeded."


async def test_a_cancelled_job_is_asked_for_again(ann):
    job = await submit(ann, model="gated", seed=7)
    await ann.post(job["urls"]["cancel"])
    await state_of(ann, job, "cancelled")
    again = await ann.post(f"{job['urls']['self']}/retry")
    assert again.status_code == 202
    assert (again.json()["retry_of"], again.json()["request"]["seed"]) == (job["id"], 7)
    assert again.headers["location"] == again.json()["urls"]["self"]


async def test_a_click_after_a_lost_answer_asks_once(ann):
    job = await submit(ann, model="gated")
    await ann.post(job["urls"]["cancel"])
    await state_of(ann, job, "cancelled")
    retry = f"{job['urls']['self']}/retry"
    first, second = [await ann.post(retry, headers={"Idempotency-Key": "a click"}) for _ in range(2)]
    assert first.json()["id"] == second.json()["id"]
    assert ("idempotent-replayed" in first.headers, second.headers["idempotent-replayed"]) == (False, "true")
    assert (await ann.post(retry)).json()["id"] != first.json()["id"]
    other = await ann.post("/images", json={"prompt": "a fox"}, headers={"Idempotency-Key": "a click"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert (await ann.post(retry, headers={"Idempotency-Key": "x" * 256})).status_code == 422


async def test_a_job_that_succeeded_is_not_asked_for_again(ann):
    job = await paint(ann)
    answer = await ann.post(f"{job['urls']['self']}/retry")
    assert (answer.status_code, answer.json()["code"]) == (409, "job_not_retryable")


async def test_a_finished_job_is_deleted_with_its_pictures(ann):
    job = await paint(ann)
    assert (await ann.delete(job["urls"]["self"])).status_code == 204
    assert (await ann.get(job["urls"]["self"])).status_code == 404
    assert (await ann.get(job["images"][0]["url"])).status_code == 404


async def test_an_unfinished_job_is_not_deleted(ann):
    job = await submit(ann, model="gated")
    answer = await ann.delete(job["urls"]["self"])
    assert (answer.status_code, answer.json()["code"]) == (409, "job_not_finished")


async def test_a_full_queue_takes_nothing(tmp_path):
    house = House(tmp_path, limits={"queued_total": 1})
    await house.assembly.start(work=False)
    async with await house.client("ann") as ann, await house.client("ben") as ben:
        await submit(ann)
        answer = await ben.post("/images", json={"prompt": "a fox"})
        assert (answer.status_code, answer.json()["code"]) == (503, "queue_full")
        assert int(answer.headers["retry-after"]) >= 1
        assert (await ben.get("/jobs")).json()["items"] == []
    await house.assembly.stop()


async def test_who_has_many_jobs_waiting_is_told_to_come_later(tmp_path):
    house = House(tmp_path, limits={"queued_per_owner": 2})
    await house.assembly.start(work=False)
    async with await house.client() as ann:
        for _ in range(2):
            await submit(ann)
        answer = await ann.post("/images", json={"prompt": "a fox"})
        assert (answer.status_code, answer.json()["code"]) == (429, "too_many_queued")
        assert int(answer.headers["retry-after"]) >= 1
    await house.assembly.stop()
