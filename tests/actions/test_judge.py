from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from limner.actions.judge import Failure, Situation, judge
from limner.contracts.repository import Requeue
from limner.domain.errors import (
    BadImage,
    BadParameter,
    ContractBroken,
    EngineCrashed,
    EngineFailed,
    EngineTimeout,
    LimnerError,
    NotSent,
    OutOfMemory,
    OutOfMoney,
    RateLimited,
    RefusedByPolicy,
    Transient,
    Unauthorised,
    UnknownOutcome,
)
from limner.domain.job import Job, JobId, JobState
from limner.domain.policy import Policy
from limner.domain.request import ImageRequest

NOW = datetime(2026, 9, 1, 9, tzinfo=UTC)
REQUEST = ImageRequest(prompt="a fox", model="a", width=64, height=64, count=2, seed=1, format="png")
JOB = Job(
    id=JobId("j"), owner="ann", state=JobState.RUNNING, request=REQUEST, route=("a",), attempt=1,
    created_at=NOW, deadline_at=NOW + timedelta(days=1),
)  # fmt: skip
NORMAL = Situation(now=NOW, policy=Policy(), chance=lambda: 1.0)
LAST_TRY = replace(JOB, attempt=5)


def delay(error, job=JOB, situation=NORMAL):
    verdict = judge(error, job, situation)
    assert isinstance(verdict, Requeue)
    return verdict.delay.total_seconds()


@pytest.mark.parametrize("error", [NotSent(), Transient(), EngineFailed(), EngineCrashed(), LimnerError()])
@pytest.mark.parametrize(("attempt", "longest"), [(1, 2), (2, 4), (3, 8), (4, 16)])
def test_a_passing_fault_is_tried_again_after_a_pause_that_doubles(error, attempt, longest):
    assert delay(error, replace(JOB, attempt=attempt)) == longest


def test_pauses_end_at_a_minute():
    assert delay(NotSent(), replace(JOB, attempt=19, max_attempts=20)) == 60


def test_pauses_are_spread_from_nothing():
    assert delay(NotSent(), situation=replace(NORMAL, chance=lambda: 0.0)) == 0


@pytest.mark.parametrize(("asked", "waits"), [(7.5, 7.5), (0, 0), (-3, 0), (90_000, 600)])
def test_a_rate_limit_waits_as_long_as_the_service_says_within_ten_minutes(asked, waits):
    assert delay(RateLimited(retry_after=asked)) == waits


@pytest.mark.parametrize(("chance", "waits"), [(0.0, 5), (1.0, 10)])
def test_a_rate_limit_without_a_wait_is_at_least_five_seconds(chance, waits):
    assert delay(RateLimited(), situation=replace(NORMAL, chance=lambda: chance)) == waits


def test_the_last_try_fails_with_its_own_error():
    error = judge(Transient("The service sneezed."), LAST_TRY, NORMAL).error
    assert (error.code, error.title, error.detail) == (Transient.code, Transient.title, "The service sneezed.")


def test_tries_that_died_with_their_worker_do_not_count():
    assert isinstance(judge(Transient(), replace(LAST_TRY, lease_losses=1), NORMAL), Requeue)


@pytest.mark.parametrize("error", [RefusedByPolicy(), BadParameter(), OutOfMoney(), Unauthorised()])
def test_what_cannot_get_better_fails_at_once(error):
    verdict = judge(error, JOB, NORMAL)
    assert (verdict.error.code, verdict.error.retryable) == (error.code, error.retryable)


@pytest.mark.parametrize("error", [EngineCrashed(), OutOfMemory(), EngineTimeout()])
def test_an_engine_that_stopped_by_itself_counts_as_a_crash(error):
    assert judge(error, JOB, NORMAL) == Requeue(delay=timedelta(seconds=2), crashes=1)


def test_the_third_crash_is_poison():
    verdict = judge(EngineCrashed(), replace(JOB, attempt=3, crash_count=2), NORMAL)
    assert (verdict.error.code, verdict.error.detail) == (
        "engine_crashed",
        "It stopped three times; nothing was painted.",
    )
    assert verdict.counters.crashes == 1


