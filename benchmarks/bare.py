"""The ceiling of a Python server: one coroutine that answers from memory, with nothing between it and uvicorn."""

from __future__ import annotations

from typing import Any

SMALL = b"x" * 6000


async def app(scope: dict[str, Any], _receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    known = any(name == b"if-none-match" for name, _ in scope["headers"])
    body = b"" if known else SMALL
    headers = [(b"etag", b'"x"')] if known else [(b"content-type", b"image/webp"), (b"content-length", b"6000")]
    await send({"type": "http.response.start", "status": 304 if known else 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
