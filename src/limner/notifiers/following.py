"""Watchers of jobs that other processes change in the same database."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from limner.domain.event import JobChanged, PreviewTick, ProgressTick, Signal
from limner.notifiers.faults import Faults
from limner.notifiers.memory import MemoryNotifier
from limner.notifiers.previews_elsewhere import PreviewOf, PreviewsElsewhere

MOST_REMEMBERED = 4096
MOST_AT_ONCE = 1000
OURS_FOR = 2.0
"""Seconds for which a job of which this process told progress is taken to be painted here."""
TELL_EVERY = 0.25
"""Seconds between two times that this process is told of changes elsewhere: each may cost every idle worker of a fleet a
claim, whoever the change is for.
"""
PAUSE = 1.0
"""Seconds until the next try after a fault."""


class ChangesAfter(Protocol):
    """`JobRepository.changes_after`."""

    async def __call__(
        self, position: str | None, *, owner: str | None = None, limit: int = 1000
    ) -> tuple[tuple[JobChanged, ...], str]: ...


class ProgressOf(Protocol):
    """`JobRepository.progress_of`."""

    async def __call__(self, job_ids: Collection[str]) -> tuple[ProgressTick, ...]: ...


class Watch(Protocol):
    """Tells that the database may have changed, and whom it concerns that we changed it."""

    def start(self, loop: asyncio.AbstractEventLoop, moved: Callable[[], None]) -> None:
        """Calls `moved` in the loop from now on, once at least, and soon after any other process committed."""
        ...

    async def stop(self) -> None: ...

    def tell(self) -> None:
        """This process committed. Never blocks, from any thread."""
        ...


class FollowingNotifier(MemoryNotifier):
    """This process hears itself through memory. What others changed is read when the watch says that there may be
    something, and published; then `on_change` is called, at once after a quiet while, else together for several.
    """

    def __init__(
        self,
        watch: Watch,
        *,
        changes_after: ChangesAfter,
        progress_of: ProgressOf,
        preview_of: PreviewOf,
        on_change: Callable[[], None] | None = None,
    ) -> None:
        super().__init__()
        self._watch = watch
        self._changes_after = changes_after
        self._changed = _Sparingly(on_change or _nothing, TELL_EVERY)
        self._position: str | None = None
        self._told_here: set[tuple[str, int]] = set()
        self._progress = _ProgressElsewhere(progress_of)
        self._previews = PreviewsElsewhere(preview_of, self._tell_previews)
        self._running: contextlib.AsyncExitStack | None = None

    async def open(self) -> None:
        """The database must be open: it is read from here on."""
        await super().open()
        _, self._position = await self._changes_after(None)
        async with contextlib.AsyncExitStack() as stack:
            stack.callback(self._changed.stop)
            moved = asyncio.Event()
            for task in (self._follow(moved), self._previews.run()):
                stack.push_async_callback(_cancelled, asyncio.create_task(task))
            stack.push_async_callback(self._watch.stop)
            self._watch.start(asyncio.get_running_loop(), moved.set)
            self._running = stack.pop_all()

    async def close(self) -> None:
        await super().close()
        running, self._running = self._running, None
        if running is not None:
            await running.aclose()

    def publish(self, signals: Sequence[Signal]) -> None:
        durable = False
        for signal in signals:
            if isinstance(signal, JobChanged):
                self._told_here.add((signal.job_id, signal.seq))
                durable = True
            elif isinstance(signal, ProgressTick):
                self._progress.note_here(signal.job_id)
        if durable:
            self._watch.tell()
        if len(self._told_here) > MOST_REMEMBERED:
            self._told_here = set()
        super().publish(signals)

    async def _follow(self, moved: asyncio.Event) -> None:
        faults = Faults("changes of other processes cannot be read; trying on")
        while True:
            await moved.wait()
            moved.clear()
            try:
                await self._catch_up()
                faults.over()
            except Exception as error:  # noqa: BLE001 - without this task no watcher hears other processes
                faults.note(error)
                moved.set()
                await asyncio.sleep(PAUSE)

    async def _catch_up(self) -> None:
        told, self._told_here = self._told_here, set()
        elsewhere = False
        more = True
        while more:
            changes, self._position = await self._changes_after(self._position, limit=MOST_AT_ONCE)
            more = len(changes) >= MOST_AT_ONCE
            news = [
                change
                for change in changes
                if (key := (change.job_id, change.seq)) not in told and key not in self._told_here
            ]
            super().publish(news)
            self._progress.note_elsewhere(news)
            elsewhere = elsewhere or bool(news)
        if elsewhere:
            self._changed.note()
        await self._tell_progress()

    async def _tell_progress(self) -> None:
        jobs = {job_id for board in self.boards() for job_id in board.watched_jobs()}
        owners = {owner for board in self.boards() for owner in board.watched_owners()}
        ticks = await self._progress.ticks(jobs, owners)
        super().publish(ticks)
        self._previews.want(tick for tick in ticks if any(board.shows_previews_of(tick) for board in self.boards()))

    def _tell_previews(self, previews: Sequence[PreviewTick]) -> None:
        """A job may have ended while its last one was read."""
        super().publish([preview for preview in previews if self._progress.is_running(preview.job_id)])


def _nothing() -> None: ...


class _Sparingly:
    """Calls `deed` at the first note; what is noted within `seconds` after a call is one call when they are over."""

    def __init__(self, deed: Callable[[], None], seconds: float) -> None:
        self._deed = deed
        self._seconds = seconds
        self._pause: asyncio.TimerHandle | None = None
        self._noted = False

    def note(self) -> None:
        if self._pause is not None:
            self._noted = True
            return
        self._pause = asyncio.get_running_loop().call_later(self._seconds, self._go_on)
        self._deed()

    def stop(self) -> None:
        if self._pause is not None:
            self._pause.cancel()
        self._pause, self._noted = None, False

    def _go_on(self) -> None:
        noted = self._noted
        self.stop()
        if noted:
            self.note()


class _ProgressElsewhere:
    """What to tell about jobs that another process paints."""

    def __init__(self, progress_of: ProgressOf) -> None:
        self._progress_of = progress_of
        self._owners: OrderedDict[str, str] = OrderedDict()
        self._told: dict[str, ProgressTick] = {}
        self._told_here: dict[str, float] = {}

    def note_here(self, job_id: str) -> None:
        """This process told of it itself, earlier and finer than any row."""
        self._told_here[job_id] = time.monotonic()

    def note_elsewhere(self, changes: Sequence[JobChanged]) -> None:
        """Jobs that may be running elsewhere, for those who watch all jobs of an owner, or have just ended."""
        for change in changes:
            self._told.pop(change.job_id, None)
            self._owners[change.job_id] = change.owner
            self._owners.move_to_end(change.job_id)
        while len(self._owners) > MOST_REMEMBERED:
            self._owners.popitem(last=False)

    def is_running(self, job_id: str) -> bool:
        """By the last look at the watched jobs that others paint."""
        return job_id in self._told

    async def ticks(self, jobs: Collection[str], owners: Collection[str]) -> list[ProgressTick]:
        """New progress of watched jobs that others paint."""
        long_ago = time.monotonic() - OURS_FOR
        self._told_here = {job_id: at for job_id, at in list(self._told_here.items()) if at > long_ago}
        of_owners = {job_id for job_id, owner in self._owners.items() if owner in owners} if owners else set()
        watched = (of_owners | set(jobs)) - self._told_here.keys()
        found = await self._progress_of(watched) if watched else ()
        news = [tick for tick in found if self._told.get(tick.job_id) != tick]
        self._told = {tick.job_id: tick for tick in found}
        return news


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
