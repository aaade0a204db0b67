"""An engine in a supervised child process: its crash, hang or hunger for memory is one failed try."""

from __future__ import annotations

import asyncio
import importlib
import operator
from collections.abc import AsyncGenerator, Mapping
from typing import Any, Literal, get_args

from limner.contracts.engine import Engine, OpenCall, PaintTask, Progress, Stroke
from limner.domain.errors import EngineError, EngineTimeout
from limner.domain.request import ImageRequest
from limner.domain.wording import listed
from limner.engines.child_process import ChildPlan, ChildProcess

Measure = Literal["address_space", "rss"]
MEASURES: tuple[Measure, ...] = get_args(Measure)


class IsolatedEngine(Engine):
    """Paints with the engine `class_path` (`module:Class`), made with `options` in `children` processes.

    Several paints share a child where there are more of them than children; `task.alone` gets one of its own. A dead
    child is replaced by the next paint. EngineCrashed and OutOfMemory carry the fact `own`: whether the paint was alone
    in the child, so that the death is its own. Closing a paint's generator is enough to stop even a deaf or hanging
    engine: it takes `close_grace` seconds at most, then the child is killed.

    `memory_limit` is bytes a child, of its address space, or of what it holds in RAM (`memory="rss"`). Raises ValueError
    for values that cannot be used.
    """

    def __init__(
        self,
        class_path: str,
        options: Mapping[str, Any],
        *,
        children: int = 1,
        memory: Measure = "address_space",
        memory_limit: int | None = None,
        open_timeout: float = 300.0,
        health_timeout: float = 10.0,
        close_grace: float = 5.0,
    ) -> None:
        _check("children", children)
        if memory_limit is not None:
            _check("memory_limit", memory_limit)
        if memory not in MEASURES:
            raise ValueError(f"memory is {memory!r}; there are {listed(MEASURES)}")
        module, _, name = class_path.partition(":")
        self._inside: Engine = operator.attrgetter(name)(importlib.import_module(module))(**options)
        self.capabilities = self._inside.capabilities
        self.credential = self._inside.credential
        self._health_timeout = health_timeout
        self._plan = ChildPlan(
            engine=class_path,
            options=options,
            memory=memory,
            memory_limit=memory_limit,
            open_timeout=open_timeout,
            close_grace=close_grace,
        )
        self._seats = [_Seat(self._plan) for _ in range(children)]

    def estimate(self, request: ImageRequest, model: str) -> float | None:
        return self._inside.estimate(request, model)

    async def open(self) -> None:
        """Starts the children and opens the engine in each. Raises the EngineError that keeps it shut."""
        await asyncio.gather(*(seat.child() for seat in self._seats))

    async def close(self) -> None:
        await asyncio.gather(*(seat.close() for seat in self._seats))

    async def health(self) -> None:
        """Asks the engine in a child that does not paint; one that paints is well."""
        seat = min(self._seats, key=lambda seat: seat.paints)
        if seat.paints:
            return
        child = await seat.child()
        try:
            async with asyncio.timeout(self._health_timeout):
                await child.health()
        except TimeoutError:
            raise EngineTimeout(f"The engine did not say how it is within {self._health_timeout:g} s.") from None

    @property
    def can_cancel(self) -> bool:
        return self._inside.can_cancel

    async def cancel(self, call: OpenCall) -> None:
        seat = min(self._seats, key=lambda seat: seat.paints)
        await (await seat.child()).call_off(call)

    async def paint(self, task: PaintTask) -> AsyncGenerator[Stroke, None]:
        seat = _Seat(self._plan) if task.alone else min(self._seats, key=lambda seat: seat.paints)
        seat.paints += 1
        try:
            while (child := await seat.child_within(self.capabilities.silence_timeout / 3)) is None:
                # A starting child would look like a hanging one to whoever watches for silence.
                yield Progress(step=0)
            line = child.begin(task)
            try:
                while (stroke := await line.next()) is not None:
                    yield stroke
                    child.go_on(line, stroke)
            finally:
                await child.end(line)
        finally:
            seat.paints -= 1
            if task.alone:
                await seat.close()


def _check(name: str, count: Any) -> None:
    if type(count) is not int or count < 1:
        raise ValueError(f"{name} is {count!r}; it must be a whole number above 0")


class _Seat:
    """The place of one child: started when it is needed, replaced when it died."""

    def __init__(self, plan: ChildPlan) -> None:
        self.paints = 0
        self._plan = plan
        self._starting: asyncio.Task[ChildProcess] | None = None

    async def child(self) -> ChildProcess:
        """Raises the EngineError that kept the child from starting."""
        return await asyncio.shield(self._start())

    async def child_within(self, seconds: float) -> ChildProcess | None:
        starting = self._start()
        await asyncio.wait({starting}, timeout=seconds)
        return starting.result() if starting.done() else None

    def _start(self) -> asyncio.Task[ChildProcess]:
        if self._starting is None or (self._starting.done() and not self._is_usable(self._starting)):
            self._starting = asyncio.create_task(ChildProcess.start(self._plan))
        return self._starting

    @staticmethod
    def _is_usable(started: asyncio.Task[ChildProcess]) -> bool:
        return not started.cancelled() and started.exception() is None and started.result().alive

    async def close(self) -> None:
        starting, self._starting = self._starting, None
        if starting is None:
            return
        if not starting.done():
            starting.cancel()
        try:
            child = await starting
        except (asyncio.CancelledError, EngineError):
            return
        await child.close()
