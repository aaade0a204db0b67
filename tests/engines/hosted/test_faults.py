import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from limner.domain.errors import (
    BadParameter,
    EngineFailed,
    OutOfMoney,
    RateLimited,
    Transient,
    Unauthorised,
    UnknownOutcome,
)
from limner.engines.hosted.answer import Answer
from limner.engines.hosted.faults import LONGEST_WORDS, fault_of, plain, quoting, wait_of


def answer(status, body="", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, httpx.Headers(named), body.encode() if isinstance(body, str) else json.dumps(body).encode())


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (302, EngineFailed), (400, BadParameter), (401, Unauthorised), (402, OutOfMoney), (403, Unauthorised),
        (404, BadParameter), (408, Transient), (409, Transient), (413, BadParameter), (422, BadParameter),
        (429, RateLimited), (500, Transient), (502, UnknownOutcome), (503, Transient), (504, UnknownOutcome),
        (520, UnknownOutcome),
    ],
)  # fmt: skip
def test_what_a_status_means_for_a_call_that_may_have_cost_money(status, expected):
    assert type(fault_of(answer(status), "", charges=True)) is expected


@pytest.mark.parametrize("status", [502, 504, 520])
def test_a_question_that_costs_nothing_leaves_nothing_in_doubt(status):
    assert type(fault_of(answer(status), "", charges=False)) is Transient


def test_a_service_that_is_not_ready_and_says_how_long_is_waited_for():
    fault = fault_of(answer(503, retry_after="7"), "", charges=True)
    assert (type(fault), fault.retry_after) == (RateLimited, 7)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        (answer(429, retry_after="12"), 12),
        (answer(429, retry_after="0"), 0),
        (answer(429, retry_after_ms="250"), 0.25),
        (answer(429, {"retry_after": 3}), 3),
        (answer(429, {"detail": "Request was throttled. Your rate limit resets in ~30s."}), 30),
        (answer(429), None),
        (answer(429, retry_after="soon"), None),
        (answer(429, retry_after="-5"), None),
        (answer(429, retry_after="nan"), None),
        (answer(429, [1]), None),
    ],
)
def test_how_long_the_service_asks_us_to_wait(given, seconds):
    assert wait_of(given) == seconds


def test_a_date_to_wait_for_is_told_in_seconds():
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    assert 80 < wait_of(answer(429, retry_after=soon)) <= 90
    assert wait_of(answer(429, retry_after="Wed, 21 Oct 2015 07:28:00 GMT")) == 0


def test_the_services_words_follow_ours():
    assert (
        fault_of(answer(400), "size is odd.", charges=True).detail
        == "The service does not accept the request: size is odd."
    )
    assert quoting("It failed", "") == "It failed."


def test_words_are_one_short_line_without_our_key():
    assert plain("bad\nkey \x1b[31msk-1 \u202e!", "sk-1") == "bad key [31m… !"
    assert len(plain("x" * 9999)) == LONGEST_WORDS + 1
    assert plain({"not": "text"}) == ""
