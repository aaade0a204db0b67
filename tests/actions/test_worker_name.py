import os
import subprocess
import sys
from dataclasses import replace

import pytest

from limner.actions.worker_name import WorkerName, is_dead

OWN = WorkerName.own()
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who is gone")


@pytest.fixture
def sleeper():
    process = subprocess.Popen(["sleep", "60"])
    yield process
    process.kill()
    process.wait()


def name_in(process):
    code = "from limner.actions.worker_name import _state_and_start as s; import sys; print(s(int(sys.argv[1]))[1])"
    started = subprocess.run([sys.executable, "-c", code, str(process.pid)], capture_output=True, text=True, check=True)
    return replace(OWN, pid=process.pid, started=started.stdout.strip())


def test_a_name_comes_back_as_it_was():
    assert WorkerName.parse(str(OWN)) == OWN


def test_two_workers_of_one_process_have_two_names():
    assert str(WorkerName.own()) != str(WorkerName.own())


def test_this_process_is_alive():
    assert not is_dead(str(OWN))


@linux
def test_another_process_is_alive(sleeper):
    assert not is_dead(str(name_in(sleeper)))


@linux
def test_a_killed_process_is_dead_before_its_parent_has_noticed(sleeper):
    name = name_in(sleeper)
    sleeper.kill()
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)
    assert is_dead(str(name))


@linux
def test_a_process_that_is_gone_is_dead(sleeper):
    name = name_in(sleeper)
    sleeper.kill()
    sleeper.wait()
    assert is_dead(str(name))


@linux
def test_another_process_under_the_same_pid_does_not_count():
    assert is_dead(str(replace(OWN, started="1")))


@pytest.mark.parametrize("elsewhere", [{"machine": "other"}, {"boot": "other"}, {"namespace": "1"}])
def test_of_another_place_only_the_lease_can_tell(elsewhere):
    assert not is_dead(str(replace(OWN, started="1", **elsewhere)))


@pytest.mark.parametrize("unknown", [{"machine": ""}, {"boot": ""}, {"namespace": ""}, {"started": ""}])
def test_what_a_system_does_not_tell_is_not_guessed(unknown, monkeypatch):
    name = replace(OWN, pid=2**22 + 1, **unknown)
    monkeypatch.setattr(WorkerName, "own", lambda: replace(OWN, **unknown))
    assert not is_dead(str(name))


@pytest.mark.parametrize("text", ["", "w1", "a:b:c:d:e:f", "a:b:c:1", f"{OWN}:more", "a:b:c:99999999999999999999:1:r"])
def test_what_is_no_name_is_not_dead(text):
    assert not is_dead(text)
