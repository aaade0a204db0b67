"""What a task or thread says that goes on whatever happens."""

from __future__ import annotations

import logging

from limner.domain.errors import LimnerError

logger = logging.getLogger("limner.notifier")


class Faults:
    """Logs the first fault of a row of them, and that they are over. An outage that has a sentence of its own needs no trace."""

    def __init__(self, message: str) -> None:
        self._message = message
        self._told = False

    def note(self, error: Exception) -> None:
        if not self._told:
            is_outage = isinstance(error, LimnerError)
            told = f"{self._message}: {error}" if is_outage else self._message
            logger.error(told, extra={"fault": type(error).__name__}, exc_info=None if is_outage else error)
        self._told = True

    def over(self) -> None:
        if self._told:
            logger.info("over: %s", self._message)
        self._told = False
