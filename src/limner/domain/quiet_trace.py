"""What may be told of a fault in host applications' logs, too: an error's own words may quote a prompt."""

from __future__ import annotations

import traceback


def frames_of(error: BaseException) -> str:
    """The frames and class names of an error and its causes, causes first, and none of their words."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    before = frames_of(cause) if cause else ""
    kind = type(error)
    return f"{before}{''.join(traceback.format_tb(error.__traceback__))}{kind.__module__}.{kind.__qualname__}\n"
