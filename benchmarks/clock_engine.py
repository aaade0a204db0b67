"""An engine that says when it did what: the `step` of its progress is its clock, in microseconds."""

from __future__ import annotations

import asyncio
import random
import struct
import time
import zlib
from collections.abc import AsyncGenerator
from dataclasses import replace

from limner.contracts.engine import Engine, Painted, PaintTask, Progress, Stroke
from limner.domain.capabilities import Capabilities
from limner.domain.job import Note


def microseconds() -> int:
    return time.monotonic_ns() // 1000


def noise_png(width: int, height: int, seed: int) -> bytes:
    """A PNG that does not compress: 512 × 512 in three colours at 2 of 3 bytes random is about 600 kB."""
    chance = random.Random(seed)
    rows = b"".join(b"\0" + _noisy_row(chance, width) for _ in range(height))
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + _chunk(b"IDAT", zlib.compress(rows, 1))
        + _chunk(b"IEND", b"")
    )


def _noisy_row(chance: random.Random, width: int) -> bytes:
    noise = chance.randbytes(2 * width)
    return b"".join(noise[2 * i : 2 * i + 2] + b"\x80" for i in range(width))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


class ClockEngine(Engine):
    """Paints noise after `seconds`, in `ticks` steps; each Progress carries the time of its making."""

    capabilities = Capabilities(concurrency=1100, max_count=1, default_width=64, default_height=64)

    def __init__(self, *, seconds: float, ticks: int, notes: bool = False, concurrency: int = 1100) -> None:
        self.capabilities = replace(self.capabilities, concurrency=concurrency)
        self._seconds, self._ticks, self._notes = seconds, ticks, notes

    async def paint(self, task: PaintTask) -> AsyncGenerator[Stroke, None]:
        image = noise_png(task.request.width, task.request.height, task.request.seed)
        for _ in range(self._ticks):
            await asyncio.sleep(self._seconds / self._ticks)
            yield Progress(step=microseconds())
        yield Progress(step=microseconds())
        # Another process may hear of the progress late or never, and of a note with the picture.
        notes = (Note(code="clock", detail=str(microseconds())),) if self._notes else ()
        yield Painted(ordinal=task.ordinals[0], image=image, notes=notes)
