"""Bytes of pictures: verified, converted, made small, labelled. All methods are blocking CPU work: call them in a thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Verified bytes and what they show. `color` is the dominant colour as #rrggbb, `sha256` hex of `data`."""

    data: bytes
    format: str
    width: int
    height: int
    color: str
    sha256: str


class Codec(Protocol):
    """Every method raises BadImage for bytes that are not a whole PNG, JPEG or WebP within the pixel cap."""

    def finish(self, data: bytes, *, format: str, labels: Mapping[str, str]) -> Picture:  # noqa: A002 - the wire's word
        """Verify by decoding wholly, convert to `format` where it differs, put `labels` into the file."""
        ...

    def convert(self, data: bytes, *, format: str) -> bytes:  # noqa: A002 - the wire's word
        ...

    def accept(self, data: bytes, *, max_pixels: int) -> Picture:
        """Verify an upload by decoding wholly and turn it upright as its EXIF says. Its format stays; all that it says
        beside pixels and colours goes.
        """
        ...

    def mask(self, data: bytes, *, format: str, transparent: bool) -> bytes:  # noqa: A002 - the wire's word
        """A mask that marks what is painted anew by transparency, or by white on black. What it marks is read from its
        transparent places, or where it has none from its white ones.
        """
        ...

    def thumbnail(self, data: bytes, *, size: int) -> bytes:
        """A WebP that fits into size × size, never enlarged."""
        ...
