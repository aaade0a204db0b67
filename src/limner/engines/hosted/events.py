"""Server-sent events as JSON documents."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Iterator
from typing import Any


async def documents(parts: AsyncGenerator[bytes, None]) -> AsyncGenerator[Any, None]:
    """The data of each event that is a JSON object; what is none, such as the `[DONE]` at the end, is left out."""
    buffer = b""
    async for part in parts:
        buffer = (buffer + part).replace(b"\r\n", b"\n")
        *events, buffer = buffer.split(b"\n\n")
        for document in _objects(events):
            yield document
    for document in _objects([buffer]):
        yield document


def _objects(events: list[bytes]) -> Iterator[Any]:
    for event in events:
        lines = [line[5:].removeprefix(b" ") for line in event.split(b"\n") if line.startswith(b"data:")]
        try:
            document = json.loads(b"\n".join(lines))
        except ValueError:
            continue
        if isinstance(document, dict):
            yield document
