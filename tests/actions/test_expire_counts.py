from limner.actions.expire import expire
from limner.contracts.repository import SweepReport
from limner.domain.policy import Policy
from limner.storages.memory import MemoryStorage
from tests.actions.gallery import Megaphone


class Rows:
    """Two batches."""

    def __init__(self):
        self.batches = [
            (SweepReport(counts={"images": 2, "no_turn": 1}), ("a",)),
            (SweepReport(counts={"images": 1}), ()),
        ]

    async def expire(self, *, policy):
        return self.batches.pop(0)


async def test_what_went_is_counted_over_all_batches():
    counts = await expire(repository=Rows(), storage=MemoryStorage(), notifier=Megaphone(), policy=Policy())
    assert counts == {"images": 3, "no_turn": 1}
