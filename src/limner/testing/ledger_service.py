"""The service behind the ledger engine: each line of its file is a call that it took and charged."""

from __future__ import annotations

import fcntl
import json
import os
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerCall:
    """A charged call. Times are Unix seconds; its pictures exist from `ready_at` on. `traits` stand for the inputs that it
    came with.
    """

    id: str
    job_id: str
    ordinals: tuple[int, ...]
    key: str
    charged_at: float
    ready_at: float
    traits: int = 0


class LedgerService:
    """Every method is blocking. Processes may share the file. `idempotent`: a key is charged once."""

    def __init__(self, path: Path, *, idempotent: bool) -> None:
        self._path = path
        self._idempotent = idempotent

    def take(self, job_id: str, ordinals: tuple[int, ...], key: str, *, seconds: float, traits: int = 0) -> LedgerCall:
        """Charges a call, durably, whose pictures are ready `seconds` later."""
        with self._locked():
            if self._idempotent and (before := self._find(key=key)):
                return before
            now = time.time()
            call = LedgerCall(
                id=uuid.uuid4().hex,
                job_id=job_id,
                ordinals=ordinals,
                key=key,
                charged_at=now,
                ready_at=now + seconds,
                traits=traits,
            )
            self._append(call)
            return call

    def call(self, call_id: str) -> LedgerCall:
        """Raises KeyError for a call that was never taken."""
        found = self._find(id=call_id)
        if found is None:
            raise KeyError(call_id)
        return found

    def _find(self, **facts: str) -> LedgerCall | None:
        calls = (call for call in read_ledger(self._path) if facts.items() <= asdict(call).items())
        return next(calls, None)

    def _append(self, call: LedgerCall) -> None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, json.dumps(asdict(call)).encode() + b"\n")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._path.with_name(f"{self._path.name}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def read_ledger(path: Path) -> list[LedgerCall]:
    """All calls, oldest first."""
    if not path.exists():
        return []
    lines = path.read_text("utf-8").splitlines()
    return [LedgerCall(**{**facts, "ordinals": tuple(facts["ordinals"])}) for facts in map(json.loads, lines)]


def charges(path: Path) -> Counter[tuple[str, int]]:
    """How often each picture, as (job id, ordinal), was charged."""
    return Counter((call.job_id, ordinal) for call in read_ledger(path) for ordinal in call.ordinals)
