"""Nothing is taken in while the disk is nearly full."""

from __future__ import annotations

from collections.abc import Callable

from limner.domain.errors import StorageFull
from limner.domain.policy import Policy

MEBIBYTE = 1024 * 1024
FULL_FOR = 60.0


def check_space(free_space: Callable[[], int] | None, policy: Policy) -> None:
    """`free_space` tells the bytes that can still be written, where it is known. Raises StorageFull."""
    if free_space is None or (free := free_space()) >= policy.free_space:
        return
    kept = policy.free_space // MEBIBYTE
    detail = f"The disk has {free // MEBIBYTE} MiB left and {kept} MiB stay free. Nothing was queued."
    raise StorageFull(detail, retry_after=FULL_FOR)
