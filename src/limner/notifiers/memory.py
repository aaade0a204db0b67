"""Watchers in the same process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Self, TypeVar, TypeVarTuple

from limner.domain.event import JobChanged, PreviewTick, Signal

Arguments = TypeVarTuple("Arguments")
Key = TypeVar("Key")

MOST_UNHEARD = 512
"""Signals of each sort that one watcher may leave unheard; the oldest go first."""


class MemorySubscription:
    """One watcher's ear: entered, heard and left in one event loop."""

    __slots__ = ("_board", "_changes", "_closed", "_notifier", "_ticks", "_waiter", "job_id", "owner", "previews")

    def __init__(self, notifier: MemoryNotifier, job_id: str | None, owner: str | None, *, previews: bool) -> None:
        self.job_id = job_id
        self.owner = owner
        self._notifier = notifier
        self.previews = previews
        self._board: Board | None = None
        self._closed = False
        self._waiter: asyncio.Future[None] | None = None
        self._changes: dict[str, Signal] = {}
        self._ticks: dict[tuple[type, str], Signal] = {}

    def __enter__(self) -> Self:
        self._board = self._notifier.board()
        self._closed = self._notifier.closed
        self._board.add(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._board is not None:
            self._board.remove(self)
            self._notifier.leave(self._board)
            self._board = None

    async def next(self, timeout: float) -> tuple[Signal, ...]:  # noqa: ASYNC109 - it is the heartbeat, not a deadline
        """As the contract says; one caller at a time."""
        if not (self._changes or self._ticks or self._closed):
            await self._wait(timeout)
        if self._closed:
            raise StopAsyncIteration
        signals = (*self._changes.values(), *self._ticks.values())
        self._changes.clear()
        self._ticks.clear()
        return signals

    def hear(self, signal: Signal) -> None:
        if isinstance(signal, JobChanged):
            _put_last(self._changes, signal.job_id, signal)
        elif self.previews or not isinstance(signal, PreviewTick):
            _put_last(self._ticks, (type(signal), signal.job_id), signal)
        else:
            return
        self._wake()

    def close(self) -> None:
        self._closed = True
        self._wake()

    async def _wait(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        timer = loop.call_later(seconds, self._wake)
        try:
            await self._waiter
        finally:
            timer.cancel()
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Board:
    """The watchers of one event loop, touched in its thread only, so that nothing here needs a lock."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._by_job: dict[str, set[MemorySubscription]] = {}
        self._by_owner: dict[str, set[MemorySubscription]] = {}

    def __bool__(self) -> bool:
        return bool(self._by_job or self._by_owner)

    def add(self, subscription: MemorySubscription) -> None:
        for index, key in self._places(subscription):
            index.setdefault(key, set()).add(subscription)

    def remove(self, subscription: MemorySubscription) -> None:
        for index, key in self._places(subscription):
            index[key].discard(subscription)
            if not index[key]:
                del index[key]

    def deliver(self, signals: Sequence[Signal]) -> None:
        for signal in signals:
            for subscription in self._by_job.get(signal.job_id, ()):
                subscription.hear(signal)
            for subscription in self._by_owner.get(signal.owner, ()):
                subscription.hear(signal)

    def close(self) -> None:
        for index in (self._by_job, self._by_owner):
            for subscriptions in index.values():
                for subscription in subscriptions:
                    subscription.close()

    def shows_previews_of(self, signal: Signal) -> bool:
        """Whether anybody watches this job who wants them."""
        ears = (*self._by_job.get(signal.job_id, ()), *self._by_owner.get(signal.owner, ()))
        return any(ear.previews for ear in ears)

    def watched_jobs(self) -> Iterable[str]:
        return tuple(self._by_job)

    def watched_owners(self) -> Iterable[str]:
        return tuple(self._by_owner)

    def _places(self, subscription: MemorySubscription) -> Iterable[tuple[dict[str, set[MemorySubscription]], str]]:
        if subscription.job_id is not None:
            yield self._by_job, subscription.job_id
        elif subscription.owner is not None:
            yield self._by_owner, subscription.owner


class MemoryNotifier:
    """Each watcher hears in its own event loop; `publish` crosses over from whatever thread it is called in.

    The table of loops is replaced, never changed, since any thread may be reading it.
    """

    def __init__(self) -> None:
        self.closed = False
        self._boards: Mapping[asyncio.AbstractEventLoop, Board] = {}
        self._lock = threading.Lock()

    async def open(self) -> None:
        """A closed notifier may be opened again: an application may be started twice."""
        self.closed = False

    async def close(self) -> None:
        """Ends every subscription, and new ones as soon as they are made."""
        self.closed = True
        for board in self.boards():
            self._call(board, board.close)

    def publish(self, signals: Sequence[Signal]) -> None:
        for board in self.boards():
            self._call(board, board.deliver, signals)

    def subscribe(
        self, *, job_id: str | None = None, owner: str | None = None, previews: bool = True
    ) -> MemorySubscription:
        return MemorySubscription(self, job_id, owner, previews=previews)

    def boards(self) -> tuple[Board, ...]:
        """Those that have watchers, one an event loop."""
        return tuple(self._boards.values())

    def board(self) -> Board:
        """The running loop's."""
        loop = asyncio.get_running_loop()
        board = self._boards.get(loop)
        if board is None:
            board = Board(loop)
            with self._lock:
                self._boards = {**self._boards, loop: board}
        return board

    def leave(self, board: Board) -> None:
        if not board:
            self._drop(board)

    def _call(self, board: Board, call: Callable[[*Arguments], None], *arguments: *Arguments) -> None:
        if _running_loop() is board.loop:
            call(*arguments)
            return
        try:
            board.loop.call_soon_threadsafe(call, *arguments)
        except RuntimeError:  # its loop is closed, so nobody listens there any more
            self._drop(board)

    def _drop(self, board: Board) -> None:
        with self._lock:
            self._boards = {loop: kept for loop, kept in self._boards.items() if kept is not board}


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _put_last(waiting: dict[Key, Signal], key: Key, signal: Signal) -> None:
    waiting.pop(key, None)
    waiting[key] = signal
    if len(waiting) > MOST_UNHEARD:
        del waiting[next(iter(waiting))]
