import random

import pytest

from tests.faults import database_outages

pytestmark = pytest.mark.faults


def test_nothing_is_lost_or_overpaid_while_the_database_dies_and_comes_back(tmp_path, mortal_postgres):
    struck = database_outages.run(
        tmp_path / "limner", mortal_postgres, outages=3, seed=random.SystemRandom().randrange(2**32)
    )
    assert struck.jobs >= database_outages.LEAST_JOBS
