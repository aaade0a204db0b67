"""PNG (ISO/IEC 15948) as chunks: what a file says beside its pixels is replaced without touching the pixels."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_PIXELS = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})
_COLOUR = frozenset({b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"sBIT"})


def relabel(data: bytes, labels: Mapping[str, str]) -> bytes:
    """The same pixels and colours with `labels` as the only text. Raises ValueError for a broken or animated file."""
    kept = list(_kept_chunks(data))
    texts = [_text_chunk(keyword, text) for keyword, text in labels.items()]
    return b"".join([SIGNATURE, kept[0], *texts, *kept[1:]])


def _kept_chunks(data: bytes) -> Iterator[memoryview]:
    view, position, kind = memoryview(data), len(SIGNATURE), b""
    while kind != b"IEND":
        end = position + 12 + int.from_bytes(view[position : position + 4], "big")
        chunk, kind = view[position:end], bytes(view[position + 4 : position + 8])
        if end > len(data) or (position == len(SIGNATURE)) != (kind == b"IHDR"):
            raise ValueError("It is cut short or has no header.")
        if _is_kept(kind):
            if zlib.crc32(chunk[4:-4]) != int.from_bytes(chunk[-4:], "big"):
                raise ValueError("A checksum is wrong.")
            yield chunk
        position = end


def _is_kept(kind: bytes) -> bool:
    if kind == b"acTL":
        raise ValueError("It is an animation.")
    if kind in _PIXELS or kind in _COLOUR:
        return True
    if kind[:1].isupper():
        raise ValueError("It holds something that is not PNG.")
    return False


def _text_chunk(keyword: str, text: str) -> bytes:
    if text.isascii():
        return _chunk(b"tEXt", keyword.encode() + b"\0" + text.encode())
    return _chunk(b"iTXt", keyword.encode() + b"\0\0\0\0\0" + text.encode(errors="replace"))


def _chunk(kind: bytes, content: bytes) -> bytes:
    body = kind + content
    return len(content).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
