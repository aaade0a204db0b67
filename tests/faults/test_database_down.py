import random

import pytest

from tests.faults import database_outages

pytestmark = pytest.mark.faults


@pytest.mark.parametrize("ground", ["postgres", "redis"], indirect=True)
def test_nothing_is_lost_tried_again_or_overpaid_while_the_database_dies_and_comes_back(tmp_path, ground):
    struck = database_outages.run(tmp_path, ground, outages=3, seed=random.SystemRandom().randrange(2**32))
    assert struck.killed == 3
    assert struck.jobs >= database_outages.LEAST_JOBS
