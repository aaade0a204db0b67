import pytest

from tests.faults import zombies

pytestmark = pytest.mark.faults


def test_ten_workers_frozen_past_their_lease_change_nothing_when_they_thaw(tmp_path, database):
    fenced = zombies.run(tmp_path, zombies=10, database=database)
    assert fenced > 0, "no thawed worker ever met the fence: the test proved nothing"
