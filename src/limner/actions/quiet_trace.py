"""Faults in logs, host applications' ones too: an error's own words may quote a prompt, its frames cannot."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping


def log_fault(logger: logging.Logger, message: str, error: BaseException, facts: Mapping[str, object]) -> None:
    """An error line with the frames and class names of `error` and its causes, and none of their words."""
    logger.log(logging.ERROR, "%s\n%s", message, _frames(error).rstrip(), extra=dict(facts))


def _frames(error: BaseException) -> str:
    """The chain of an error, causes first."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    before = _frames(cause) if cause else ""
    kind = type(error)
    return f"{before}{''.join(traceback.format_tb(error.__traceback__))}{kind.__module__}.{kind.__qualname__}\n"
