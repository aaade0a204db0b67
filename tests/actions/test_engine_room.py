import asyncio
import contextlib

from limner.actions.engine_room import EngineRoom
from limner.domain.errors import Transient
from tests.actions.workshop import Scripted, paints


class Closing(Scripted):
    """`close` does as it is told."""

    def __init__(self, close):
        super().__init__(paints)
        self.close = close


async def opened(**engines):
    room = EngineRoom(engines)
    for name in engines:
        await room.engine(name)
    return room


async def test_engines_close_at_the_same_time():
    both = asyncio.Barrier(2)
    room = await opened(fox=Closing(both.wait), hen=Closing(both.wait))
    await asyncio.wait_for(room.close(20), 10)


async def test_a_try_that_others_have_begun_is_not_forgotten_for_one_that_failed():
    tries = []

    class Stubborn(Scripted):
        async def open(self):
            tries.append(1)
            await asyncio.sleep(0)
            if len(tries) == 1:
                raise Transient("not yet")

    room = EngineRoom({"fox": Stubborn(paints)})

    async def paint():
        with contextlib.suppress(Transient):
            await room.engine("fox")
        await room.engine("fox")

    await asyncio.gather(*(paint() for _ in range(3)))
    assert len(tries) == 2


async def test_an_engine_that_does_not_close_is_left_behind(caplog):
    room = await opened(fox=Closing(asyncio.Event().wait))
    await asyncio.wait_for(room.close(0.05), 10)
    assert "does not close" in caplog.text


async def test_an_engine_that_fails_to_close_is_told_and_the_others_close(caplog):
    closed = []

    async def trips():
        raise ValueError

    async def closes():
        closed.append("hen")

    room = await opened(fox=Closing(trips), hen=Closing(closes))
    await room.close(20)
    assert closed == ["hen"]
    assert "builtins.ValueError" in caplog.text


async def test_what_was_never_opened_is_not_closed():
    closed = []
    await EngineRoom({"fox": Closing(lambda: closed.append("fox"))}).close(20)
    assert closed == []
