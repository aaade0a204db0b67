import contextlib
import json
import os
import re
import signal
import time

import httpx
import pytest

from limner.cli.main import run
from tests.processes import LIMNER, kill_group, start

SETTINGS = 'model = "instant"\n[engines.instant]\n'


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working directory with settings for an instant engine, and no LIMNER_ variables."""
    for name in os.environ:
        if name.startswith("LIMNER_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "limner.toml").write_text(SETTINGS)
    return tmp_path


@pytest.fixture
def limner(folder, capfd):
    """Runs a command in this process: (exit code, standard output, standard error)."""

    def call(*arguments):
        code = run([str(argument) for argument in arguments])
        written = capfd.readouterr()
        return code, written.out, written.err

    return call


@pytest.fixture
def ask(limner):
    """What a command answers with --json."""

    def call(*arguments):
        code, out, err = limner(*arguments, "--json")
        assert code == 0, err
        return json.loads(out)

    return call


class Serving:
    """`limner serve` in a process of its own, and what it printed."""

    def __init__(self, folder, *arguments, environment=None):
        self.log = folder / "serve.log"
        with self.log.open("w") as log:
            self.process = start(
                [*LIMNER, "serve", "--port", "0", *arguments],
                cwd=folder,
                env={**os.environ, **(environment or {})},
                stdout=log,
                stderr=log,
            )

    @property
    def url(self):
        return self._wait_for(r"on (http://\S+)")[1]

    @property
    def key(self):
        return self._wait_for(r"^  (lmn_\S+)$")[1]

    @property
    def link(self):
        return self._wait_for(r"^Page: \S+/#sign-in=(lmn_\w+)   \(opens once, within 15 minutes\)$")[1]

    @property
    def headers(self):
        return {"Authorization": f"Bearer {self.key}"}

    def printed(self):
        return self.log.read_text()

    def stop(self, number=signal.SIGTERM):
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)
        return self.process.wait(30)

    def _wait_for(self, pattern):
        end = time.monotonic() + 30
        while time.monotonic() < end:
            if found := re.search(pattern, self.printed(), re.MULTILINE):
                return found
            assert self.process.poll() is None, self.printed()
            time.sleep(0.05)
        raise TimeoutError(self.printed())

    def wait_ready(self):
        end = time.monotonic() + 30
        while httpx.get(f"{self.url}/ready", timeout=30).status_code != 200:
            assert time.monotonic() < end, self.printed()
            time.sleep(0.05)
        return self


@pytest.fixture
def serve(folder):
    started = []

    def serve(*arguments, **options):
        started.append(Serving(folder, *arguments, **options))
        return started[-1].wait_ready()

    yield serve
    for one in started:
        kill_group(one.process)
