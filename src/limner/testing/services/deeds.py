"""What a stand-in for a service does wrong on request: with the connection, with the body, with the picture."""

from __future__ import annotations

import functools
import gzip
import socket
import struct
import threading
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace

from limner.testing.services.exchange import Reply

LINK_LOCAL = "http://169.254.169.254/latest/meta-data/"
HUGE = 2 * 2**30
CHUNK = bytes(2**20)


def reset(connection: socket.socket) -> None:
    """The other side sees the connection torn down, not closed."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _hang(_: socket.socket, __: Reply, closed: threading.Event) -> None:
    closed.wait()


def _drip(connection: socket.socket, reply: Reply, closed: threading.Event) -> None:
    """One byte a second, for ever as far as anybody cares."""
    for byte in encoded(reply):
        connection.sendall(bytes([byte]))
        if closed.wait(1.0):
            return


def _send_huge(connection: socket.socket, reply: Reply, _: threading.Event) -> None:
    connection.sendall(encoded(replace(reply, body=b""), length=HUGE))
    for _megabyte in range(HUGE // len(CHUNK)):
        connection.sendall(CHUNK)


def _send_part(connection: socket.socket, reply: Reply, _: threading.Event) -> None:
    connection.sendall(encoded(reply)[:-1])
    connection.shutdown(socket.SHUT_WR)


ON_THE_WIRE: Mapping[str, Callable[[socket.socket, Reply, threading.Event], None]] = {
    "hang": _hang,
    "drip": _drip,
    "reset_after": lambda connection, _, __: reset(connection),
    "huge": _send_huge,
    "short": _send_part,
}
"""Once the request is taken, and charged where it costs something."""


@functools.cache
def _bomb() -> bytes:
    return gzip.compress(bytes(128 * 2**20), 1)


def _packed(reply: Reply) -> Reply:
    return replace(reply, body=_bomb(), headers={**reply.headers, "content-encoding": "gzip"})


IN_THE_ANSWER: Mapping[str, Callable[[Reply], Reply]] = {
    "html": lambda _: Reply(b"<html><body>Just a moment...</body></html>", 200, {"content-type": "text/html"}),
    "gzip_bomb": _packed,
    "bad_gateway": lambda _: Reply(b"bad gateway", 502),
    "gateway_timeout": lambda _: Reply(b"gateway timeout", 504),
}
"""Also after it is taken: what comes back is of no use."""

INSTEAD: Mapping[str, Reply] = {
    "fault": Reply(b"oops", 500),
    "unavailable": Reply(b"", 503),
    "loading": Reply(b"", 503, {"retry-after": "1"}),
    "redirect": Reply(b"", 302, {"location": LINK_LOCAL}),
    "gone": Reply(b"", 404),
}
"""Without taking the request."""


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@functools.cache
def _vast() -> bytes:
    """A whole PNG of 50,000 × 50,000 pixels."""
    header = struct.pack(">IIBBBBB", 50_000, 50_000, 1, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(6_251) * 50_000, 1)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


OF_THE_PICTURE: Mapping[str, Callable[[bytes], bytes]] = {
    "truncated": lambda picture: picture[: len(picture) // 2],
    "gif": lambda _: b"GIF89a\x01\x00\x01\x00\x00\x00\x00;",
    "svg": lambda _: b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "vast": lambda _: _vast(),
    "empty": lambda _: b"",
}


def encoded(reply: Reply, length: int | None = None) -> bytes:
    """As it stands on the wire."""
    told = {"content-length": str(len(reply.body) if length is None else length), **reply.headers}
    lines = [f"HTTP/1.1 {reply.status} Said", *(f"{name}: {value}" for name, value in told.items())]
    return "\r\n".join([*lines, "", ""]).encode() + reply.body
