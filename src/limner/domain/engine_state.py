"""What is known of an engine that has trouble: pauses and breakers, one a credential, shared by all workers."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from limner.domain.errors import (
    EngineError,
    EngineFailed,
    NotSent,
    OutOfMoney,
    RateLimited,
    Transient,
    Unauthorised,
    UnknownOutcome,
    engine_error,
)
from limner.domain.policy import Policy

ACCOUNT = (OutOfMoney, Unauthorised)
"""Nothing will go until somebody sees to the account: the breaker opens at once."""
PASSING = (NotSent, Transient, UnknownOutcome)
"""Faults of the service that pass: the breaker opens after a run of them."""
TROUBLE = (RateLimited, *ACCOUNT, *PASSING)
"""What says something of the engine, and not only of one job."""

LONGEST_BLOCK = 600.0
FIRST_WAIT = 5.0
LONGEST_DOUBT = 60.0

ACCOUNT_CODES = frozenset(kind.code for kind in ACCOUNT)


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineState:
    """`code` and `detail` tell the trouble met last, `failures` how often it was met in a row.

    Nothing is asked of the engine before `blocked_until`. A pause is over then; a breaker lets one job through at a
    time, the probe, until one has painted.
    """

    engine: str
    credential: str
    code: str
    detail: str
    failures: int
    blocked_until: datetime | None = None

    @property
    def is_pause(self) -> bool:
        return self.code == RateLimited.code

    @property
    def is_account(self) -> bool:
        """Whether somebody must see to the account."""
        return self.code in ACCOUNT_CODES

    def is_blocked(self, now: datetime) -> bool:
        return self.blocked_until is not None and now < self.blocked_until

    def wants_probe(self, now: datetime) -> bool:
        """Whether a breaker is half open."""
        return self.blocked_until is not None and not self.is_pause and not self.is_blocked(now)

    def seconds_blocked(self, now: datetime) -> float:
        return max(0.0, (self.blocked_until - now).total_seconds()) if self.blocked_until else 0.0

    def as_error(self) -> EngineError:
        return engine_error(self.code, self.detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What was met just now. `wait`: seconds that the service asked for. `probe`: the job was the one to try."""

    met: EngineState
    wait: float | None = None
    probe: bool = False


def trouble_of(engine: str, credential: str, error: EngineError, *, probe: bool) -> Trouble:
    """What an error says of its engine."""
    code = EngineFailed.code if isinstance(error, PASSING) else error.code
    met = EngineState(engine=engine, credential=credential, code=code, detail=error.detail, failures=1)
    return Trouble(met=met, wait=error.retry_after, probe=probe)


def after_trouble(
    known: EngineState | None,
    trouble: Trouble,
    *,
    now: datetime,
    policy: Policy,
    chance: Callable[[], float] = random.random,
) -> EngineState:
    """The state from now on. What was under way when the engine was blocked tells nothing new, unless it is that the
    account is at fault; a lesser fault does not heal that.
    """
    met, failures = trouble.met, 1
    if known is not None:
        if known.is_blocked(now) and not trouble.probe and (known.is_account or not met.is_account):
            return _prolonged(known, trouble, now)
        if known.is_account and not met.is_account:
            met = known
        failures = known.failures + 1 if known.code == met.code else 1
    seconds = _seconds_blocked(met, failures, trouble.wait, policy, chance)
    until = None if seconds is None else now + timedelta(seconds=seconds)
    return replace(met, failures=failures, blocked_until=until)


def _prolonged(known: EngineState, trouble: Trouble, now: datetime) -> EngineState:
    """A service may say a longer wait to somebody else."""
    until = now + timedelta(seconds=min(trouble.wait or 0.0, LONGEST_BLOCK))
    if known.is_pause and trouble.met.is_pause and known.blocked_until is not None and until > known.blocked_until:
        return replace(known, blocked_until=until)
    return known


def _seconds_blocked(
    met: EngineState, failures: int, wait: float | None, policy: Policy, chance: Callable[[], float]
) -> float | None:
    if met.is_pause:
        return _pause(failures, wait, chance)
    allowed = 1 if met.is_account else policy.breaker_failures
    return _doubled(policy.breaker_pause, failures - allowed, LONGEST_BLOCK) if failures >= allowed else None


def _pause(failures: int, wait: float | None, chance: Callable[[], float]) -> float:
    """As long as the service says, and longer where that was too short before; else equal jitter, because full jitter
    could spend many tries within one window of its limit.
    """
    if wait is not None:
        return min(max(wait, _doubled(1.0, failures - 1, LONGEST_DOUBT) - 1.0), LONGEST_BLOCK)
    longest = _doubled(FIRST_WAIT, failures, LONGEST_BLOCK)
    return longest / 2 + chance() * longest / 2


def _doubled(first: float, times: int, longest: float) -> float:
    return min(longest, first * 2.0 ** min(times, 20))
