"""Named points at which tests strike a running process.

`LIMNER_FAULTS` arms them when the process starts: entries `point=deed`, `point:3=deed` (the third time only) or
`point~0.1=deed` (with that probability), and `seed=7`, separated by spaces. A deed is a signal that the process sends
itself (SIGKILL, SIGSTOP) or an errno that is raised as OSError (ENOSPC). Points without an entry cost one dict lookup.
"""

from __future__ import annotations

import errno
import itertools
import os
import random
import re
import signal
from collections.abc import Callable

_ENTRY = re.compile(r"(?P<point>\w+)(?::(?P<nth>\d+)|~(?P<share>[\d.]+))?=(?P<deed>\w+)")

_armed: dict[str, Callable[[], None]] = {}


def fault(point: str) -> None:
    """Does what `point` is armed with, which is nothing outside tests."""
    strike = _armed.get(point)
    if strike is not None:
        strike()


def arm(faults: str) -> None:
    """Replaces what is armed. Raises ValueError for an entry that it does not understand."""
    seed = re.search(r"\bseed=(\d+)", faults)
    dice = random.Random(int(seed[1]) if seed else None)  # noqa: S311 - chooses when tests strike
    entries = [entry for entry in faults.split() if not entry.startswith("seed=")]
    _armed.clear()
    _armed.update(_strike_of(entry, dice) for entry in entries)


def _strike_of(entry: str, dice: random.Random) -> tuple[str, Callable[[], None]]:
    match = _ENTRY.fullmatch(entry)
    if match is None:
        raise ValueError(f"LIMNER_FAULTS: {entry!r} is not point=DEED, point:N=DEED or point~SHARE=DEED")
    deed = _deed_of(match["deed"])
    passes = itertools.count(1)

    def strike() -> None:
        nth = next(passes)
        if match["nth"] and nth != int(match["nth"]):
            return
        if match["share"] and dice.random() >= float(match["share"]):
            return
        deed()

    return match["point"], strike


def _deed_of(name: str) -> Callable[[], None]:
    if name in signal.Signals.__members__:
        return lambda: os.kill(os.getpid(), signal.Signals[name])
    code = getattr(errno, name, None)
    if not isinstance(code, int):
        raise ValueError(f"LIMNER_FAULTS: {name!r} is neither a signal nor an errno")  # noqa: TRY004 - the text is wrong, not a type

    def fail() -> None:
        raise OSError(code, os.strerror(code))

    return fail


arm(os.environ.get("LIMNER_FAULTS", ""))
