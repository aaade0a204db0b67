import pytest

from limner.domain.lost_lease import end_after_loss
from limner.domain.policy import Policy


@pytest.mark.parametrize(
    ("losses", "charge_matters", "late", "code"),
    [
        (19, False, False, None),
        (20, False, False, "engine_crashed"),
        (1, False, True, "deadline_exceeded"),
        (20, False, True, "deadline_exceeded"),
        (20, True, True, "ambiguous_charge"),
    ],
)
def test_a_loss_ends_a_job_for_the_gravest_reason(losses, charge_matters, late, code):
    over = end_after_loss(losses, Policy(), charge_matters=charge_matters, late=late)
    assert (over and over.code) == code


def test_a_job_that_gives_up_says_how_often_its_worker_was_lost():
    over = end_after_loss(20, Policy(), charge_matters=False, late=False)
    assert over.detail == "Its worker was lost 20 times while it was painted."
