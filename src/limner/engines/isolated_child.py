"""The child process of an isolated engine: `python -m limner.engines.isolated_child`, started by its parent only.

Standard input is the socket to the parent. Whatever the engine prints goes to standard error.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import dataclasses
import faulthandler
import importlib
import operator
import os
import select
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Awaitable
from pathlib import Path

from limner.contracts.engine import Engine, Progress, Stroke
from limner.domain.errors import EngineError
from limner.engines.frames import (
    Message,
    call_from_message,
    error_from_message,
    error_to_message,
    read_frame,
    stroke_to_message,
    task_from_message,
    write_frame,
)

_PR_SET_PDEATHSIG = 1
_NICENESS = 10
_OOM_SCORE = 500
_READ_AHEAD = 2**20


def main() -> None:
    link = _take_link()
    _die_with_parent(link)
    _behave()
    try:
        asyncio.run(_converse(link))
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        # A thread that the engine left behind must not keep the process.
        os._exit(0)


def _take_link() -> socket.socket:
    """Moves the socket away from standard input, where the engine could read it."""
    link = socket.socket(fileno=os.dup(0))
    os.set_inheritable(link.fileno(), False)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return link


def _die_with_parent(link: socket.socket) -> None:
    """By the kernel where it offers that, and by the end of the link everywhere."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    threading.Thread(target=_kill_at_hangup, args=(link,), daemon=True).start()


def _kill_at_hangup(link: socket.socket) -> None:
    poll = select.poll()
    poll.register(link, 0)
    poll.poll()
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


def _behave() -> None:
    """Yields the processor and the memory to the server, and leaves the end to the parent."""
    os.nice(_NICENESS)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(_OOM_SCORE), encoding="ascii")
    faulthandler.enable()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        # A handler, unlike SIG_IGN, is not inherited by programs that the engine starts.
        signal.signal(signal_number, lambda *_: None)
    with contextlib.suppress(ImportError, ValueError, OSError):
        _limit("RLIMIT_CORE", 0)


def _limit(name: str, limit: int) -> None:
    import resource  # noqa: PLC0415 - absent where processes cannot be limited

    resource.setrlimit(getattr(resource, name), (limit, limit))


async def _converse(link: socket.socket) -> None:
    reader, writer = await asyncio.open_unix_connection(sock=link, limit=_READ_AHEAD)
    first = await read_frame(reader)
    if first is None:
        return
    talk = _Talk(writer)
    engine = await talk.settle(first[0]["id"], _open(first[0]))
    if not isinstance(engine, Engine):
        return
    while frame := await read_frame(reader):
        message, payload = frame
        if message["do"] == "close":
            break
        talk.obey(engine, message, payload)
    await talk.cancel_all()
    await engine.close()


async def _open(start: Message) -> Engine:
    sys.path[:] = start["path"]
    if start["address_space"]:
        _limit("RLIMIT_AS", start["address_space"])
    module, _, name = start["engine"].partition(":")
    engine: Engine = operator.attrgetter(name)(importlib.import_module(module))(**start["options"])
    await engine.open()
    return engine


class _Talk:
    """Every request of the parent, a paint above all, has an id and ends in `ended` or `failed` with it."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._paints: dict[int, _Paint] = {}
        self._requests: dict[int, asyncio.Task[object]] = {}

    async def settle(self, request: int, work: Awaitable[object]) -> object:
        """What `work` returns, once the parent knows how it ended."""
        result = None
        try:
            result = await work
            self.say(request, {"say": "ended"})
        except Exception as error:  # noqa: BLE001 - an engine may raise anything; the parent judges it
            self._report(request, error)
        await self._writer.drain()
        return result

    def _report(self, request: int, error: Exception) -> None:
        if not isinstance(error, EngineError):
            traceback.print_exception(error)
        frames = traceback.extract_tb(error.__traceback__)
        where = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-5:]]
        self.say(request, {"say": "failed", "where": where, **error_to_message(error)})

    def say(self, request: int, message: Message, payload: bytes = b"") -> None:
        write_frame(self._writer, {"id": request, **message}, payload)

    def obey(self, engine: Engine, message: Message, payload: bytes) -> None:
        request = message["id"]
        match message["do"]:
            case "paint":
                self.say(request, {"say": "begun"})
                paint = self._paints[request] = _Paint(self, request)
                self._begin(request, paint.run(engine, message["task"]))
            case "health":
                self._begin(request, engine.health())
            case "call_off":
                self._begin(request, engine.cancel(call_from_message(message["call"])))
            case "cancel" if request in self._requests:
                self._requests[request].cancel()
            case _ if request in self._paints:
                self._paints[request].hear(message, payload)

    def _begin(self, request: int, work: Awaitable[object]) -> None:
        task = self._requests[request] = asyncio.create_task(self.settle(request, work))
        task.add_done_callback(lambda task: self._forget(request, task))

    def _forget(self, request: int, task: asyncio.Task[object]) -> None:
        # Also a task that was cancelled before its first step has to answer.
        if task.cancelled():
            self.say(request, {"say": "ended"})
        self._requests.pop(request, None)
        self._paints.pop(request, None)

    async def cancel_all(self) -> None:
        tasks = tuple(self._requests.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Paint:
    """One paint in this process: sends strokes, and holds the engine until the parent lets it go on."""

    def __init__(self, talk: _Talk, request: int) -> None:
        self._talk = talk
        self._request = request
        self._go = asyncio.Event()
        self._may_progress = True
        self._latest: Progress | None = None
        self._inputs: dict[str, asyncio.Future[bytes]] = {}

    async def run(self, engine: Engine, facts: Message) -> None:
        task = dataclasses.replace(task_from_message(facts), read_input=self._read_input)
        async with contextlib.aclosing(engine.paint(task)) as strokes:
            async for stroke in strokes:
                if isinstance(stroke, Progress):
                    await self._mention(stroke)
                else:
                    await self._hand_over(stroke)

    async def _mention(self, progress: Progress) -> None:
        self._latest = progress
        self._send_latest()
        # An engine that never waits would otherwise never hear a cancel.
        await asyncio.sleep(0)

    def _send_latest(self) -> None:
        if self._latest is not None and self._may_progress:
            self._talk.say(self._request, *stroke_to_message(self._latest))
            self._latest, self._may_progress = None, False

    async def _hand_over(self, stroke: Stroke) -> None:
        self._latest = None
        self._go.clear()
        self._talk.say(self._request, *stroke_to_message(stroke))
        await self._go.wait()

    async def _read_input(self, name: str) -> bytes:
        answer = self._inputs.setdefault(name, asyncio.get_running_loop().create_future())
        self._talk.say(self._request, {"say": "input", "name": name})
        return await asyncio.shield(answer)

    def hear(self, message: Message, payload: bytes) -> None:
        match message["do"]:
            case "go":
                self._go.set()
            case "more":
                self._may_progress = True
                self._send_latest()
            case "input":
                self._answer(self._inputs.pop(message["name"], None), message, payload)

    def _answer(self, waiting: asyncio.Future[bytes] | None, message: Message, payload: bytes) -> None:
        if waiting is None:
            return
        if message["found"]:
            waiting.set_result(payload)
        elif "error" in message:
            waiting.set_exception(error_from_message(message))
        else:
            waiting.set_exception(KeyError(message["name"]))


if __name__ == "__main__":
    main()
