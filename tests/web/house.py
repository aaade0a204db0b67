"""A whole Limner for tests of its HTTP surface: real rows, files, worker and keys, and a real server."""

import asyncio
import contextlib
import json
import socket
import ssl
from collections.abc import AsyncIterator

import httpx
import uvicorn

from limner.actions.create_key import create_key
from limner.actions.create_page_link import create_page_link
from limner.actions.sign_in import sign_in
from limner.assembly import Assembly
from limner.codecs.pillow import PillowCodec
from limner.contracts.engine import Engine, Painted, Progress
from limner.domain.capabilities import Capabilities
from limner.domain.errors import RefusedByPolicy
from limner.domain.identity import USER_SCOPES, KeyKind
from limner.settings import Settings
from limner.testing.instant import InstantEngine, checkerboard
from limner.web.server import create_app

TLS = ssl.create_default_context()
"""Made once: it takes longer than a test."""
PREVIEW = PillowCodec().thumbnail(checkerboard(64, 64, 7), size=64)


class GatedEngine(Engine):
    """Paints once the gate is open; refuses prompts that say so."""

    def __init__(self):
        self.capabilities = Capabilities(default_width=64, default_height=64, concurrency=64, previews=True)
        self.gate = asyncio.Event()

    async def paint(self, task):
        if "refuse" in task.request.prompt:
            raise RefusedByPolicy("We do not paint that.")
        while not self.gate.is_set():
            yield Progress(step=1, steps=2, ordinal=0, preview=PREVIEW)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.gate.wait(), 0.2)
        for ordinal in task.ordinals:
            yield Painted(ordinal=ordinal, image=checkerboard(64, 64, task.request.seed_of(ordinal)))


class House:
    """`client(user)` is an HTTP client with a new key of that user's."""

    def __init__(self, home, **settings):
        self.gated = GatedEngine()
        engines = {"instant": InstantEngine(), "gated": self.gated}
        limits = {"drain_grace": 0.1} | settings.pop("limits", {})
        settings = {"engines": {}, "model": "instant", "public_url": "https://images.example"} | settings
        read = Settings.load(home=str(home), limits=limits, **settings)
        self.assembly = Assembly(read, engines=engines)
        self.app = create_app(self.assembly)
        self.url = "http://127.0.0.1"
        self.transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)

    async def key(self, user="ann", scopes=USER_SCOPES, **options):
        made = await create_key(user, name="test", scopes=scopes, repository=self.assembly.repository, **options)
        return made.key

    async def client(self, user="ann", **options):
        return self.bare(Authorization=f"Bearer {await self.key(user, **options)}")

    async def link(self, user="ann"):
        return (await create_page_link(user, repository=self.assembly.repository)).key

    async def session(self, user="ann", key=None):
        """What a browser of that user's keeps in its cookie."""
        means, proof = self.assembly, key or await self.key(user)
        made = await sign_in(
            proof, KeyKind.KEY, authenticator=means.authenticator, repository=means.repository, age=3600.0
        )
        return made.key

    def browser(self, session=None, **headers):
        """A page of this server's in a browser: it says where it is from, and keeps cookies."""
        client = self.bare(**{"Sec-Fetch-Site": "same-origin", **headers})
        if session is not None:
            client.cookies.set("limner_session", session)
        return client

    def bare(self, **headers):
        return httpx.AsyncClient(base_url=self.url, transport=self.transport, headers=headers, timeout=20, verify=TLS)

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator["House"]:
        """In this process, without a socket: answers arrive whole."""
        async with self.app.router.lifespan_context(self.app):
            yield self

    @contextlib.asynccontextmanager
    async def serve(self) -> AsyncIterator["House"]:
        """Behind a real server, for streams and odd bodies."""
        async with serving(self.app, self.assembly) as (server, url):
            self.server, self.url, self.transport = server, url, None
            yield self


@contextlib.asynccontextmanager
async def serving(app, assembly):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, lifespan="on", log_config=None, timeout_graceful_shutdown=5)
        server = uvicorn.Server(config)
        running = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:
            await asyncio.sleep(0.01)
            assert not running.done(), running.result()
        try:
            yield server, f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            assembly.end_streams()
            server.should_exit = True
            await running


async def paint(client, prompt="a red fox", **fields):
    """A finished job."""
    answer = await client.post("/images", json={"prompt": prompt, **fields}, headers={"Prefer": "wait=20"})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def submit(client, **fields):
    answer = await client.post("/images", json={"prompt": "a red fox", **fields})
    assert answer.status_code == 202, answer.text
    return answer.json()


async def state_of(client, job, wanted):
    """The job, as soon as it is in that state."""
    async with asyncio.timeout(20):
        while (found := (await client.get(job["urls"]["self"])).json())["state"] != wanted:
            await asyncio.sleep(0.01)
    return found


class Events:
    """What a stream sends, one event after the other: (name, id, data)."""

    def __init__(self, response):
        self.response = response
        self._lines = response.aiter_lines()

    async def next(self):
        fields = {}
        async with asyncio.timeout(20):
            async for line in self._lines:
                if not line and "data" in fields:
                    return fields.get("event"), fields.get("id"), json.loads(fields["data"])
                name, _, value = line.partition(": ")
                fields[name] = value
        return None

    async def rest(self):
        return [event async for event in self]

    def __aiter__(self):
        return self

    async def __anext__(self):
        event = await self.next()
        if event is None:
            raise StopAsyncIteration
        return event
