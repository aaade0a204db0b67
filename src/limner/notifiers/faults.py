"""What a task or thread says that goes on whatever happens."""

from __future__ import annotations

import logging

logger = logging.getLogger("limner.notifier")


class Faults:
    """Logs the first fault of a row of them, and that they are over."""

    def __init__(self, message: str) -> None:
        self._message = message
        self._told = False

    def note(self, error: Exception) -> None:
        if not self._told:
            logger.error(self._message, extra={"fault": type(error).__name__}, exc_info=error)
        self._told = True

    def over(self) -> None:
        if self._told:
            logger.info("over: %s", self._message)
        self._told = False
