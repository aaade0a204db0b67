import pytest

from tests.faults import zombies

pytestmark = pytest.mark.faults

ZOMBIES = 10


@pytest.mark.parametrize("ground", ["sqlite", "redis"], indirect=True)
def test_ten_workers_frozen_past_their_lease_change_nothing_when_they_thaw(tmp_path, ground):
    assert zombies.run(tmp_path, ground, zombies=ZOMBIES) >= ZOMBIES, "not every thawed worker met the fence"
