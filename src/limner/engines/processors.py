"""How many processors there are to paint with."""

from __future__ import annotations

import os
import sys


def available_processors() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
