"""One supervised child process: it starts, speaks frames, is watched, and tells how it died."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import itertools
import logging
import os
import signal
import socket
import sys
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any, Literal

from limner.contracts.engine import OpenCall, PaintTask, Progress, Stroke
from limner.domain.errors import EngineCrashed, EngineError, EngineFailed, EngineTimeout, OutOfMemory
from limner.engines.cause_of_death import CLOSED, DEAF, GARBAGE, UNOPENED, CauseOfDeath, explain, hunger
from limner.engines.frames import (
    BadFrame,
    Message,
    call_to_message,
    error_from_message,
    error_to_message,
    read_frame,
    stroke_from_message,
    task_to_message,
    write_frame,
)
from limner.engines.line import Line
from limner.engines.processors import available_processors

logger = logging.getLogger("limner.engines.isolated")

_THREAD_COUNTS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "RAYON_NUM_THREADS",
)
_READ_AHEAD = 2**20
_TAIL = 8192
_REAP = 2.0
_MEMORY_CHECK = 0.25


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ChildPlan:
    """What a child is started with. `engine` is `module:Class`; memory is bytes, times are seconds."""

    engine: str
    options: Mapping[str, Any]
    memory: Literal["address_space", "rss"] = "address_space"
    memory_limit: int | None = None
    open_timeout: float = 300.0
    close_grace: float = 5.0


class ChildProcess:
    """A running child. Once it is not `alive`, what it was asked raises the cause of its death."""

    def __init__(self, plan: ChildPlan) -> None:
        self.alive = False
        self._plan = plan
        self._process: asyncio.subprocess.Process | None = None
        self._lines: dict[int, Line] = {}
        self._numbers = itertools.count()
        self._cause: CauseOfDeath | None = None
        self._tail = b""
        self._buried = asyncio.Event()
        self._watchers: list[asyncio.Task[None]] = []

    @classmethod
    async def start(cls, plan: ChildPlan) -> ChildProcess:
        """A child whose engine is open. Raises what its open() raised, EngineFailed, or EngineTimeout."""
        child = cls(plan)
        try:
            async with asyncio.timeout(plan.open_timeout):
                await child._spawn()
                await child._open()
        except TimeoutError:
            await child._kill(UNOPENED)
            raise EngineTimeout(f"The engine did not open within {plan.open_timeout:g} s.") from None
        except (EngineCrashed, OutOfMemory, OSError) as error:
            await child._kill(UNOPENED)
            raise EngineFailed(f"{UNOPENED.detail} {error}") from error
        except BaseException:
            await child._kill(UNOPENED)
            raise
        return child

    async def _spawn(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "limner.engines.isolated_child"),
                stdin=theirs.fileno(),
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
                env=_environment(),
            )
        reader, self._writer = await asyncio.open_unix_connection(sock=ours, limit=_READ_AHEAD)
        self.alive = True
        self._watch(self._listen(reader))
        self._watch(self._keep_tail())
        if self._plan.memory == "rss" and self._plan.memory_limit is not None:
            self._watch(self._watch_memory(self._plan.memory_limit))

    def _watch(self, watching: Coroutine[Any, Any, None]) -> None:
        self._watchers.append(asyncio.create_task(watching))

    async def _open(self) -> None:
        plan = self._plan
        limit = plan.memory_limit if plan.memory == "address_space" else None
        await self._ask("open", engine=plan.engine, options=plan.options, path=sys.path, address_space=limit)

    async def health(self) -> None:
        """Raises the EngineError that the engine's own health raises."""
        await self._ask("health")

    async def call_off(self, call: OpenCall) -> None:
        """Raises what the engine's own cancel raises."""
        await self._ask("call_off", call=call_to_message(call))

    async def _ask(self, do: str, **facts: Any) -> None:
        line = self._new_line(None)
        try:
            self._say({"do": do, "id": line.number, **facts})
            await line.next()
        finally:
            del self._lines[line.number]

    def _new_line(self, task: PaintTask | None) -> Line:
        line = Line(next(self._numbers), task)
        self._lines[line.number] = line
        if not self.alive:
            line.hear(EngineCrashed("The engine's process stopped before it was asked.", own=False))
        return line

    def _say(self, message: Message, payload: bytes = b"") -> None:
        if self.alive:
            write_frame(self._writer, message, payload)

    def begin(self, task: PaintTask) -> Line:
        """Starts a paint. Its line must be given to `end`."""
        line = self._new_line(task)
        self._say({"do": "paint", "id": line.number, "task": task_to_message(task)})
        return line

    def go_on(self, line: Line, after: Stroke) -> None:
        """Lets the paint go on after a stroke that was dealt with."""
        self._say({"do": "more" if isinstance(after, Progress) else "go", "id": line.number})

    async def end(self, line: Line) -> None:
        """Cancels what still runs; a child that does not obey within close_grace is killed."""
        for helper in line.helpers:
            helper.cancel()
        try:
            if not line.over.is_set():
                self._say({"do": "cancel", "id": line.number})
                async with asyncio.timeout(self._plan.close_grace):
                    await line.over.wait()
        except TimeoutError:
            await self._kill(DEAF)
        except asyncio.CancelledError:
            self._strike(DEAF)
            raise
        finally:
            del self._lines[line.number]

    async def close(self) -> None:
        """Ends paints and engine in the child, and kills it where that takes longer than close_grace."""
        for line in self._lines.values():
            if not line.over.is_set():
                line.hear(EngineCrashed(CLOSED.detail, own=False))
        self._cause = self._cause or CLOSED
        self._say({"do": "close"})
        try:
            async with asyncio.timeout(self._plan.close_grace):
                await self._buried.wait()
        except TimeoutError:
            await self._kill(CLOSED)
        except asyncio.CancelledError:
            self._strike(CLOSED)
            raise

    async def _kill(self, cause: CauseOfDeath) -> None:
        self._strike(cause)
        if self.alive:
            await self._buried.wait()

    def _strike(self, cause: CauseOfDeath) -> None:
        self._cause = self._cause or cause
        self._kill_group()

    def _kill_group(self) -> None:
        """The child, and whatever it started."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        try:
            while frame := await read_frame(reader):
                self._hear(*frame)
        except (BadFrame, LookupError, TypeError):
            self._cause = self._cause or GARBAGE
        finally:
            self._kill_group()
        await self._bury()

    def _hear(self, message: Message, payload: bytes) -> None:
        line = self._lines.get(message.get("id", -1))
        if line is None or line.over.is_set():
            return
        match message.get("say"):
            case "begun":
                line.begun = True
            case "ended":
                line.hear(None)
            case "failed":
                line.hear(self._judge(message))
            case "input":
                self._fetch_input(line, message["name"])
            case _:
                line.hear(stroke_from_message(message, payload))

    def _judge(self, message: Message) -> EngineError:
        error = error_from_message(message)
        if isinstance(error, OutOfMemory):
            error = OutOfMemory(error.detail, own=self._paints_running() == 1)
        if isinstance(error, EngineCrashed | OutOfMemory):
            logger.warning("%s %s", error.detail, " < ".join(reversed(message.get("where", ()))))
        return error

    def _paints_running(self) -> int:
        return sum(line.task is not None and not line.over.is_set() for line in self._lines.values())

    def _fetch_input(self, line: Line, name: str) -> None:
        helper = asyncio.create_task(self._send_input(line, name))
        line.helpers.add(helper)
        helper.add_done_callback(line.helpers.discard)

    async def _send_input(self, line: Line, name: str) -> None:
        answer: Message = {"do": "input", "id": line.number, "name": name}
        try:
            data = await line.task.read_input(name) if line.task else b""
        except EngineError as error:
            self._say({**answer, "found": False, **error_to_message(error)})
        except Exception:  # noqa: BLE001 - whatever keeps it from coming, the engine has to learn that it does not
            self._say({**answer, "found": False})
        else:
            self._say({**answer, "found": True}, data)

    async def _keep_tail(self) -> None:
        """The end of what the engine printed. It may hold prompts: it is only for the debug log."""
        assert self._process is not None
        assert self._process.stdout is not None
        while printed := await self._process.stdout.read(_TAIL):
            self._tail = (self._tail + printed)[-_TAIL:]

    async def _watch_memory(self, limit: int) -> None:
        assert self._process is not None
        # The kernel announces no growth, so somebody has to look.
        while _resident(self._process.pid) <= limit:  # noqa: ASYNC110
            await asyncio.sleep(_MEMORY_CHECK)
        self._strike(hunger(limit))

    async def _bury(self) -> None:
        """Tells everybody who waits for the child why it died."""
        self.alive = False
        status = await self._reap()
        cause = self._cause or explain(status, self._tail)
        if cause not in {CLOSED, UNOPENED}:
            logger.warning("%s", cause.detail)
            logger.debug("an engine's last words: %s", self._tail.decode(errors="replace"))
        alone = self._paints_running() == 1 and not cause.shared
        for line in self._lines.values():
            if not line.over.is_set():
                line.hear(cause.error(cause.detail, own=alone and line.begun))
        self._writer.close()
        self._buried.set()

    async def _reap(self) -> int | None:
        """The exit status; None where the kernel does not let the process go."""
        assert self._process is not None
        # Waiting ends late where a stray grandchild holds the engine's output open.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), _REAP)
        for watcher in self._watchers[1:]:
            watcher.cancel()
        return self._process.returncode


def _environment() -> dict[str, str]:
    """The parent's, with thread counts that leave one processor to the server."""
    most = max(1, available_processors() - 1)
    asked = ((name, os.environ.get(name, "")) for name in _THREAD_COUNTS)
    return {**os.environ, **{name: str(min(most, int(count) if count.isdigit() else most)) for name, count in asked}}


def _resident(pid: int) -> int:
    """Bytes of RAM that a process holds; 0 where the system does not tell."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
