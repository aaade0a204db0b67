import asyncio

import httpx
import pytest

from limner.cli.in_process import InProcess


async def slow_app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-path", scope["path"].encode())]})
    await send({"type": "http.response.body", "body": b"first", "more_body": True})
    await asyncio.Event().wait()


async def test_the_body_streams_before_the_application_has_ended():
    client = httpx.AsyncClient(transport=InProcess(slow_app), base_url="http://x")
    async with client, client.stream("GET", "/a%20b") as response:
        assert response.headers["x-path"] == "/a b"
        assert await anext(response.aiter_bytes()) == b"first"


async def test_an_application_that_fails_raises_its_error():
    async def broken(scope, receive, send):
        raise ValueError("broken")

    async with httpx.AsyncClient(transport=InProcess(broken), base_url="http://x") as client:
        with pytest.raises(ValueError, match="broken"):
            await client.get("/")


async def test_leaving_a_stream_ends_the_application():
    ended = asyncio.Event()

    async def app(scope, receive, send):
        try:
            await slow_app(scope, receive, send)
        finally:
            ended.set()

    client = httpx.AsyncClient(transport=InProcess(app), base_url="http://x")
    async with client, client.stream("GET", "/"):
        pass
    assert ended.is_set()
