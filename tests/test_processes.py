"""That cleaning up after one test never kills what belongs to another."""

import os
import signal
import subprocess
import sys
from types import SimpleNamespace

from tests.engines.isolation import is_alive
from tests.faults.installation import until
from tests.processes import kill_group, signal_group, start

SLEEPS = (sys.executable, "-c", "import time; time.sleep(60)")
LEAVES_A_CHILD = (sys.executable, "-c", f"import subprocess; print(subprocess.Popen({list(SLEEPS)}).pid, flush=True)")


def test_a_stranger_that_has_the_pid_of_one_that_is_gone_is_left_alone(monkeypatch):
    struck = []
    monkeypatch.setattr("os.killpg", lambda *told: struck.append(told))
    signal_group(SimpleNamespace(pid=os.getpid(), returncode=0), signal.SIGKILL)
    assert struck == []


def test_a_child_whose_parent_is_gone_is_killed_with_the_group():
    with start(LEAVES_A_CHILD, stdout=subprocess.PIPE) as parent:
        child = int(parent.stdout.readline())
        parent.wait()
        kill_group(parent)
    until(lambda: not is_alive(child))
