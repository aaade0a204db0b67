"""Going on by itself after an outage: pauses that grow, and one line in the log at each end of it."""

from __future__ import annotations

import logging
import random

from limner.actions.quiet_trace import log_fault
from limner.domain.errors import Busy

logger = logging.getLogger("limner.worker")

FIRST_PAUSE = 0.25
LONGEST_PAUSE = 5.0


class Patience:
    """One duty's patience; `duty` completes the sentence "… cannot go on"."""

    def __init__(self, duty: str) -> None:
        self._duty = duty
        self._pause = 0.0

    def failed(self, error: Exception) -> float:
        """Seconds to wait before the next try. A fault that is no outage is logged each time, with its frames."""
        if not isinstance(error, Busy):
            log_fault(logger, f"{self._duty} failed", error, {})
        elif not self._pause:
            logger.warning("%s cannot go on and will be tried again: %s", self._duty, type(error).__name__)
        self._pause = min(LONGEST_PAUSE, self._pause * 2 or FIRST_PAUSE)
        return jittered(self._pause)

    def worked(self) -> bool:
        """Whether an outage ended with this."""
        ended, self._pause = self._pause > 0, 0.0
        if ended:
            logger.warning("%s goes on", self._duty)
        return ended


def jittered(seconds: float) -> float:
    """Up to a quarter more or less, so that processes started together do not stay in step."""
    return seconds * random.uniform(0.75, 1.25)  # noqa: S311 - spreads load
