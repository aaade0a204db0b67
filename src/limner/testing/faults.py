"""Fault points for tests: armed in this process for a while, or in processes that a test starts."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from limner.contracts.faults import arm, fault

__all__ = ["armed", "fault", "fault_environment", "random_fault"]


@contextmanager
def armed(faults: str) -> Iterator[None]:
    """Arms points in this process; `limner.contracts.faults` has the language."""
    arm(faults)
    try:
        yield
    finally:
        arm(os.environ.get("LIMNER_FAULTS", ""))


def fault_environment(faults: str) -> Mapping[str, str]:
    """This process's environment, for a child process with armed points."""
    return {**os.environ, "LIMNER_FAULTS": faults}


def random_fault(dice: random.Random, points: Sequence[str], *, deed: str = "SIGKILL", most_passes: int = 20) -> str:
    """One strike, at a point and a pass chosen by `dice`."""
    return f"{dice.choice(points)}:{dice.randint(1, most_passes)}={deed}"
