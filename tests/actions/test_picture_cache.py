import asyncio

import pytest

from limner.actions.picture_cache import PictureCache


class Maker:
    """Makes bytes when told to, and counts how often."""

    def __init__(self, data=b"x", *, ready=True):
        self.data, self.count, self.ready = data, 0, asyncio.Event()
        if ready:
            self.ready.set()

    async def __call__(self):
        self.count += 1
        await self.ready.wait()
        return self.data


async def test_what_many_ask_for_at_once_is_made_once():
    cache, maker = PictureCache(), Maker(ready=False)
    asked = [asyncio.create_task(cache.get("key", maker)) for _ in range(50)]
    await asyncio.sleep(0)
    maker.ready.set()
    assert await asyncio.gather(*asked) == [b"x"] * 50
    assert maker.count == 1


async def test_whoever_leaves_does_not_take_it_away_from_the_others():
    cache, maker = PictureCache(), Maker(ready=False)
    first, second = (asyncio.create_task(cache.get("key", maker)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    maker.ready.set()
    assert await second == b"x"
    assert maker.count == 1


async def test_a_failure_is_told_to_all_who_asked_and_then_forgotten():
    async def fail():
        await asyncio.sleep(0)
        raise OSError("gone")

    cache = PictureCache()
    told = await asyncio.gather(*(cache.get("key", fail) for _ in range(3)), return_exceptions=True)
    assert [type(error) for error in told] == [OSError] * 3
    assert await cache.get("key", Maker(b"back")) == b"back"


async def test_the_least_recently_used_goes_when_room_is_short():
    cache, again = PictureCache(limit=80), Maker(b"0" * 10)
    for n in range(8):
        await cache.get(n, Maker(b"%d" % n * 10))
    await cache.get(0, again)
    await cache.get("new", Maker(b"n" * 10))
    await cache.get(0, again)
    assert again.count == 0
    await cache.get(1, again)
    assert again.count == 1


async def test_what_is_too_large_is_handed_on_and_not_kept():
    cache, maker = PictureCache(limit=80), Maker(b"x" * 11)
    assert [await cache.get("key", maker) for _ in range(2)] == [b"x" * 11] * 2
    assert maker.count == 2


async def test_the_room_taken_never_exceeds_the_limit():
    cache = PictureCache(limit=100)
    for n in range(50):
        await cache.get(n, Maker(bytes(n % 12)))
        assert sum(map(len, cache._kept.values())) <= 100


@pytest.mark.parametrize("cores", [1, 2, 4])
async def test_one_core_is_left_to_the_event_loop(monkeypatch, cores):
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    cache, most, busy = PictureCache(), 0, 0

    async def compute():
        nonlocal most, busy
        async with cache.turn_to_compute():
            busy += 1
            most = max(most, busy)
            await asyncio.sleep(0)
            busy -= 1

    await asyncio.gather(*(compute() for _ in range(10)))
    assert most == max(1, cores - 1)
