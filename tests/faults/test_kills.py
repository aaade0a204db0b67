import random

import pytest

from tests.faults import campaign

pytestmark = pytest.mark.faults


@pytest.mark.parametrize(
    ("ground", "kills"), [("sqlite", 15), ("postgres", 4), ("redis", 15), ("rabbitmq", 4)], indirect=["ground"]
)
def test_nothing_is_lost_stuck_doubled_or_overpaid_through_kills(tmp_path, ground, kills):
    struck = campaign.run(tmp_path, ground, kills=kills, seed=random.SystemRandom().randrange(2**32))
    assert struck.killed >= kills
    assert struck.let_go, "no dead process held anything: the test proved nothing"
    assert max(struck.let_go) < campaign.LONGEST_WAIT, (
        "the sweep did not see that a process was dead: its leases ran out"
    )
    assert struck.struck_points, "no named point was struck"
    assert struck.peak == campaign.SHARE, "the owner's share was never used up: its limit proved nothing"
    assert not ground.is_fleet or {"prefork child", "prefork parent"} <= set(struck.kills)
