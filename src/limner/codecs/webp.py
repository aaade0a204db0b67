"""WebP (RFC 9649) as chunks: what a file says beside its pixels is replaced without touching the pixels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from limner.codecs.xmp import packet

SIGNATURE = b"RIFF"

_COLOUR_PROFILE, _ALPHA, _METADATA = 0x20, 0x10, 0x04


def relabel(data: bytes, labels: Mapping[str, str]) -> bytes:
    """The same pixels and colours with `labels` as the only text. Raises ValueError for a broken or animated file."""
    chunks = dict(_chunks(data))
    pixels = b"VP8L" if b"VP8L" in chunks else b"VP8 "
    if pixels not in chunks or b"ANIM" in chunks:
        raise ValueError("It is an animation or has no picture.")
    kept = [(kind, chunks[kind]) for kind in (b"ICCP", b"ALPH", pixels) if kind in chunks]
    if labels:
        kept.append((b"XMP ", packet(labels)))
    header = _header(chunks.get(b"VP8X"), pixels, chunks[pixels], {kind for kind, _ in kept})
    body = b"WEBP" + b"".join(_chunk(kind, content) for kind, content in [(b"VP8X", header), *kept])
    return SIGNATURE + len(body).to_bytes(4, "little") + body


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    end = 8 + int.from_bytes(data[4:8], "little")
    position = 12
    if end > len(data):
        raise ValueError("It is cut short.")
    while position + 8 <= end:
        length = int.from_bytes(data[position + 4 : position + 8], "little")
        if position + 8 + length > end:
            raise ValueError("It is cut short.")
        yield data[position : position + 4], data[position + 8 : position + 8 + length]
        position += 8 + length + length % 2


def _header(extended: bytes | None, kind: bytes, pixels: bytes, kept: set[bytes]) -> bytes:
    """The VP8X chunk: flags, and width and height less one in 24 bits each."""
    width, height, alpha = _lossless_facts(pixels) if kind == b"VP8L" else _lossy_facts(pixels)
    if extended is not None:
        alpha = alpha or bool(extended[0] & _ALPHA)
    flags = _ALPHA * alpha | _METADATA * (b"XMP " in kept) | _COLOUR_PROFILE * (b"ICCP" in kept)
    return bytes([flags, 0, 0, 0]) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")


def _lossy_facts(pixels: bytes) -> tuple[int, int, bool]:
    width, height = (int.from_bytes(pixels[start : start + 2], "little") & 0x3FFF for start in (6, 8))
    return max(width, 1), max(height, 1), False


def _lossless_facts(pixels: bytes) -> tuple[int, int, bool]:
    bits = int.from_bytes(pixels[1:5], "little")
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bool(bits >> 28 & 1)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return kind + len(content).to_bytes(4, "little") + content + b"\0" * (len(content) % 2)
