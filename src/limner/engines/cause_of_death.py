"""Why a child process died, and whether a paint in it is to blame."""

from __future__ import annotations

import signal
from dataclasses import dataclass

from limner.domain.errors import EngineCrashed, EngineError, EngineFailed, OutOfMemory


@dataclass(frozen=True, slots=True)
class CauseOfDeath:
    """`shared`: no paint in the child is to blame, not even one that was alone."""

    error: type[EngineError]
    detail: str
    shared: bool = False


DEAF = CauseOfDeath(
    EngineCrashed, "The engine's process was stopped: a cancelled paint in it did not stop.", shared=True
)
CLOSED = CauseOfDeath(EngineCrashed, "The engine was closed while it painted.", shared=True)
UNOPENED = CauseOfDeath(EngineFailed, "The engine could not be opened.", shared=True)
GARBAGE = CauseOfDeath(EngineCrashed, "The engine's process wrote into its link to the server.")

_NO_MEMORY = (b"memory allocation", b"bad_alloc")
"""What native code says before it aborts for lack of memory."""


def hunger(limit: int) -> CauseOfDeath:
    return CauseOfDeath(OutOfMemory, f"The engine used more than {limit // 2**20} MiB of memory.")


def explain(status: int | None, last_words: bytes) -> CauseOfDeath:
    """A death that we did not cause. `status`: as subprocesses return it; None where the kernel keeps the process."""
    if status is None or status >= 0:
        return CauseOfDeath(EngineCrashed, f"The engine's process ended by itself with status {status}.")
    name = _signal_name(-status)
    if name == "SIGABRT" and any(words in last_words for words in _NO_MEMORY):
        return CauseOfDeath(OutOfMemory, "The engine's process ended (SIGABRT) because it got no more memory.")
    if name == "SIGKILL":
        return CauseOfDeath(EngineCrashed, "The engine's process was killed (SIGKILL), perhaps for lack of memory.")
    return CauseOfDeath(EngineCrashed, f"The engine's process was killed by {name}.")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
