from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from limner.actions.judge import Failure, Situation, judge
from limner.contracts.repository import Onward, Requeue
from limner.domain.errors import (
    BadImage,
    BadParameter,
    BudgetExhausted,
    ContractBroken,
    EngineCrashed,
    EngineFailed,
    EngineTimeout,
    FieldError,
    InvalidRequest,
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
from limner.domain.job import Job, JobId, JobState, Note
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


def test_a_job_whose_model_was_taken_out_of_the_settings_is_not_tried_again():
    gone = InvalidRequest([FieldError("/model", "unknown_model", "There is no model a.")])
    assert judge(gone, JOB, NORMAL).error.code == "invalid_request"


def test_pauses_end_at_a_minute():
    assert delay(NotSent(), replace(JOB, attempt=19, max_attempts=20)) == 60


def test_pauses_are_spread_from_nothing():
    assert delay(NotSent(), situation=replace(NORMAL, chance=lambda: 0.0)) == 0


def test_a_rate_limit_waits_until_the_pause_is_over_and_is_no_try():
    verdict = judge(RateLimited(), LAST_TRY, replace(NORMAL, blocked=42.0))
    assert verdict == Requeue(delay=timedelta(seconds=42), uncounted=True, uncharged=True)


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
    assert not verdict.uncharged


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


@pytest.mark.parametrize("error", [OutOfMoney(), Unauthorised()])
def test_an_account_at_fault_fails_the_job_that_found_out_and_no_other(error):
    assert isinstance(judge(error, JOB, replace(NORMAL, blocked=30.0)), Failure)
    verdict = judge(error, JOB, replace(NORMAL, blocked=30.0, known=True))
    assert verdict == Requeue(delay=timedelta(seconds=30), uncounted=True, uncharged=True)


def test_a_job_waits_until_its_budget_renews():
    verdict = judge(BudgetExhausted(retry_after=3600), JOB, NORMAL)
    assert verdict == Requeue(delay=timedelta(hours=1), uncounted=True)


def test_a_job_whose_deadline_comes_before_its_budget_fails_at_once():
    verdict = judge(BudgetExhausted("Nothing is left.", retry_after=25 * 3600), JOB, NORMAL)
    assert (verdict.error.code, verdict.error.detail) == ("budget_exhausted", "Nothing is left.")


CHARGED = [UnknownOutcome(), RefusedByPolicy(), BadImage(), EngineCrashed(), EngineTimeout(), ContractBroken()]


@pytest.mark.parametrize("error", CHARGED)
def test_what_may_have_been_charged_stays_on_the_ledger(error):
    verdict = judge(error, JOB, NORMAL)
    assert not (verdict if isinstance(verdict, Requeue) else verdict.counters).uncharged


ROUTED = replace(JOB, route=("a", "b/large"))
ON_ROUTE = replace(NORMAL, onward=1)


def goes_on(error, situation=ON_ROUTE, job=ROUTED):
    verdict = judge(error, job, situation)
    return isinstance(verdict, Requeue) and verdict.onward is not None


@pytest.mark.parametrize("error", [OutOfMoney(), Unauthorised(), BudgetExhausted(retry_after=60)])
def test_what_no_wait_of_the_job_can_mend_goes_on_to_the_next_engine(error):
    assert goes_on(error)
    assert goes_on(error, replace(ON_ROUTE, blocked=60.0, known=True))


@pytest.mark.parametrize("error", [Transient(), EngineFailed(), EngineCrashed(), EngineTimeout(), NotSent()])
def test_a_fault_goes_on_after_its_last_try(error):
    assert not goes_on(error)
    assert goes_on(error, job=replace(ROUTED, attempt=5, crash_count=2))


@pytest.mark.parametrize("error", [RateLimited(), Transient()])
def test_a_short_pause_is_waited_for_and_a_long_one_is_not(error):
    assert not goes_on(error, replace(ON_ROUTE, blocked=9.0))
    assert goes_on(error, replace(ON_ROUTE, blocked=11.0))


@pytest.mark.parametrize("error", [RefusedByPolicy(), BadParameter()])
def test_what_one_engine_refuses_is_shown_to_another_where_the_operator_said_so(error):
    assert not goes_on(error)
    assert goes_on(error, replace(ON_ROUTE, on_refusal="next"))


def test_a_paid_picture_that_cannot_be_read_never_buys_the_next_engine():
    twice = replace(ROUTED, bad_images=1)
    assert not goes_on(BadImage(), replace(ON_ROUTE, charged=True, on_refusal="next"), twice)


@pytest.mark.parametrize("error", [UnknownOutcome(), EngineCrashed(), ContractBroken()])
@pytest.mark.parametrize("choice", ["fail", "retry"])
def test_a_call_whose_charge_is_unknown_stays_with_its_engine(error, choice):
    last = replace(ROUTED, attempt=5, crash_count=2)
    assert not goes_on(error, replace(ON_ROUTE, unknown_calls=1, on_ambiguous=choice), last)


@pytest.mark.parametrize("error", [OutOfMoney(), RateLimited(), Transient()])
def test_a_call_that_can_be_resumed_stays_with_its_engine(error):
    situation = replace(ON_ROUTE, open_call=True, blocked=60.0)
    assert not goes_on(error, situation, replace(ROUTED, attempt=5))


def test_a_fault_of_ours_is_not_the_engines():
    assert not goes_on(LimnerError(), job=replace(ROUTED, attempt=5))


def test_the_next_engine_has_tries_of_its_own_and_people_are_told():
    verdict = judge(OutOfMoney(), ROUTED, ON_ROUTE)
    assert verdict.onward == Onward(
        place=1, note=Note(code="fallback", detail="b/large took over: a is out of credit."), tries=5
    )
    assert (verdict.delay, verdict.uncounted) == (None, False)


def test_after_the_deadline_no_engine_is_asked():
    assert judge(OutOfMoney(), ROUTED, replace(ON_ROUTE, now=JOB.deadline_at)).error.code == "deadline_exceeded"
