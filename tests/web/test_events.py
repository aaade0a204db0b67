"""Streams: a snapshot, every durable change with its id, progress and previews without; nothing lost on reconnect."""

import asyncio
import base64
import contextlib

import httpx
import pytest

from limner.actions.revoke_key import revoke_key
from tests.web.house import PREVIEW, TLS, Events, House, paint, state_of, submit


@contextlib.asynccontextmanager
async def watching(client, url, **headers):
    async with client.stream("GET", url, headers=headers) as response:
        yield Events(response)


@pytest.fixture(params=["alone", "fleet"])
async def served(request, tmp_path, monkeypatch):
    """A server that paints; or one of a fleet, which shares rows, pictures and a broker with another that does. There no
    stream reads rows by itself within a test, as it does at each of its heartbeats.
    """
    if request.param == "alone":
        async with House(tmp_path / "home").serve() as house:
            yield house
        return
    monkeypatch.setattr("limner.web.routes.events.HEARTBEAT_EVERY", 60.0)
    shared = {
        "database": request.getfixturevalue("postgres_url"),
        "dispatcher": f"celery+{request.getfixturevalue('redis_server').url}",
        "storage": (tmp_path / "shared").as_uri(),
        "secret": "0123456789abcdef0123456789abcdef",
    }
    painter, house = House(tmp_path / "b", **shared), House(tmp_path / "a", **shared)
    await painter.assembly.start(work=True)
    try:
        async with house.serve():
            house.gated = painter.gated
            yield house
    finally:
        await painter.assembly.stop()


@pytest.fixture
async def ann(served):
    async with await served.client("ann") as client:
        yield client


async def test_a_stream_says_how_to_reconnect_and_is_not_kept(ann):
    job = await paint(ann)
    answer = await ann.get(job["urls"]["events"])
    assert answer.text.startswith("retry: 1000\n\nid: ")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-accel-buffering"] == "no"


async def test_a_watcher_sees_the_whole_life_of_a_job(served, ann):
    job = await submit(ann, model="gated")
    async with watching(ann, job["urls"]["events"]) as events:
        asyncio.get_running_loop().call_later(0.5, served.gated.gate.set)
        seen = await events.rest()
    jobs = [(int(number), data) for name, number, data in seen if name == "job"]
    assert [number for number, _ in jobs] == sorted({number for number, _ in jobs})
    assert jobs[-1][1]["state"] == "succeeded"
    assert list(jobs[0][1]) == list(job)
    assert jobs[-1][1] == (await ann.get(job["urls"]["self"])).json()


async def test_progress_and_previews_have_no_id(served, ann):
    job = await submit(ann, model="gated")
    async with watching(ann, job["urls"]["events"]) as events:
        seen = {}
        async for name, number, data in events:
            seen[name] = (number, data)
            if {"progress", "preview"} <= seen.keys():
                served.gated.gate.set()
    assert seen["progress"] == (
        None,
        {
            "job_id": job["id"],
            "fraction": 0.5,
            "step": 1,
            "steps": 2,
            "eta_seconds": seen["progress"][1]["eta_seconds"],
        },
    )
    number, preview = seen["preview"]
    assert (number, list(preview)) == (None, ["job_id", "index", "step", "image"])
    assert base64.b64decode(preview["image"].removeprefix("data:image/webp;base64,")) == PREVIEW


async def test_a_reconnect_gets_every_change_after_the_last_it_saw(served, ann):
    job = await submit(ann, model="gated", count=3)
    served.gated.gate.set()
    await state_of(ann, job, "succeeded")
    async with watching(ann, job["urls"]["events"], **{"Last-Event-ID": "1"}) as events:
        seen = [(int(number), data["state"], len(data["images"])) for _, number, data in await events.rest()]
    assert seen == [(2, "running", 0), (3, "running", 1), (4, "running", 2), (5, "succeeded", 3)]


async def test_the_last_id_may_stand_in_the_query(ann):
    job = await paint(ann)
    whole = await ann.get(f"{job['urls']['self']}/events?last_event_id=0")
    assert whole.text.count("event: job") == 3


async def test_a_reconnect_after_the_end_gets_204(ann):
    job = await paint(ann)
    answer = await ann.get(job["urls"]["events"], headers={"Last-Event-ID": "3"})
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize("last", ["x", "-1", "1.5", "9" * 30, "²"])
async def test_an_id_that_we_never_gave_gets_a_snapshot(ann, last):
    job = await paint(ann)
    answer = await ann.get(job["urls"]["events"], headers=[(b"Last-Event-ID", last.encode())])
    assert answer.text.count("event: job") == 1


