from datetime import UTC, datetime, timedelta

import pytest

from limner.domain.engine_state import after_trouble, trouble_of
from limner.domain.errors import NotSent, OutOfMoney, RateLimited, Transient, Unauthorised, UnknownOutcome
from limner.domain.policy import Policy

NOW = datetime(2026, 9, 1, 9, tzinfo=UTC)
POLICY = Policy()


def met(error, known=None, *, at=0.0, probe=False, chance=1.0):
    trouble = trouble_of("openai", "k1", error, probe=probe)
    now = NOW + timedelta(seconds=at)
    return after_trouble(known, trouble, now=now, policy=POLICY, chance=lambda: chance)


def blocked(state, at=0.0):
    return state.seconds_blocked(NOW + timedelta(seconds=at))


def run_of(*errors, at=0.0):
    state = None
    for error in errors:
        state = met(error, state, at=at)
    return state


@pytest.mark.parametrize(("asked", "waits"), [(7.5, 7.5), (0, 0), (-3, 0), (90_000, 600)])
def test_a_pause_is_as_long_as_the_service_says_within_ten_minutes(asked, waits):
    assert blocked(met(RateLimited(retry_after=asked))) == waits


@pytest.mark.parametrize(("chance", "waits"), [(0.0, 5), (1.0, 10)])
def test_a_pause_that_nobody_named_is_at_least_five_seconds(chance, waits):
    assert blocked(met(RateLimited(), chance=chance)) == waits


def test_a_service_that_says_too_little_is_believed_less_each_time():
    state, pauses, at = None, [], 0.0
    for _ in range(5):
        state = met(RateLimited(retry_after=0), state, at=at)
        pauses.append(blocked(state, at))
        at += pauses[-1]
    assert pauses == [0, 1, 3, 7, 15]


def test_a_longer_wait_that_was_told_to_another_job_holds_for_all():
    state = met(RateLimited(retry_after=10), at=0)
    assert blocked(met(RateLimited(retry_after=60), state, at=1), at=1) == 60
    assert blocked(met(RateLimited(retry_after=3), state, at=1), at=1) == 9


def test_a_pause_is_over_when_it_is_over():
    state = met(RateLimited(retry_after=10))
    later = NOW + timedelta(seconds=10)
    assert (state.is_blocked(NOW), state.is_blocked(later), state.wants_probe(later)) == (True, False, False)


@pytest.mark.parametrize("error", [OutOfMoney(), Unauthorised()])
def test_an_account_at_fault_opens_the_breaker_at_once(error):
    state = met(error)
    assert blocked(state) == 30
    assert state.wants_probe(NOW + timedelta(seconds=30))


def test_passing_faults_open_the_breaker_after_a_run():
    run = [Transient(), NotSent(), UnknownOutcome(), Transient(), NotSent()]
    assert [blocked(run_of(*run[:length])) for length in range(1, 6)] == [0, 0, 0, 0, 30]


def test_a_probe_that_fails_doubles_the_pause_up_to_ten_minutes():
    state, at, pauses = met(OutOfMoney()), 30.0, []
    for _ in range(7):
        state = met(OutOfMoney(), state, at=at, probe=True)
        pauses.append(blocked(state, at))
        at += pauses[-1]
    assert pauses == [60, 120, 240, 480, 600, 600, 600]


@pytest.mark.parametrize("error", [OutOfMoney(), Transient(), RateLimited(retry_after=500)])
def test_what_was_under_way_when_the_breaker_opened_tells_nothing_new(error):
    state = met(OutOfMoney())
    assert met(error, state, at=1) == state


def test_an_account_at_fault_outranks_a_pause():
    state = met(OutOfMoney(), met(RateLimited(retry_after=500)), at=1)
    assert (state.code, blocked(state, 1)) == ("provider_out_of_money", 30)


def test_a_lesser_fault_of_the_probe_does_not_heal_the_account():
    state = met(Transient(), met(OutOfMoney()), at=30, probe=True)
    assert (state.code, state.failures, blocked(state, 30)) == ("provider_out_of_money", 2, 60)


def test_another_kind_of_trouble_begins_a_run_of_its_own():
    assert run_of(*[Transient()] * 4, RateLimited(retry_after=0), *[Transient()] * 4).failures == 4


def test_the_trouble_can_be_told_as_the_error_that_it_was():
    error = met(RateLimited("Slow down.")).as_error()
    assert (type(error), error.detail) == (RateLimited, "Slow down.")
