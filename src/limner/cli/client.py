"""Limner over HTTP: a server's, or this process's own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI

from limner.actions.create_key import LOCAL_USER
from limner.cli.in_process import InProcess
from limner.cli.options import Options
from limner.domain.errors import LimnerError
from limner.domain.identity import is_id
from limner.library import Limner

Document = dict[str, Any]
FINAL = frozenset({"succeeded", "failed", "cancelled"})
RECONNECTS = 30


class Unreachable(LimnerError):
    """The server does not answer."""

    code = "unreachable"
    title = "Unreachable"


class Rejected(LimnerError):
    """The server said no; `code` is the problem's."""

    def __init__(self, detail: str, *, code: str) -> None:
        super().__init__(detail)
        self.code = code  # type: ignore[misc]  # each problem tells its own


def address(kind: str, thing_id: str) -> str:
    """`/jobs/ID` for a job, `/images/ID` for an image; what cannot be an id is nobody's."""
    if not is_id(thing_id):
        raise Rejected(f"There is no such {kind}.", code="not_found")
    return f"/{kind}s/{thing_id}"


class Client:
    """What the commands ask for. Raises Unreachable and Rejected."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def call(self, method: str, path: str, **how: Any) -> httpx.Response:
        try:
            response = await self._http.request(method, path, **how)
        except httpx.TransportError as error:
            raise self._unreachable(error) from None
        if response.is_error:
            raise _rejected(response)
        return response

    async def get(self, path: str, query: Mapping[str, Any] | None = None) -> Document:
        given = {name: value for name, value in (query or {}).items() if value is not None}
        document: Document = (await self.call("GET", path, params=given)).json()
        return document

    async def submit(self, fields: Mapping[str, Any]) -> Document:
        document: Document = (await self.call("POST", "/images", json=fields)).json()
        return document

    async def upload(self, data: bytes) -> Document:
        document: Document = (await self.call("POST", "/inputs", files={"file": data})).json()
        return document

    async def content(self, image_id: str, format: str | None = None) -> bytes:  # noqa: A002 - the wire's word
        query = {"format": format} if format else {}
        path = f"{address('image', image_id)}/content"
        return (await self.call("GET", path, params=query, follow_redirects=True)).content

    async def watch(self, job_id: str) -> AsyncIterator[tuple[str, Document]]:
        """Events of a job until it is final: (name, data). A broken connection is taken up where it was."""
        last = ""
        for _ in range(RECONNECTS):
            try:
                async for event, data, number in self._stream(f"{address('job', job_id)}/events", last):
                    last = number or last
                    yield event, data
                    if event == "job" and data["state"] in FINAL:
                        return
            except httpx.TransportError:
                await asyncio.sleep(1)
        raise Unreachable("The server went away while the job ran; ask for the job again later.")

    async def _stream(self, path: str, last: str) -> AsyncIterator[tuple[str, Document, str]]:
        headers = {"Last-Event-ID": last} if last else {}
        timeout = httpx.Timeout(10, read=60)
        async with self._http.stream("GET", path, headers=headers, timeout=timeout) as response:
            if response.is_error:
                await response.aread()
                raise _rejected(response)
            event: dict[str, str] = {}
            async for line in response.aiter_lines():
                name, _, value = line.partition(":")
                if line and name:
                    event[name] = value.removeprefix(" ")
                elif "data" in event:
                    yield event["event"], json.loads(event["data"]), event.get("id", "")
                    event = {}

    def _unreachable(self, error: httpx.TransportError) -> Unreachable:
        where = self._http.base_url
        if isinstance(error, httpx.UnsupportedProtocol):
            return Unreachable(f"{where} is no address of a server; write it like http://127.0.0.1:8000.")
        return Unreachable(f"Nothing answers at {where} ({error or type(error).__name__}). Is `limner serve` running?")


@asynccontextmanager
async def reach(options: Options, *, user: str = LOCAL_USER, work: bool = False) -> AsyncIterator[Client]:
    """The server of `options.url`; without one the data folder, where `work` lets this process paint, too."""
    if options.url:
        headers = {"Authorization": f"Bearer {options.key}"} if options.key else {}
        async with httpx.AsyncClient(base_url=options.url, headers=headers, timeout=30) as http:
            yield Client(http)
        return
    limner = Limner(config=options.config, home=options.home, work=work, redirect=False)
    app = FastAPI()
    app.include_router(limner.router(current_user=lambda: user, user_id=str))
    async with limner, httpx.AsyncClient(transport=InProcess(app), base_url="http://localhost") as http:
        yield Client(http)


def _rejected(response: httpx.Response) -> Rejected:
    """A problem's code and sentences, or the status where it is not one of ours."""
    try:
        problem = response.json()
        details = [fault["detail"] for fault in problem.get("errors", ())] or [problem["detail"]]
        return Rejected(" ".join(details), code=problem["code"])
    except (ValueError, KeyError, TypeError, AttributeError):
        where = str(response.url.copy_with(query=None))
        return Rejected(f"{where} answered {response.status_code}; is that a Limner server?", code="not_limner")
