import random

import pytest
from tests.faults import campaign

pytestmark = pytest.mark.faults


def test_nothing_is_lost_stuck_doubled_or_overpaid_through_fifteen_kills(tmp_path):
    struck = campaign.run(tmp_path, kills=15, seed=random.SystemRandom().randrange(2**32))
    assert sum(struck.kills.values()) == 15
    assert all(seconds <= 3 for seconds in struck.reclaimed), struck.reclaimed
