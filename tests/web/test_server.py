"""What `limner serve` has of its own: host names, origins, careful headers; and that nothing keeps it from stopping."""

import asyncio
import os
import signal
import sys

import httpx
import pytest

from limner.actions.create_key import create_key
from limner.assembly import Assembly
from limner.settings import Settings
from tests.processes import signal_group
from tests.web.house import TLS, Events, House

HOST_APP = """
from fastapi import FastAPI
from limner import Limner

limner = Limner(engines={"instant": {"kind": "instant"}})
app = FastAPI()
app.include_router(limner.router())
"""


async def test_other_names_are_not_answered(house):
    async with await house.client() as ann:
        answer = await ann.get("/jobs", headers={"Host": "evil.example"})
    assert (answer.status_code, answer.json()["code"]) == (421, "wrong_host")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8000", "localhost:1", "[::1]:8000", "[::1]", "LOCALHOST"])
async def test_names_of_this_machine_are_answered_on_any_port(house, host):
    async with house.bare(Host=host) as visitor:
        assert (await visitor.get("/health")).status_code == 200


async def test_names_below_a_wildcard_are_answered(tmp_path):
    house = House(tmp_path, allowed_hosts=("*.example.org",))
    async with house.bare() as visitor:
        answers = [await visitor.get("/health", headers={"Host": f"{name}example.org"}) for name in ("a.", "", "evil")]
    assert [answer.status_code for answer in answers] == [200, 421, 421]


async def test_answers_make_browsers_careful(house):
    async with house.bare() as visitor:
        for path in ("/health", "/nothing", "/jobs"):
            headers = (await visitor.get(path)).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["x-frame-options"] == "DENY"
            assert headers["referrer-policy"] == "no-referrer"


async def test_an_address_that_no_route_has_is_a_problem(house):
    async with house.bare() as visitor:
        answer = await visitor.get("/nothing")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json()["detail"] == "There is nothing at /nothing; see /docs."


async def test_pages_of_other_origins_are_told_nothing(house):
    async with house.bare(Origin="https://evil.example") as page:
        assert "access-control-allow-origin" not in (await page.get("/health")).headers


async def test_origins_that_are_listed_may_ask(tmp_path):
    house = House(tmp_path, allowed_origins=("https://shop.example",))
    ask = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    async with house.bare(Origin="https://shop.example") as page:
        preflight = await page.options("/images", headers=ask)
        answer = await page.get("/health")
    assert (preflight.status_code, preflight.headers["access-control-allow-origin"]) == (200, "https://shop.example")
    assert "access-control-allow-credentials" not in answer.headers
    assert "Location" in answer.headers["access-control-expose-headers"]


async def test_without_authentication_all_are_the_local_user(tmp_path):
    async with House(tmp_path, authentication=False).open() as house, house.bare() as visitor:
        assert (await visitor.post("/images", json={"prompt": "a fox"})).status_code == 202
        assert (await visitor.get("/metrics")).status_code == 200


async def started(command, home):
    environment = {**os.environ, "LIMNER_HOME": str(home), "LIMNER_ENGINES": '{"instant": {"kind": "instant"}}'}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", *command),
        cwd=home.parent,
        env=environment,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )


async def ended(process):
    """No process survives: a supervisor that is killed would leave its workers."""
    signal_group(process, signal.SIGKILL)
    await process.wait()


async def answering(url):
    async with httpx.AsyncClient(base_url=url, verify=TLS) as probe, asyncio.timeout(30):
        while True:
            try:
                return await probe.get("/jobs")
            except httpx.TransportError:
                await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    "command",
    [
        ("limner.cli.main", "serve", "--port"),
        ("uvicorn", "host_app:app", "--port"),
        ("uvicorn", "host_app:app", "--workers", "2", "--port"),
    ],
    ids=["serve", "embedded", "workers"],
)
async def test_a_server_stops_at_once_although_streams_are_open(tmp_path, command, unused_tcp_port):
    (tmp_path / "host_app.py").write_text(HOST_APP)
    home, url = tmp_path / "home", f"http://127.0.0.1:{unused_tcp_port}"
    key = await a_key_in(home)
    process = await started((*command, str(unused_tcp_port)), home)
    try:
        await answering(url)
        headers = {"Authorization": f"Bearer {key}"}
        async with (
            httpx.AsyncClient(base_url=url, headers=headers, verify=TLS, timeout=20) as ann,
            ann.stream("GET", "/events", timeout=20) as stream,
        ):
            assert stream.status_code == 200
            process.send_signal(signal.SIGTERM)
            assert await Events(stream).rest() == []
        async with asyncio.timeout(10):
            await process.wait()
    finally:
        await ended(process)


async def a_key_in(home):
    assembly = Assembly(Settings.load(home=str(home), engines={"instant": {"kind": "instant"}}))
    await assembly.start(work=False)
    made = await create_key("ann", repository=assembly.repository)
    await assembly.stop()
    return made.key
