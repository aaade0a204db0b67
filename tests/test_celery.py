"""What Celery's consumer takes for a fault of its broker; the workers themselves are in tests/fleet."""

import os
import subprocess
import sys

import pytest

CONSUMER = """
from types import SimpleNamespace

from celery.bootsteps import CLOSE, RUN
from kombu.common import maybe_declare

from limner.celery import _Consumer, app

closed = []


class Broken:
    connection_errors = channel_errors = ()

    def collect(self, **_):
        pass

    def close(self):
        closed.append(self)
        if len(closed) == 1:
            maybe_declare(None)  # kombu misses an attribute of what is None


class Blueprint:
    state = RUN

    def start(self, consumer):
        consumer.connection = Broken()
        {mistake}

    def restart(self, consumer):
        self.state = CLOSE


pool = SimpleNamespace(num_processes=1, is_green=False)
controller = SimpleNamespace(use_eventloop=False)
consumer = _Consumer(print, app=app, pool=pool, controller=controller)
consumer.blueprint, consumer.on_close = Blueprint(), lambda: None
consumer.start()
print("outlived it", consumer.connection, len(closed))
"""


def run(tmp_path, mistake):
    settings = {
        "LIMNER_HOME": str(tmp_path), "LIMNER_DISPATCHER": "celery+redis://127.0.0.1:1/0",
        "LIMNER_DATABASE": "postgresql://127.0.0.1:1/none",
    }  # fmt: skip
    source = CONSUMER.format(mistake=mistake)
    return subprocess.run(
        [sys.executable, "-c", source],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_what_a_brokers_client_misses_is_a_fault_of_the_connection_which_is_closed(tmp_path):
    ended = run(tmp_path, "maybe_declare(None)")
    assert (ended.returncode, ended.stdout) == (0, "outlived it None 2\n"), ended.stderr


@pytest.mark.parametrize("mistake", ["None.attribute", "print.attribute"])
def test_what_anybody_else_misses_is_a_mistake_that_ends_the_worker(tmp_path, mistake):
    ended = run(tmp_path, mistake)
    assert ended.returncode != 0
    assert ended.stderr.endswith("has no attribute 'attribute'\n")
