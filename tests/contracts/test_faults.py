import errno
import os
import signal
import subprocess
import sys

import pytest

from limner.contracts.faults import arm, fault


@pytest.fixture(autouse=True)
def _disarmed():
    yield
    arm("")


def passes_that_fail(faults, *, passes=100, point="after_keep"):
    failed = []
    arm(faults)
    for number in range(1, passes + 1):
        try:
            fault(point)
        except OSError as error:
            failed.append((number, error.errno))
    assert {code for _, code in failed} <= {errno.ENOSPC}
    return [number for number, _ in failed]


def test_a_point_that_is_not_armed_does_nothing():
    assert passes_that_fail("before_keep=ENOSPC") == []


def test_a_point_strikes_at_every_pass():
    assert passes_that_fail("after_keep=ENOSPC", passes=3) == [1, 2, 3]


def test_a_point_may_strike_at_one_pass_only():
    assert passes_that_fail("after_keep:2=ENOSPC") == [2]


def test_chances_depend_on_the_seed_alone():
    first = passes_that_fail("seed=7 after_keep~0.3=ENOSPC")

    assert 10 < len(first) < 50
    assert passes_that_fail("seed=7 after_keep~0.3=ENOSPC") == first
    assert passes_that_fail("seed=8 after_keep~0.3=ENOSPC") != first


def test_arming_replaces_what_was_armed():
    arm("after_keep=ENOSPC")
    assert passes_that_fail("before_keep=ENOSPC") == []


def test_the_environment_arms_a_process_and_signals_strike_it():
    program = "from limner.contracts.faults import fault; fault('a'); fault('b'); print('b'); fault('b')"
    environment = {**os.environ, "LIMNER_FAULTS": "b:2=SIGKILL"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=False, text=True)

    assert done.returncode == -signal.SIGKILL


def test_what_was_before_the_strike_happened():
    program = "from limner.contracts.faults import fault; print('before', flush=True); fault('b'); print('after')"
    environment = {**os.environ, "LIMNER_FAULTS": "b=SIGKILL"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=False, text=True)

    assert done.stdout == "before\n"


@pytest.mark.parametrize("faults", ["after_keep", "after_keep=SIGNONE", "after_keep:x=SIGKILL", "=SIGKILL"])
def test_what_is_not_understood_is_refused(faults):
    with pytest.raises(ValueError, match="LIMNER_FAULTS"):
        passes_that_fail(faults)
