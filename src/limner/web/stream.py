"""Server-sent events: one ASGI response that pumps what a watch yields, as frames of bytes."""

from __future__ import annotations

import asyncio
import base64
import functools
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from limner.actions.quiet_trace import log_fault
from limner.domain.event import PreviewTick, ProgressTick
from limner.web.encoding import encode, preview_event, progress_event

RECONNECT = b"retry: 1000\n\n"
HEARTBEAT = b":\n\n"
HEARTBEAT_EVERY = 15.0
LIFETIME = 3600.0
"""Seconds after which a stream ends, for the client to come again: none outlives its balance among processes."""

HEADERS = (
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"referrer-policy", b"no-referrer"),
)

log = logging.getLogger("limner.web")


def frame(event: bytes, data: bytes, name: bytes = b"") -> bytes:
    head = b"id: " + name + b"\n" if name else b""
    return head + b"event: " + event + b"\ndata: " + data + b"\n\n"


# A tick is one object for all watchers in this process, so its frame is made once.
@functools.lru_cache(maxsize=256)
def progress_frame(tick: ProgressTick) -> bytes:
    return frame(b"progress", encode(progress_event(tick)))


@functools.lru_cache(maxsize=32)
def preview_frame(tick: PreviewTick) -> bytes:
    data_url = f"data:{tick.media_type};base64,{base64.b64encode(tick.image).decode('ascii')}"
    return frame(b"preview", encode(preview_event(tick, data_url)))


class EventStream(Response):
    """Sends a frame for each thing seen; None (a quiet interval) is a comment, which keeps proxies from closing it.

    Ends when the watch ends or breaks, when the client has gone, or after `LIFETIME`.
    """

    def __init__(self, seen: AsyncGenerator[Any, None], told: Callable[[Any], bytes]) -> None:
        # Middleware adds to this very list: another's cookie must not stand in it.
        self.status_code, self.raw_headers, self.background = 200, list(HEADERS), None
        self._seen = seen
        self._told = told

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        pumping = asyncio.current_task()
        assert pumping is not None
        leaving = asyncio.create_task(_until_gone(receive))
        leaving.add_done_callback(lambda done: None if done.cancelled() else pumping.cancel())
        try:
            async with asyncio.timeout(LIFETIME), aclosing(self._seen):
                await self._pump(send)
        except TimeoutError:
            pass
        except asyncio.CancelledError:
            if not leaving.done() or pumping.uncancel():
                raise
            return
        except Exception as error:  # noqa: BLE001 - what the server logs of it would quote prompts
            log_fault(log, "a stream broke off", error, {})
        finally:
            leaving.cancel()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _pump(self, send: Send) -> None:
        await send({"type": "http.response.body", "body": RECONNECT, "more_body": True})
        async for seen in self._seen:
            await send({"type": "http.response.body", "body": self._frame(seen), "more_body": True})

    def _frame(self, seen: Any) -> bytes:
        match seen:
            case None:
                return HEARTBEAT
            case ProgressTick():
                return progress_frame(seen)
            case PreviewTick():
                return preview_frame(seen)
            case _:
                return self._told(seen)


async def _until_gone(receive: Receive) -> None:
    """Returns when the client has closed the connection: servers tell it nowhere else."""
    while (await receive())["type"] != "http.disconnect":
        pass
