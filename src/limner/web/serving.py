"""A picture's bytes as an HTTP answer: cached for ever, in ranges, and inert in a browser."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from limner.actions.picture_cache import PictureCache
from limner.actions.read_image import (
    Kept,
    Original,
    Served,
    Thumbnail,
    Variant,
    etag_of,
    format_of,
    read_image,
    settled,
)
from limner.contracts.codec import Codec
from limner.contracts.storage import LocalStorage, SigningStorage, Storage
from limner.domain.image import MEDIA_TYPES
from limner.web.accel_redirect import internal_address, is_asked_for
from limner.web.negotiation import header, matches

CHUNK = 256 * 1024

Headers = list[tuple[bytes, bytes]]

_CACHING = (b"cache-control", b"private, max-age=31536000, immutable")
_INERT = (
    (b"content-security-policy", b"default-src 'none'; sandbox"),
    (b"cross-origin-resource-policy", b"same-site"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)
_RANGE = re.compile(r"bytes=(?:(?P<first>\d{1,18})-(?P<last>\d{0,18})|-(?P<suffix>\d{1,18}))", re.IGNORECASE)


async def image_response(
    request: Request,
    image: Kept,
    variant: Variant,
    *,
    storage: Storage,
    codec: Codec,
    cache: PictureCache,
    redirect: timedelta | None = None,
    accel_redirect: str = "",
) -> Response:
    """200, 206, 304 or 416; conditions and ranges count for GET and HEAD only. Raises NotFound where bytes are gone.

    With `redirect`, a GET of the original is sent to the storage, 307, by a URL that holds so long. With
    `accel_redirect`, nginx in front is told to send it from below that address.
    """
    etag = etag_of(image, variant)
    asks_again = request.method in {"GET", "HEAD"}
    if asks_again and matches(header(request.scope, b"if-none-match"), etag):
        return _with(Response(status_code=304), [_CACHING, (b"etag", etag.encode())])
    headers = _headers_of(image, variant, etag)
    if request.method == "HEAD" and settled(image, variant) == Original():
        return _with(Response(headers={"content-length": str(image.bytes)}), headers)
    if redirect and request.method == "GET" and settled(image, variant) == Original():
        assert isinstance(storage, SigningStorage)
        return _elsewhere(await storage.signed_url(image.key, redirect), redirect)
    if accel_redirect and settled(image, variant) == Original() and _nginx_may(request, etag, image.bytes, storage):
        where = await internal_address(accel_redirect, image.key, storage)
        return _left_to_nginx(where, headers)
    served = await read_image(image, storage=storage, codec=codec, variant=variant, cache=cache)
    wanted = _wanted_range(request, etag, served.size) if request.method == "GET" else None
    return _whole(served, headers) if wanted is None else _part(served, headers, wanted)


def _elsewhere(url: str, holds: timedelta) -> Response:
    """The browser may use the address again for the half of its time: a download must still be able to start."""
    caching = (b"cache-control", b"private, max-age=%d" % (holds.total_seconds() // 2))
    return _with(Response(status_code=307), [*_INERT, caching, (b"location", url.encode())])


def _nginx_may(request: Request, etag: str, size: int, storage: Storage) -> bool:
    """It reads ranges by rules of its own, and so do stores: only one that can be satisfied, as it is written, of a file,
    is left to it.
    """
    if request.method != "GET" or not is_asked_for(request):
        return False
    ranged = "range" in request.headers
    return not ranged or (isinstance(storage, LocalStorage) and bool(_wanted_range(request, etag, size)))


def _left_to_nginx(where: str, headers: Headers) -> Response:
    """Without Accept-Ranges: nginx says that by itself, and would say it twice."""
    kept = [pair for pair in headers if pair[0] != b"accept-ranges"]
    return _with(Response(), [*kept, (b"x-accel-redirect", where.encode())])


def _with(response: Response, headers: Headers) -> Response:
    """Headers that are bytes already cost a quarter of what Starlette takes to make them from text."""
    response.raw_headers.extend(headers)
    return response


def _headers_of(image: Kept, variant: Variant, etag: str) -> Headers:
    kind = format_of(image, variant)
    return [
        *_INERT,
        _CACHING,
        (b"accept-ranges", b"bytes"),
        (b"content-type", MEDIA_TYPES[kind].encode()),
        (b"content-disposition", f'inline; filename="{_filename(image, variant, kind)}"'.encode()),
        (b"etag", etag.encode()),
    ]


def _filename(image: Kept, variant: Variant, kind: str) -> str:
    """Of digits, letters and dashes that we made, so it needs neither quoting nor encoding (RFC 6266)."""
    size = f"-{variant.size}" if isinstance(variant, Thumbnail) else ""
    return f"{image.file_stem}{size}.{kind}"


def _wanted_range(request: Request, etag: str, size: int) -> range | None:
    """The positions asked for, empty where there are none such; None for the whole, also where several ranges, a
    malformed one, or one of other bytes (If-Range) is asked for.
    """
    found = _RANGE.fullmatch(request.headers.get("range", ""))
    if found is None or request.headers.get("if-range", etag) != etag:
        return None
    if found["suffix"]:
        return range(max(size - int(found["suffix"]), 0), size)
    first, last = int(found["first"]), int(found["last"] or size)
    if last < first and found["last"]:
        return None
    return range(first, min(last + 1, size))


def _whole(served: Served, headers: Headers) -> Response:
    if served.data is not None:
        return _with(Response(served.data), headers)
    return _streamed(served, range(served.size), 200, headers)


def _part(served: Served, headers: Headers, wanted: range) -> Response:
    if not wanted:
        none = (b"content-range", b"bytes */%d" % served.size)
        return _with(Response(status_code=416), [*_INERT, none, (b"cache-control", b"no-store")])
    headers.append((b"content-range", b"bytes %d-%d/%d" % (wanted.start, wanted.stop - 1, served.size)))
    if served.data is not None:
        return _with(Response(served.data[wanted.start : wanted.stop], 206), headers)
    return _streamed(served, wanted, 206, headers)


def _streamed(served: Served, wanted: range, status: int, headers: Headers) -> Response:
    assert served.path is not None
    length = {"content-length": str(len(wanted))}
    return _with(StreamingResponse(_chunks(served.path, wanted), status, length), headers)


async def _chunks(path: Path, wanted: range) -> AsyncIterator[bytes]:
    file = await asyncio.to_thread(path.open, "rb")
    try:
        await asyncio.to_thread(file.seek, wanted.start)
        for start in range(wanted.start, wanted.stop, CHUNK):
            yield await asyncio.to_thread(file.read, min(CHUNK, wanted.stop - start))
    finally:
        file.close()
