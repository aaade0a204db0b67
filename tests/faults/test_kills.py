import random

import pytest

from tests.faults import campaign

pytestmark = pytest.mark.faults


def test_nothing_is_lost_stuck_doubled_or_overpaid_through_fifteen_kills(tmp_path, database):
    struck = campaign.run(tmp_path, kills=15, seed=random.SystemRandom().randrange(2**32), database=database)
    check(struck)


def test_nothing_is_lost_stuck_doubled_or_overpaid_while_servers_and_celerys_workers_are_killed(
    tmp_path, postgres_url, redis_server
):
    dispatcher = f"celery+{redis_server.url}"
    seed = random.SystemRandom().randrange(2**32)
    check(campaign.run(tmp_path, kills=15, seed=seed, database=postgres_url, dispatcher=dispatcher))


def check(struck):
    assert struck.let_go, "no dead process held anything: the test proved nothing"
    assert max(struck.let_go) < campaign.LONGEST_WAIT, (
        "the sweep did not see that a process was dead: its leases ran out"
    )
    assert struck.struck_points, "no named point was struck"
    assert struck.peak == campaign.SHARE, "the owner's share was never used up: its limit proved nothing"
