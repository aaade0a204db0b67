import asyncio
import threading
from contextlib import aclosing

import numpy as np
import pytest

from limner.domain.errors import EngineFailed
from limner.engines.mini.batch import Batch
from limner.engines.mini.grid import Grid
from limner.engines.mini.sketch import Sketch
from limner.engines.mini.words import Reading

NOTHING = Reading(pieces=np.zeros((1, 1), np.float32), known=np.zeros(1, np.float32))


class SlowModel:
    """Answers what it was shown, each time that it is let go on; remembers how many it was asked for."""

    def __init__(self):
        self.asked = []
        self.fails = False
        self._turns = threading.Semaphore(0)
        self._begun = threading.Semaphore(0)

    def __call__(self, questions):
        self.asked.append(len(questions))
        self._begun.release()
        assert self._turns.acquire(timeout=30)
        if self.fails:
            self.fails = False
            raise RuntimeError("odd")
        return [question.patches for question in questions]

    async def begun(self):
        """Returns amid the next step."""
        assert await asyncio.to_thread(self._begun.acquire, timeout=30)

    def go_on(self, steps=1):
        self._turns.release(steps)


def sketch(steps, columns=2):
    grid = Grid(columns=columns, rows=2, patch=1)
    return Sketch(grid=grid, reading=NOTHING, unwanted=NOTHING, guidance=1, seed=1, steps=steps)


def painting(batch, one):
    async def paint():
        async with aclosing(batch.paint(one)) as stages:
            return [stage async for stage in stages]

    return asyncio.create_task(paint())


@pytest.fixture
def model():
    return SlowModel()


@pytest.fixture
async def batch(model):
    made = Batch(model, most=4)
    yield made
    model.go_on(1000)
    await made.close()


async def test_pictures_join_and_leave_between_steps(batch, model):
    first = painting(batch, sketch(6))
    await model.begun()
    model.go_on()
    await model.begun()
    second = painting(batch, sketch(3))
    await asyncio.sleep(0)
    model.go_on()
    await model.begun()
    third = painting(batch, sketch(2))
    await asyncio.sleep(0)
    model.go_on(1000)
    assert [len(one) for one in await asyncio.gather(first, second, third)] == [6, 3, 2]
    assert model.asked == [1, 1, 2, 3, 3, 1]


async def test_a_picture_that_nobody_waits_for_is_asked_for_no_more(batch, model):
    kept, dropped = painting(batch, sketch(4)), painting(batch, sketch(50))
    await model.begun()
    dropped.cancel()
    await asyncio.wait({dropped}, timeout=30)
    model.go_on(1000)
    await kept
    assert model.asked == [2, 1, 1, 1]


async def test_of_more_than_fit_all_advance_in_turn(batch, model):
    model.go_on(1000)
    found = await asyncio.gather(*(painting(batch, sketch(2)) for _ in range(6)))
    assert [len(one) for one in found] == [2] * 6
    assert max(model.asked) == 4
    assert len(model.asked) == 3


async def test_pictures_of_other_proportions_do_not_share_a_step(batch, model):
    model.go_on(1000)
    await asyncio.gather(painting(batch, sketch(2)), painting(batch, sketch(2, columns=3)))
    assert model.asked == [1, 1, 1, 1]


async def test_a_step_that_fails_fails_its_pictures_only(batch, model):
    model.fails = True
    failing = painting(batch, sketch(2))
    model.go_on(1000)
    with pytest.raises(EngineFailed, match="A step") as failed:
        await failing
    assert isinstance(failed.value.__cause__, RuntimeError)
    assert len(await painting(batch, sketch(2))) == 2


async def test_closing_fails_what_is_being_painted(model):
    batch = Batch(model, most=4)
    cut_short = painting(batch, sketch(50))
    await model.begun()
    model.go_on(1)
    await batch.close()
    model.go_on(1000)
    with pytest.raises(EngineFailed, match="was closed"):
        await cut_short
    with pytest.raises(EngineFailed, match="was closed"):  # the next picture of a paint that was just enlarging one
        await painting(batch, sketch(2))
