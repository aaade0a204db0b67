"""Keeps a worker's leases alive from a thread of its own, so that a busy or stuck event loop loses none."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from limner.actions.quiet_trace import log_fault
from limner.contracts.clock import Clock
from limner.contracts.repository import Renewal, WorkRepository
from limner.domain.errors import Busy
from limner.domain.job import Lease
from limner.domain.policy import Policy

logger = logging.getLogger("limner.worker")

BEATS_PER_LEASE = 3
IMPATIENCE = 10
"""After a beat that failed the next one comes this many times sooner."""


class Heartbeat:
    """`heard` is called in the heartbeat's thread after each good renewal."""

    def __init__(
        self, *, repository: WorkRepository, policy: Policy, clock: Clock, heard: Callable[[Renewal], None]
    ) -> None:
        self._repository = repository
        self._policy = policy
        self._clock = clock
        self._heard = heard
        self._renewed: dict[Lease, float] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def start(self) -> None:
        self._stopped = threading.Event()
        threading.Thread(target=self._run, args=(self._stopped,), name="limner-heartbeat", daemon=True).start()

    def stop(self) -> None:
        """Returns at once; a renewal that is under way ends by itself."""
        self._stopped.set()

    def hold(self, lease: Lease, *, since: float) -> None:
        """From now on this lease is renewed; it was good at `since`, a monotonic time."""
        with self._lock:
            self._renewed[lease] = since

    def release(self, lease: Lease) -> None:
        with self._lock:
            self._renewed.pop(lease, None)

    def is_sure(self, lease: Lease) -> bool:
        """Whether the lease is certainly ours, with a margin that a paid call may start in."""
        with self._lock:
            renewed = self._renewed.get(lease)
        return (
            renewed is not None and self._clock.monotonic() - renewed < self._policy.lease - self._policy.start_margin
        )

    def _run(self, stopped: threading.Event) -> None:
        interval = self._policy.lease / BEATS_PER_LEASE
        pause = interval
        while not stopped.wait(pause):
            pause = interval if self._beat() else interval / IMPATIENCE

    def _beat(self) -> bool:
        with self._lock:
            leases = tuple(self._renewed)
        if not leases:
            return True
        began = self._clock.monotonic()
        try:
            renewal = self._repository.renew(leases, seconds=self._policy.lease)
        except Busy as trouble:
            logger.warning("leases could not be renewed: %s", trouble.code, extra={"leases": len(leases)})
            return False
        except Exception as error:  # noqa: BLE001 - this thread must outlive every fault, or all leases are lost
            log_fault(logger, "leases could not be renewed", error, {"leases": len(leases)})
            return False
        self._note(leases, renewal, began)
        self._heard(renewal)
        return True

    def _note(self, leases: tuple[Lease, ...], renewal: Renewal, began: float) -> None:
        with self._lock:
            for lease in leases:
                if lease in renewal.lost:
                    self._renewed.pop(lease, None)
                elif lease in self._renewed:
                    self._renewed[lease] = began
