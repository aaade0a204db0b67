"""Faults in logs, without their words."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from limner.domain.quiet_trace import frames_of


def log_fault(logger: logging.Logger, message: str, error: BaseException, facts: Mapping[str, object]) -> None:
    """An error line with the frames and class names of `error` and its causes, and none of their words."""
    logger.log(logging.ERROR, "%s\n%s", message, frames_of(error).rstrip(), extra=dict(facts))
