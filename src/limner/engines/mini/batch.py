"""Sketches of many paints advance together, one step at a time; they join and leave between two steps."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from limner.domain.errors import EngineFailed
from limner.engines.mini.grid import Floats
from limner.engines.mini.sketch import Question, Sketch

CLOSED = "The engine mini was closed amid this picture."

Ask = Callable[[list[Question]], list[Floats]]


class Batch:
    """Asks the model for at most `most` sketches at once; of more, all advance in turn."""

    def __init__(self, ask: Ask, *, most: int) -> None:
        self._ask = ask
        self._most = most
        self._seats: deque[_Seat] = deque()
        self._occupied = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, "limner-mini")  # of its own: no step waits behind an enlargement
        self._running = asyncio.create_task(self._run())
        self.largest = 0
        """How many sketches shared a step so far, at most."""

    async def close(self) -> None:
        self._running.cancel()
        with suppress(asyncio.CancelledError):
            await self._running
        self._fail(tuple(self._seats), EngineFailed(CLOSED))
        self._thread.shutdown(wait=False)

    async def paint(self, sketch: Sketch) -> AsyncGenerator[Floats, None]:
        """Yields the picture as the model sees it after each step. Closing it takes the sketch out before the next one."""
        if self._running.done():
            raise EngineFailed(CLOSED)
        seat = _Seat(sketch)
        self._seats.append(seat)
        self._occupied.set()
        try:
            for _ in range(sketch.steps):
                stage = await seat.stages.get()
                if isinstance(stage, Exception):  # told to several, who each add to the traceback of what they raise
                    detail = stage.detail if isinstance(stage, EngineFailed) else "A step of the engine mini failed."
                    raise EngineFailed(detail) from stage
                yield stage
        finally:
            self._leave(seat)

    def _leave(self, seat: _Seat) -> None:
        if seat in self._seats:
            self._seats.remove(seat)
        if not self._seats:
            self._occupied.clear()

    async def _run(self) -> None:
        while True:
            await self._occupied.wait()
            seats = tuple(self._seats)
            try:
                seats = self._next()
                await self._step([seat.sketch for seat in seats])
            except Exception as error:  # noqa: BLE001 - each paint of this step fails of it; the next step may do better
                self._fail(seats, error)
            else:
                self._deliver(seats)

    async def _step(self, sketches: list[Sketch]) -> None:
        self.largest = max(self.largest, len(sketches))
        await asyncio.get_running_loop().run_in_executor(self._thread, _advance, self._ask, sketches)

    def _next(self) -> tuple[_Seat, ...]:
        """Those that have waited longest and can share a step: as many patches each."""
        tokens = self._seats[0].sketch.grid.tokens
        seats = [seat for seat in self._seats if seat.sketch.grid.tokens == tokens][: self._most]
        for seat in seats:
            self._seats.remove(seat)
            self._seats.append(seat)
        return tuple(seats)

    def _fail(self, seats: Sequence[_Seat], error: Exception) -> None:
        for seat in seats:
            seat.stages.put_nowait(error)
            self._leave(seat)

    def _deliver(self, seats: Sequence[_Seat]) -> None:
        for seat in seats:
            seat.stages.put_nowait(seat.sketch.clean)
            if seat.sketch.finished:
                self._leave(seat)


class _Seat:
    """A sketch in the batch, and its stages on their way to whoever paints it."""

    def __init__(self, sketch: Sketch) -> None:
        self.sketch = sketch
        self.stages: asyncio.Queue[Floats | Exception] = asyncio.Queue()


def _advance(ask: Ask, sketches: list[Sketch]) -> None:
    asked = [sketch.questions() for sketch in sketches]
    answers = iter(ask([question for questions in asked for question in questions]))
    for sketch, questions in zip(sketches, asked, strict=True):
        sketch.advance([next(answers) for _ in questions])
