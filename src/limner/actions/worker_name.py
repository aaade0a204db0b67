"""What a worker calls itself in a lease, so that others on its machine can see that it is gone.

A name is `machine:boot:pid namespace:pid:start time:random`. A pid means something only inside one PID namespace of one
boot of one machine, and start times tell a process from a later one under the same pid.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Self

PARTS = 6
STARTED_FIELD = 19
STATE_FIELD = 0


@dataclass(frozen=True, slots=True)
class WorkerName:
    """Parts are empty where this system does not tell them; such a name is never found dead."""

    machine: str
    boot: str
    namespace: str
    pid: int
    started: str
    random: str

    @classmethod
    def own(cls) -> Self:
        """A new name for this process."""
        state = _state_and_start(os.getpid())
        return cls(
            _read("/etc/machine-id") or os.uname().nodename.replace(":", "-"),
            _read("/proc/sys/kernel/random/boot_id"),
            _namespace(),
            os.getpid(),
            state[1] if state else "",
            secrets.token_hex(4),
        )

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """None for anything that is not a name."""
        parts = text.split(":")
        if len(parts) != PARTS or not parts[3].isdecimal():
            return None
        machine, boot, namespace, pid, started, random = parts
        return cls(machine, boot, namespace, int(pid), started, random)

    def __str__(self) -> str:
        return ":".join(map(str, (self.machine, self.boot, self.namespace, self.pid, self.started, self.random)))

    @property
    def place(self) -> tuple[str, str, str]:
        return self.machine, self.boot, self.namespace


def is_dead(worker: str) -> bool:
    """Whether that worker's process is certainly gone; False where only its lease can tell."""
    name, own = WorkerName.parse(worker), WorkerName.own()
    if name is None or name.place != own.place or not all((*own.place, name.started, own.started)):
        return False
    try:
        os.kill(name.pid, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    found = _state_and_start(name.pid)
    return found is not None and (found[0] in "ZX" or found[1] != name.started)


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeError):
        return ""


def _namespace() -> str:
    try:
        return str(Path("/proc/self/ns/pid").stat().st_ino)
    except OSError:
        return ""


def _state_and_start(pid: int) -> tuple[str, str] | None:
    """A process's state letter and start time in clock ticks since boot."""
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return (fields[STATE_FIELD], fields[STARTED_FIELD]) if len(fields) > STARTED_FIELD else None
