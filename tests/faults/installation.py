"""A real Limner in a folder of its own: processes that can be killed, frozen and started again."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
from psycopg.rows import dict_row

from tests.processes import signal_group

LIMNER = (sys.executable, "-m", "limner.cli.main")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Installation:
    """One home, one port, any number of processes. `database`: a Postgres URL, or the file in the home."""

    def __init__(self, home: Path, settings: str, database: str = "") -> None:
        self.home, self.port, self.database = home, free_port(), database
        self.url = f"http://127.0.0.1:{self.port}"
        self.processes: list[subprocess.Popen[bytes]] = []
        home.mkdir(parents=True, exist_ok=True)
        (home / "limner.toml").write_text(settings)
        self.log = home / "log"
        created = subprocess.run(
            [*LIMNER, "keys", "create", "--user", "tester", "--json"],
            env=self.environment(),
            check=True,
            capture_output=True,
            text=True,
        )
        self.headers = {"authorization": f"Bearer {json.loads(created.stdout)['key']}"}

    def environment(self, faults: str = "") -> dict[str, str]:
        ours = {"LIMNER_HOME": str(self.home / "data"), "LIMNER_CONFIG": str(self.home / "limner.toml")}
        ours |= {"LIMNER_DATABASE": self.database} if self.database else {}
        return {**os.environ, **ours, **({"LIMNER_FAULTS": faults} if faults else {})}

    def start(
        self, command: str, *arguments: str, faults: str = "", under: Sequence[str] = (), port: int | None = None
    ) -> subprocess.Popen[bytes]:
        """`under`: a program that runs ours, as strace does."""
        where = ["--port", str(port or self.port)] if command == "serve" else []
        return self.run([*under, *LIMNER, command, *where, *arguments], faults=faults)

    def run(self, command: Sequence[str], *, faults: str = "") -> subprocess.Popen[bytes]:
        """Any program in the installation's environment."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                command,
                env=self.environment(faults),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def wait_ready(self, seconds: float = 30.0) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{self.url}/ready", timeout=5).status_code == 200:
                    return
            time.sleep(0.05)
        raise TimeoutError(self.log.read_text()[-4000:])

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers=self.headers, timeout=30)

    def rows(self, statement: str, *values: object) -> list[dict[str, Any]]:
        if self.database:
            with psycopg.connect(self.database, row_factory=dict_row) as connection:
                return connection.execute(statement.replace("?", "%s"), values).fetchall()
        with contextlib.closing(sqlite3.connect(f"file:{self.home}/data/limner.db?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(statement, values)]

    def stop(self) -> None:
        for process in self.processes:
            kill_group(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """The process alone: its children must notice by themselves."""
    process.send_signal(signal.SIGKILL)
    process.wait()


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """The engines' children, which have groups of their own, too; and those whose parent is long gone."""
    children = children_of(process)
    signal_group(process, signal.SIGCONT, signal.SIGKILL)
    for child in children:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
    process.wait()


def children_of(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """The engines' child processes; of one that is gone, none: its pid may be a stranger's by now."""
    if process.poll() is not None:
        return []
    with contextlib.suppress(psutil.NoSuchProcess):
        return [one for one in psutil.Process(process.pid).children(recursive=True) if _is_an_engines(one)]
    return []


def _is_an_engines(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return "isolated_child" in " ".join(process.cmdline())
    return False


def painters_of(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """The processes of Celery's pool that live."""
    with contextlib.suppress(psutil.NoSuchProcess):
        children = psutil.Process(process.pid).children()
        return [one for one in children if one.status() != psutil.STATUS_ZOMBIE and not _is_an_engines(one)]
    return []


def until(true: Callable[[], Any], seconds: float = 30.0) -> Any:
    """What is true at last."""
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)
    return found


@contextlib.contextmanager
def installation(home: Path, settings: str, database: str = "") -> Iterator[Installation]:
    made = Installation(home, settings, database)
    try:
        yield made
    finally:
        made.stop()