@pytest.mark.parametrize("error", [OutOfMemory(), EngineTimeout()])
def test_poison_keeps_the_reason(error):
    assert judge(error, replace(JOB, crash_count=2), NORMAL).error.code == error.code


@pytest.mark.parametrize("error", [EngineCrashed(own=False), OutOfMemory(own=False)])
def test_the_death_of_a_shared_child_is_nobodys_fault(error):
    assert judge(error, LAST_TRY, NORMAL) == Requeue(lease_losses=1)


def test_twenty_losses_fail():
    verdict = judge(EngineCrashed(own=False), replace(JOB, attempt=20, lease_losses=19), NORMAL)
    assert (verdict.error.code, verdict.counters) == ("engine_crashed", Requeue(lease_losses=1))


def test_a_charge_that_is_unknown_fails_where_the_operator_has_not_said_otherwise():
    verdict = judge(UnknownOutcome(), JOB, replace(NORMAL, on_ambiguous="fail"))
    assert (verdict.error.code, verdict.counters.ambiguous_calls) == ("ambiguous_charge", 1)


def test_a_charge_that_is_unknown_is_tried_again_where_the_operator_said_so():
    verdict = judge(UnknownOutcome(), JOB, replace(NORMAL, on_ambiguous="retry"))
    assert verdict == Requeue(delay=timedelta(seconds=2), ambiguous_calls=1)


def test_a_crash_during_a_call_is_a_charge_that_is_unknown():
    verdict = judge(EngineCrashed(), JOB, replace(NORMAL, on_ambiguous="fail", unknown_calls=2))
    assert verdict.error.code == "ambiguous_charge"
    assert (verdict.counters.ambiguous_calls, verdict.counters.crashes) == (2, 1)


def test_a_paint_that_ended_too_early_leaves_its_calls_in_doubt():
    verdict = judge(ContractBroken("It ended."), JOB, replace(NORMAL, on_ambiguous="fail", unknown_calls=1))
    assert (verdict.error.code, verdict.counters.ambiguous_calls) == ("ambiguous_charge", 1)
    assert verdict.error.detail == "It ended. What is missing may have been charged."


@pytest.mark.parametrize("error", [UnknownOutcome(), EngineCrashed(), EngineCrashed(own=False), LimnerError()])
def test_a_charge_that_is_unknown_is_told_before_the_deadline(error):
    late = replace(NORMAL, now=JOB.deadline_at, on_ambiguous="fail", unknown_calls=1)
    assert judge(error, JOB, late).error.code == "ambiguous_charge"


def test_a_job_that_ran_out_of_time_did_not_crash():
    assert judge(EngineTimeout(), JOB, replace(NORMAL, now=JOB.deadline_at)).counters.crashes == 0


def test_an_engine_that_names_its_fault_knows_how_its_call_ended():
    assert judge(NotSent(), JOB, replace(NORMAL, on_ambiguous="fail", unknown_calls=1)).ambiguous_calls == 0


def test_tries_end_where_every_charge_is_unknown():
    assert isinstance(judge(UnknownOutcome(), LAST_TRY, NORMAL), Failure)


def test_an_unusable_picture_is_tried_once_more():
    assert judge(BadImage(), JOB, NORMAL) == Requeue(bad_images=1)


def test_a_second_unusable_picture_is_final():
    verdict = judge(BadImage(), replace(JOB, bad_images=1), replace(NORMAL, charged=True))
    assert verdict.error.code == "bad_image"
    assert verdict.counters == Requeue(bad_images=1, paid_bad_outputs=1)


def test_work_that_is_paid_for_goes_first():
    assert judge(Transient(), JOB, replace(NORMAL, open_call=True)).urgent


@pytest.mark.parametrize("error", [Transient(), RefusedByPolicy(), EngineTimeout(), BadImage()])
def test_after_the_deadline_the_deadline_is_the_reason(error):
    verdict = judge(error, JOB, replace(NORMAL, now=JOB.deadline_at))
    assert verdict.error.code == "deadline_exceeded"
