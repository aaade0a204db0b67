"""How often a process looks for work because others changed something."""

import asyncio
import itertools
import time
from contextlib import asynccontextmanager

import pytest

from limner.domain.event import JobChanged
from limner.notifiers.following import TELL_EVERY, FollowingNotifier


class Watch:
    """Says that something may have changed when the test does."""

    def start(self, loop, moved):
        self.moved = moved
        moved()

    async def stop(self): ...

    def tell(self): ...


class Elsewhere:
    """Another process that changes jobs, and when this one was told."""

    def __init__(self):
        self.watch, self.changed, self.read, self.told = Watch(), 0, 0, []

    def change(self):
        self.changed += 1
        self.watch.moved()

    async def changes_after(self, position, *, owner=None, limit=1000):
        news = [JobChanged(job_id=f"j{number}", owner="ann", seq=1) for number in range(self.read, self.changed)]
        self.read = self.changed
        return tuple(news), str(self.read)

    async def nothing(self, given):
        return ()

    def hear(self):
        self.told.append((time.monotonic(), self.changed))

    @asynccontextmanager
    async def followed(self):
        notifier = FollowingNotifier(
            self.watch,
            changes_after=self.changes_after,
            progress_of=self.nothing,
            preview_of=self.nothing,
            on_change=self.hear,
        )
        await notifier.open()
        try:
            yield
        finally:
            await notifier.close()


@pytest.fixture
async def elsewhere():
    elsewhere = Elsewhere()
    async with elsewhere.followed():
        await heard()
        yield elsewhere


async def heard():
    """What is told at once has been: no thread and no clock are between, only some turns of the loop."""
    for _ in range(50):
        await asyncio.sleep(0)


async def test_the_first_change_after_a_quiet_while_is_told_at_once(elsewhere):
    for _ in range(2):
        elsewhere.change()
        await heard()
        assert elsewhere.told.pop()[1] == elsewhere.changed
        await asyncio.sleep(1.5 * TELL_EVERY)


async def test_a_stream_of_changes_is_told_now_and_then_and_its_last_one_surely(elsewhere):
    async with asyncio.timeout(30):
        while len(elsewhere.told) < 4:
            elsewhere.change()
            await asyncio.sleep(0.01)
    await asyncio.sleep(1.5 * TELL_EVERY)
    times = [when for when, _ in elsewhere.told]
    assert elsewhere.told[-1][1] == elsewhere.changed
    pauses = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert min(pauses) > 0.5 * TELL_EVERY  # a pause begins before its call does, which may be held up


async def test_nothing_is_told_after_the_end(elsewhere):
    async with elsewhere.followed():
        await heard()
        for _ in range(2):
            elsewhere.change()
            await heard()
    told = len(elsewhere.told)
    await asyncio.sleep(1.5 * TELL_EVERY)
    assert len(elsewhere.told) == told
