"""Counts jobs that ended, by the state that their row took."""

from __future__ import annotations

from collections.abc import Iterable

from limner.contracts.observer import Observer
from limner.domain.event import JobChanged


def count_ends(changes: Iterable[JobChanged], observer: Observer) -> None:
    """Only the process that wrote a change knows whether it was an end, so that each is counted once."""
    for change in changes:
        if change.ended is not None:
            observer.count("limner_jobs_total", state=change.ended.value)
