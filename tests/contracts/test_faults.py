import errno
import random
import signal
import subprocess
import sys
from collections import Counter

import pytest

from limner.contracts.faults import fault
from limner.testing.faults import armed, fault_environment, random_fault


def passes_that_fail(faults, *, passes=100, point="after_keep"):
    failed = []
    with armed(faults):
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


def test_points_are_disarmed_afterwards():
    with armed("after_keep=ENOSPC"):
        pass
    fault("after_keep")


def test_the_environment_arms_a_process_and_signals_strike_it():
    program = "from limner.contracts.faults import fault; fault('a'); fault('b'); print('b'); fault('b')"
    environment = fault_environment("b:2=SIGKILL")
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=False, text=True)

    assert done.returncode == -signal.SIGKILL


def test_what_was_before_the_strike_happened():
    program = "from limner.contracts.faults import fault; print('before', flush=True); fault('b'); print('after')"
    environment = fault_environment("b=SIGKILL")
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=False, text=True)

    assert done.stdout == "before\n"


@pytest.mark.parametrize("faults", ["after_keep", "after_keep=SIGNONE", "after_keep:x=SIGKILL", "=SIGKILL"])
def test_what_is_not_understood_is_refused(faults):
    with pytest.raises(ValueError, match="LIMNER_FAULTS"):
        passes_that_fail(faults)


def test_a_random_strike_is_one_that_can_be_armed():

    dice = random.Random(5)
    strikes = Counter(random_fault(dice, ["a", "b"], deed="ENOSPC", most_passes=3) for _ in range(100))
    for strike in strikes:
        assert len(passes_that_fail(strike, passes=3, point=strike[0])) == 1
    assert len(strikes) == 6
