"""What a service answered, read within a limit that holds for bytes on the wire and for bytes unpacked."""

from __future__ import annotations

import json
import zlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import httpx

_GZIP_OR_ZLIB = 47
"""zlib's window bits that tell both formats by their header."""


class TooLarge(Exception):
    """The answer is larger than its limit; the rest was not read."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. `document` is its JSON, None where it is none."""

    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def document(self) -> Any:
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def kind(self) -> str:
        """Its media type, as it says."""
        return self.headers.get("content-type", "").partition(";")[0].strip() or "something without a type"


async def read(response: httpx.Response, limit: int) -> Answer:
    """Raises TooLarge, and what httpx raises."""
    body = bytearray()
    async for part in parts(response, limit):
        body += part
    return Answer(response.status_code, response.headers, bytes(body))


async def parts(response: httpx.Response, limit: int) -> AsyncGenerator[bytes, None]:
    """The body in pieces, unpacked where it was packed although we ask for it as it is. Raises TooLarge and DecodingError."""
    packed = response.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}
    unpack = zlib.decompressobj(_GZIP_OR_ZLIB) if packed else None
    received = given = 0
    async for raw in response.aiter_raw():
        received += len(raw)
        part = _unpacked(unpack, raw, limit - given + 1) if unpack else raw
        given += len(part)
        if max(received, given) > limit:
            raise TooLarge(f"It is larger than {limit // 2**20} MiB.")
        yield part


def _unpacked(unpack: Any, raw: bytes, most: int) -> bytes:
    try:
        part: bytes = unpack.decompress(raw, most)
    except zlib.error as error:
        raise httpx.DecodingError("It is packed, which was not asked for.") from error
    return part
