"""The numbers Limner works by. Settings fill them in; times are seconds."""

from __future__ import annotations

from dataclasses import dataclass

HOUR = 3600.0
DAY = 24 * HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Limits and periods, with one machine's defaults."""

    queued_per_owner: int = 100
    queued_total: int = 100_000
    running_per_owner: int = 16

    lease: float = 30.0
    start_margin: float = 5.0
    """With less than this left on an unrenewed lease no new paid call starts."""
    poll: float = 2.0
    sweep: float = 2.0
    cancel_check: float = 1.0
    close_grace: float = 5.0
    drain_grace: float = 25.0

    deadline: float = DAY
    max_attempts: int = 5
    max_crashes: int = 3
    max_lease_losses: int = 20
    alone_after_losses: int = 2

    breaker_failures: int = 5
    """Passing faults in a row after which an engine is left alone."""
    breaker_pause: float = 30.0
    """How long at first; each probe that fails doubles it."""
    route_patience: float = 10.0
    """A job waits this long for an engine that is paused, if another one of its route could take it."""

    idempotency_kept: float = DAY
    events_kept: float = 7 * DAY
    restore_window: float = 600.0
    orphan_age: float = DAY
    image_age: float | None = None
    """Pictures and their jobs go this long after they were finished; None keeps them for ever."""
    owner_quota: int | None = None
    """Bytes an owner's pictures may take; the oldest go first. None is no limit."""
    input_bytes: int = 20 * 1024 * 1024
    input_pixels: int = 32_000_000
    """What one uploaded picture may have."""
    input_age: float = DAY
    """Uploads go this long after they came, unless a job uses them."""
    input_quota: int = 1024 * 1024 * 1024
    """Bytes of uploads that an owner may keep without using them."""

    free_space: int = 512 * 1024 * 1024
    """Below this many free bytes nothing is accepted and no paid call starts."""
    link_age: float = 900.0
    """How long signed links hold."""
    session_age: float = 30 * DAY
    """How long a browser stays signed in."""
