"""Processes that tests start, and that do not outlive them."""

import contextlib
import os
import signal
import subprocess
import sys

LIMNER = (sys.executable, "-m", "limner.cli.main")


def start(command, **options):
    """A process that leads a group of its own, so that `kill_group` finds its children too, even when it is gone."""
    return subprocess.Popen([str(part) for part in command], start_new_session=True, **options)


def kill_group(process):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
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
