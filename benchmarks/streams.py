"""Many SSE connections on one thread, as cheaply as Python can: the client must not be what is measured."""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

OnEvent = Callable[[int, str, dict[str, Any], int], None]


@functools.lru_cache(64)
def parsed(event: bytes) -> tuple[str, dict[str, Any]]:
    """Watchers of one job are sent the same bytes: reading them a thousand times would measure this client."""
    lines = dict(line.split(b": ", 1) for line in event.split(b"\n") if b": " in line)
    return lines.get(b"event", b"").decode(), json.loads(lines.get(b"data", b"{}"))


class Watcher(asyncio.Protocol):
    """One connection: calls `on_event(number, name, data, received µs)`."""

    def __init__(self, number: int, path: str, on_event: OnEvent, clock: Callable[[], int]) -> None:
        self._number, self._path, self._on_event, self._clock = number, path, on_event, clock
        self._rest = b""
        self.open = asyncio.get_running_loop().create_future()
        self.closed = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        transport.write(f"GET {self._path} HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: text/event-stream\r\n\r\n".encode())  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        received = self._clock()
        if not self.open.done():
            self.open.set_result(data.split(b"\r\n", 1)[0])
        *events, self._rest = (self._rest + data).split(b"\n\n")
        for event in events:
            self._tell(event, received)

    def _tell(self, event: bytes, received: int) -> None:
        name, data = parsed(event)
        if name:
            self._on_event(self._number, name, data, received)

    def connection_lost(self, _: Exception | None) -> None:
        if not self.closed.done():
            self.closed.set_result(None)

    def close(self) -> None:
        self._transport.close()


async def watch(url: str, paths: list[str], on_event: OnEvent, clock: Callable[[], int]) -> list[Watcher]:
    """Open every stream and return when each has had its first bytes."""
    host = urlsplit(url)
    loop = asyncio.get_running_loop()
    watchers = []
    for start in range(0, len(paths), 100):
        for number in range(start, min(start + 100, len(paths))):
            _, watcher = await loop.create_connection(
                lambda number=number: Watcher(number, paths[number], on_event, clock), host.hostname, host.port
            )
            watchers.append(watcher)
        await asyncio.gather(*(watcher.open for watcher in watchers[start:]))
    return watchers
