"""An engine whose pictures cost microseconds: for tests of whatever surrounds an engine."""

from __future__ import annotations

import functools
import struct
import zlib
from collections.abc import AsyncGenerator

from limner.contracts.engine import Engine, Painted, PaintTask, Stroke
from limner.domain.capabilities import Capabilities
from limner.domain.input import IMAGE, MASK, InputLimits

INPUTS = {IMAGE: InputLimits(max_count=16), MASK: InputLimits()}
"""What the engines of tests take."""
_TILE = 8
"""Side of a square of the checkerboard, in pixels."""


class InstantEngine(Engine):
    """Paints a two-coloured checkerboard, another one for each seed and for other inputs. `size`: the default width and
    height, in pixels.
    """

    def __init__(self, *, size: int = 64) -> None:
        self.capabilities = Capabilities(
            min_width=1,
            min_height=1,
            default_width=size,
            default_height=size,
            max_count=64,
            concurrency=64,
            negative_prompt=True,
            inputs=INPUTS,
            strength=(0.0, 1.0),
            description="Paints a small checkerboard at once, for tests.",
            examples=("anything",),
        )

    async def paint(self, task: PaintTask) -> AsyncGenerator[Stroke, None]:
        request, traits = task.request, await input_traits(task)
        for ordinal in task.ordinals:
            seed = request.seed_of(ordinal) ^ traits
            yield Painted(ordinal=ordinal, image=checkerboard(request.width, request.height, seed))


async def input_traits(task: PaintTask) -> int:
    """32 bits that differ where a task's inputs do; 0 without any."""
    traits = 0
    for given in task.inputs:
        traits = zlib.crc32(await task.read_input(given.name), zlib.crc32(given.name.encode(), traits))
    return traits


def checkerboard(width: int, height: int, seed: int) -> bytes:
    """A PNG of `width` × `height` pixels, distinct for each seed below 2³²."""
    first, second = _colours_of(seed)
    head, squares = _squares(width, height)
    return b"".join((head, _chunk(b"PLTE", first + second), squares))


def _colours_of(seed: int) -> tuple[bytes, bytes]:
    # An odd multiplier permutes 32-bit numbers: neighbours look unlike and no two seeds meet.
    spread = seed * 0x9E3779B1 % 2**32
    return struct.pack(">I", spread)[:3], struct.pack(">I", spread)[3:] + b"\x80\x40"


@functools.lru_cache(maxsize=64)
def _squares(width: int, height: int) -> tuple[bytes, bytes]:
    """All but the palette: what stands before it and what follows."""
    header = struct.pack(">IIBBBBB", width, height, 1, 3, 0, 0, 0)
    rows = [b"\0" + _row(width, start) for start in (0, 1)]
    pixels = b"".join(rows[(line // _TILE) % 2] for line in range(height))
    head = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header)
    return head, _chunk(b"IDAT", zlib.compress(pixels)) + _chunk(b"IEND", b"")


def _row(width: int, start: int) -> bytes:
    """Eight pixels a byte: a tile's width is one byte."""
    return bytes(0xFF if (tile + start) % 2 else 0 for tile in range((width + 7) // 8))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
