"""Real processes on loopback: Limner, and what it is measured against."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import httpx

HERE = Path(__file__).parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(url, timeout=5).status_code < 500:
                return
        time.sleep(0.05)
    raise TimeoutError(url)


@contextlib.contextmanager
def process(command: list[str], environment: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    with tempfile.TemporaryFile() as log:
        child = subprocess.Popen(
            command, env={**os.environ, **(environment or {})}, stdout=log, stderr=log, start_new_session=True
        )
        try:
            yield child
        except BaseException:
            log.seek(0)
            sys.stderr.buffer.write(log.read()[-4000:])
            raise
        finally:
            child.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(10)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()


class Server:
    """A running `limner serve` in a folder of its own."""

    def __init__(self, home: Path, settings: str, arguments: tuple[str, ...] = ()) -> None:
        self.home, self.port = home, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.config = home / "limner.toml"
        home.mkdir(parents=True, exist_ok=True)
        self.config.write_text(settings)
        self.environment = {"LIMNER_HOME": str(home / "data"), "LIMNER_CONFIG": str(self.config)}
        self.key = json.loads(self.command("keys", "create", "--user", "bench", "--json"))["key"]
        self.serve = [*self.limner, "serve", "--port", str(self.port), *arguments]

    limner: tuple[str, ...] = (sys.executable, "-m", "limner.cli.main")

    def command(self, *arguments: str) -> str:
        return subprocess.run(
            [*self.limner, *arguments],
            env={**os.environ, **self.environment},
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.key}"}

    @contextlib.contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        with process(self.serve, self.environment) as child:
            wait_for(f"{self.url}/ready")
            yield child


@contextlib.contextmanager
def limner(settings: str = "", *arguments: str) -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="limner-bench-") as folder:
        server = Server(Path(folder), settings, arguments)
        with server.running():
            yield server


@contextlib.contextmanager
def application(name: str, environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """A baseline: an application in this folder under uvicorn, as `limner serve` runs itself."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "--app-dir", str(HERE), name, "--port", str(port)]
    with process([*command, "--log-level", "warning", "--no-access-log"], environment):
        wait_for(f"http://127.0.0.1:{port}/health")
        yield f"http://127.0.0.1:{port}"


def need(program: str, package: str) -> str:
    path = shutil.which(program)
    if path is None:
        raise SystemExit(f"This benchmark needs {program}; install it, for example: apt-get install {package}")
    return path


def median_of(runs: int, measure: Callable[[], float]) -> float:
    return statistics.median(measure() for _ in range(runs))
