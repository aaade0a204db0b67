import pytest

from limner.actions.heartbeat import Heartbeat
from limner.contracts.repository import Renewal
from limner.domain.errors import DatabaseUnavailable
from limner.domain.job import JobId, Lease
from limner.domain.policy import Policy

LEASE = Lease(job_id=JobId("j"), epoch=1)
POLICY = Policy(lease=30.0, start_margin=5.0)


class Clock:
    time = 100.0

    def monotonic(self):
        return self.time


class Rows:
    """Answers renewals as told."""

    answer = Renewal(lost=frozenset(), cancelled=frozenset())

    def renew(self, leases, *, seconds):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def rows():
    return Rows()


@pytest.fixture
def heartbeat(rows, clock):
    heartbeat = Heartbeat(repository=rows, policy=POLICY, clock=clock, heard=lambda renewal: None)
    heartbeat.hold(LEASE, since=clock.time)
    return heartbeat


@pytest.mark.parametrize(("passed", "sure"), [(24.9, True), (25.0, False)])
def test_a_lease_is_sure_until_its_margin(heartbeat, clock, passed, sure):
    clock.time += passed
    assert heartbeat.is_sure(LEASE) is sure


def test_a_renewal_makes_it_sure_again(heartbeat, clock):
    clock.time += 29
    heartbeat._beat()
    assert heartbeat.is_sure(LEASE)


@pytest.mark.parametrize("trouble", [DatabaseUnavailable(), RuntimeError("unforeseen")])
def test_a_renewal_that_failed_does_not(heartbeat, clock, rows, trouble):
    clock.time += 29
    rows.answer = trouble
    assert heartbeat._beat() is False
    assert not heartbeat.is_sure(LEASE)


def test_a_renewal_counts_from_before_it_was_asked_for(heartbeat, clock, rows):
    def renew_slowly(leases, *, seconds):
        clock.time += 26
        return Renewal(lost=frozenset(), cancelled=frozenset())

    rows.renew = renew_slowly
    heartbeat._beat()
    assert not heartbeat.is_sure(LEASE)


def test_a_lost_lease_is_not_ours(heartbeat, rows):
    rows.answer = Renewal(lost=frozenset({LEASE}), cancelled=frozenset())
    heartbeat._beat()
    assert not heartbeat.is_sure(LEASE)


def test_a_released_lease_stays_released(heartbeat, rows):
    def renew_while_released(leases, *, seconds):
        heartbeat.release(LEASE)
        return Renewal(lost=frozenset(), cancelled=frozenset())

    rows.renew = renew_while_released
    heartbeat._beat()
    assert not heartbeat.is_sure(LEASE)
