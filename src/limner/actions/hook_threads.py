"""Calls the host's hooks. Plain functions get threads of their own, since nothing else may wait for one that hangs."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any

MOST_THREADS = 16


class HookThreads:
    """At most `most` hooks at once, the others wait. A thread that hangs does not keep the process from ending."""

    def __init__(self, most: int = MOST_THREADS) -> None:
        self._most = most
        self._busy = 0
        self._waiting: deque[Callable[[], None]] = deque()
        self._lock = threading.Lock()

    async def call(self, hook: Callable[..., Any], *given: Any) -> Any:
        """What the hook answers, awaited where it is to be awaited."""
        answer = hook(*given) if inspect.iscoroutinefunction(hook) else await self._call_plain(hook, given)
        return await answer if inspect.isawaitable(answer) else answer

    async def _call_plain(self, hook: Callable[..., Any], given: tuple[Any, ...]) -> Any:
        answer: Future[Any] = Future()
        self._begin(partial(_answer, answer, partial(contextvars.copy_context().run, hook, *given)))
        return await asyncio.wrap_future(answer)

    def _begin(self, task: Callable[[], None]) -> None:
        with self._lock:
            self._waiting.append(task)
            if self._busy == self._most:
                return
            self._busy += 1
        # An executor's threads are joined when the interpreter ends: one that hangs would hold it for ever.
        threading.Thread(target=self._work, name="limner-hook", daemon=True).start()

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._busy -= 1
                    return
                task = self._waiting.popleft()
            task()


def _answer(answer: Future[Any], hook: Callable[[], Any]) -> None:
    if not answer.set_running_or_notify_cancel():
        return
    try:
        answer.set_result(hook())
    except BaseException as error:  # noqa: BLE001 - whoever waits hears of it, this thread goes on
        answer.set_exception(error)
