import random

import pytest

from tests.faults import outages
from tests.storages.buckets import CREDENTIALS

pytestmark = pytest.mark.faults


def test_nothing_is_lost_or_overpaid_while_the_object_store_comes_and_goes(tmp_path, monkeypatch):
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    struck = outages.run(tmp_path, outages=3, seed=random.SystemRandom().randrange(2**32))
    assert struck.submitted_meanwhile > 0, "nobody submitted while it was away: the test proved little"
    assert struck.jobs >= outages.LEAST_JOBS
