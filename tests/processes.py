"""Processes that tests start, and that do not outlive them."""

import contextlib
import os
import signal
import subprocess
import sys
from typing import Protocol

import psutil

LIMNER = (sys.executable, "-m", "limner.cli.main")


class Leader(Protocol):
    """A process that leads a group of its own: subprocess's, or asyncio's."""

    @property
    def pid(self) -> int: ...

    @property
    def returncode(self) -> int | None: ...


def start(command, **options):
    """A process that leads a group of its own, so that `kill_group` finds its children too, even when it is gone."""
    return subprocess.Popen([str(part) for part in command], start_new_session=True, **options)


def signal_group(process: Leader, *numbers: int) -> None:
    """A group keeps its number while anybody is in it. Of a leader that is gone, and whose pid another process has by now,
    nobody is: that number may be a stranger's group. A stranger that is gone too is not told apart; that is rare enough.
    """
    if process.returncode is not None and psutil.pid_exists(process.pid):
        return
    with contextlib.suppress(ProcessLookupError):
        for number in numbers:
            os.killpg(process.pid, number)


def kill_group(process):
    signal_group(process, signal.SIGKILL)
    process.wait(30)


@contextlib.contextmanager
def running(command, **options):
    process = start(command, **options)
    try:
        yield process
    finally:
        kill_group(process)
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