async def test_a_stream_with_cuts_loses_nothing(served, ann):
    job = await submit(ann, model="gated", count=8)
    served.gated.gate.set()
    last, numbers = "0", []
    while True:
        async with watching(ann, job["urls"]["events"], **{"Last-Event-ID": last}) as events:
            if events.response.status_code == 204:
                break
            event = await events.next()
            while event and event[0] != "job":
                event = await events.next()
            if event:
                last = event[1]
                numbers.append(int(last))
    assert numbers == list(range(1, numbers[-1] + 1))


async def test_all_jobs_come_on_one_stream(ann):
    first = await paint(ann)
    async with watching(ann, "/events") as events:
        assert (await events.next())[2]["id"] == first["id"]
        second = await submit(ann)
        states = []
        while "succeeded" not in states:
            name, _, data = await events.next()
            if name == "job" and data["id"] != first["id"]:
                assert data["id"] == second["id"]
                states.append(data["state"])


async def test_a_reconnect_to_all_jobs_gets_those_that_changed(ann):
    first = await paint(ann)
    async with watching(ann, "/events") as events:
        _, last, _ = await events.next()
    missed = await paint(ann)
    async with watching(ann, "/events", **{"Last-Event-ID": last}) as events:
        told = [await events.next()]
        while told[-1][2]["id"] == first["id"]:  # on Postgres what is young is told again
            told.append(await events.next())
        _, number, data = told[-1]
        assert (data["id"], data["state"], number != last) == (missed["id"], "succeeded", True)
        assert len(told) <= 2


async def test_a_watcher_hears_nothing_of_others(served, ann):
    async with await served.client("ben") as ben, watching(ben, "/events") as events:
        await paint(ann)
        mine = await paint(ben)
        assert (await events.next())[2]["id"] == mine["id"]


async def test_a_silent_stream_is_kept_alive_by_comments(served, ann, monkeypatch):
    monkeypatch.setattr("limner.web.routes.events.HEARTBEAT_EVERY", 0.05)
    job = await submit(ann, model="gated")
    async with ann.stream("GET", job["urls"]["events"]) as response, asyncio.timeout(20):
        async for line in response.aiter_lines():
            if line == ":":
                return


async def test_a_revoked_key_ends_its_streams(served):
    key = await served.key("ann")
    async with served.bare(Authorization=f"Bearer {key}") as client:
        job = await submit(client, model="gated")
        async with watching(client, job["urls"]["events"]) as events:
            await events.next()
            await revoke_key(key.split("_")[1], repository=served.assembly.repository)
            await events.rest()
        async with watching(served.bare(), job["urls"]["events"]) as events:
            assert events.response.status_code == 401


async def test_streams_end_when_the_server_stops(served, ann):
    job = await submit(ann, model="gated")
    async with watching(ann, job["urls"]["events"]) as events:
        await events.next()
        served.assembly.end_streams()
        await events.rest()


async def test_a_stream_ends_after_its_lifetime(ann, monkeypatch):
    monkeypatch.setattr("limner.web.stream.LIFETIME", 0.3)
    job = await submit(ann, model="gated")
    async with watching(ann, job["urls"]["events"]) as events:
        assert all(data["state"] != "succeeded" for name, _, data in await events.rest() if name == "job")


async def test_a_stream_that_breaks_ends_and_is_logged_without_words(served, ann, caplog, monkeypatch):
    words = "my secret fox"

    async def fail(*args):
        raise OSError(words)

    job = await submit(ann, model="gated")
    async with watching(ann, job["urls"]["events"]) as events:
        await events.next()
        monkeypatch.setattr(served.assembly.job_reader, "job_at", fail)
        served.gated.gate.set()
        await events.rest()
    assert "a stream broke off" in caplog.text
    assert "OSError" in caplog.text
    assert words not in caplog.text


async def test_a_watcher_who_leaves_is_forgotten_at_once(served, ann):
    job = await submit(ann, model="gated")
    await state_of(ann, job, "running")
    async with httpx.AsyncClient(base_url=served.url, verify=TLS, timeout=20) as other:
        async with watching(other, job["urls"]["events"]) as events:
            await events.next()
            assert watchers() == 1
        async with asyncio.timeout(5):
            while watchers():
                await asyncio.sleep(0.01)


def watchers():
    """Those whom the server listens to, to hear them leave."""
    return sum(task.get_coro().__qualname__ == "_until_gone" for task in asyncio.all_tasks())
