import random

import pytest

from tests.faults import outages
from tests.faults.grounds import a_ground

pytestmark = pytest.mark.faults


@pytest.mark.parametrize("kind", ["sqlite", "redis"])
def test_nothing_is_lost_or_overpaid_while_the_object_store_comes_and_goes(tmp_path, kind):
    with a_ground(kind, bucket=True) as ground:
        struck = outages.run(tmp_path, ground, outages=3, seed=random.SystemRandom().randrange(2**32))
    assert (struck.killed, struck.frozen) == (2, 1)
    assert struck.submitted_meanwhile > 0, "nobody submitted while it was away: the test proved little"
    assert struck.jobs >= outages.LEAST_JOBS
