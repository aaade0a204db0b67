"""The suites are worth as much as the faults they find: each engine here breaks one sentence of the contract."""

import asyncio
import dataclasses
import os
import socket

import pytest

from limner.contracts.engine import Painted, Progress, Submitted, Submitting
from limner.domain.errors import BadImage, NotFound
from limner.domain.input import InputLimits
from limner.storages.memory import MemoryStorage
from limner.testing import EngineSuite, InstantEngine, LedgerEngine, StorageSuite
from limner.testing.instant import checkerboard

SUITE = EngineSuite()
FAILURES = (AssertionError, BadImage, TimeoutError, KeyError)


class Broken(InstantEngine):
    """Paints as `strokes` says."""

    def __init__(self, strokes, **capabilities):
        super().__init__()
        self.capabilities = dataclasses.replace(self.capabilities, **capabilities)
        self._strokes = strokes

    async def paint(self, task):
        for stroke in self._strokes(task):
            yield stroke


def picture(task, ordinal, **changes):
    request = task.request
    size = {"width": request.width, "height": request.height, "seed": request.seed_of(ordinal)}
    return Painted(ordinal=ordinal, image=checkerboard(**(size | changes)))


def all_pictures(task, **changes):
    return [picture(task, ordinal, **changes) for ordinal in task.ordinals]


@pytest.mark.parametrize(
    ("test", "strokes"),
    [
        ("it_paints_each_missing_picture_once", lambda task: all_pictures(task)[:1]),
        ("it_paints_each_missing_picture_once", lambda task: all_pictures(task) * 2),
        ("it_paints_each_missing_picture_once", lambda task: [picture(task, n) for n in range(task.request.count)]),
        ("the_same_seed_gives_the_same_picture", lambda task: all_pictures(task, seed=int.from_bytes(os.urandom(4)))),
        ("another_seed_gives_another_picture", lambda task: all_pictures(task, seed=1)),
        ("each_ordinal_has_its_own_seed", lambda task: all_pictures(task, seed=task.request.seed)),
        ("its_progress_stays_within_its_steps", lambda task: [Progress(step=4, steps=3), *all_pictures(task)]),
        ("it_makes_no_previews_that_nobody_wants", lambda task: [Progress(step=1, preview=b"x"), *all_pictures(task)]),
        ("its_handles_are_small_json", lambda _: [Submitted(ordinals=(0,), handle="x" * 9000)]),
        ("its_handles_are_small_json", lambda _: [Submitted(ordinals=(0,), handle=(1, 2))]),
        (
            "every_call_has_a_key_of_its_own_and_consecutive_ordinals",
            lambda _: [Submitting(ordinals=(0,), request_key="job-1-1-0")] * 2,
        ),
        (
            "every_call_has_a_key_of_its_own_and_consecutive_ordinals",
            lambda _: [Submitting(ordinals=(0, 2), request_key="job-1-1-0")],
        ),
        (
            "every_call_has_a_key_of_its_own_and_consecutive_ordinals",
            lambda _: [Submitting(ordinals=(0,), request_key="mine")],
        ),
    ],
)
def test_the_engine_suite_finds_wrong_strokes(test, strokes):
    with pytest.raises(FAILURES):
        getattr(SUITE, f"test_{test}")(Broken(strokes))


def test_the_engine_suite_finds_inputs_that_are_not_looked_at():
    with pytest.raises(AssertionError):
        SUITE.test_another_image_gives_another_picture(Broken(all_pictures))


@pytest.mark.parametrize(
    "wrong",
    [
        {"inputs": {"Image": InputLimits()}},
        {"inputs": {"image": InputLimits(min_count=2)}},
        {"inputs": {"image": InputLimits(formats=("gif",))}},
        {"inputs": {"mask": InputLimits()}},
        {"inputs": {"image": InputLimits(), "mask": InputLimits(formats=("jpeg",))}, "transparent_masks": True},
    ],
)
def test_the_engine_suite_finds_senseless_inputs(wrong):
    with pytest.raises(AssertionError):
        SUITE.test_what_it_takes_of_inputs_makes_sense(Broken(all_pictures, **wrong))


def test_the_engine_suite_gives_what_an_engine_cannot_do_without():
    needy = Broken(all_pictures, inputs={"image": InputLimits(min_count=2, max_count=2, formats=("webp",))})
    assert [(one.name, one.format) for one in SUITE.task(needy).inputs] == [("image", "webp"), ("image-2", "webp")]


@pytest.mark.parametrize("shape", ["smallest", "wide", "tall"])
@pytest.mark.parametrize("wrong", [{"width": 63}, {"height": 63}])
def test_the_engine_suite_finds_wrong_sizes(shape, wrong):
    with pytest.raises(AssertionError):
        SUITE.test_its_pictures_are_whole_and_have_the_size_asked_for(
            Broken(lambda task: all_pictures(task, **wrong)), shape
        )


@pytest.mark.parametrize("image", [b"", b"<svg/>", checkerboard(64, 64, 1)[:-20], b"GIF89a"])
def test_the_engine_suite_finds_what_is_no_picture(image):
    with pytest.raises(BadImage):
        SUITE.test_its_pictures_are_whole_and_have_the_size_asked_for(
            Broken(lambda _: [Painted(ordinal=0, image=image)]), "square"
        )


@pytest.mark.parametrize("preview", [b"<svg/>", None])
def test_the_engine_suite_finds_wrong_previews(preview):
    strokes = [Progress(step=1, preview=preview)]
    with pytest.raises((AssertionError, BadImage)):
        SUITE.test_its_previews_are_pictures(Broken(lambda _: strokes, previews=True))


def test_the_engine_suite_finds_silent_refusals():
    with pytest.raises(AssertionError):
        SUITE.test_it_paints_all_or_says_why_not(Broken(lambda _: []), "x")


@pytest.mark.parametrize(
    "strokes",
    [
        all_pictures,
        lambda _: [Submitted(ordinals=(0,), handle=1), Submitting(ordinals=(0,), request_key="k")],
        lambda task: [Submitting(ordinals=(0,), request_key="k"), *all_pictures(task)],
    ],
    ids=["none", "late", "not all"],
)
def test_the_engine_suite_finds_charges_that_nobody_announced(strokes):
    with pytest.raises(AssertionError):
        SUITE.test_every_charge_is_announced(Broken(strokes, charges=True))


def test_the_engine_suite_finds_a_price_that_was_not_estimated():
    with pytest.raises(AssertionError):
        SUITE.test_its_calls_cost_together_what_it_estimated(
            Broken(lambda task: [Submitting(ordinals=(0,), request_key="k", cost=0.04), *all_pictures(task)])
        )


class Deaf(InstantEngine):
    async def paint(self, task):
        try:
            yield Progress(step=1)
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.5)


@pytest.mark.parametrize(
    "test", ["closing_a_paint_ends_it_in_time", "a_cancel_ends_a_paint_in_time_and_the_next_one_is_whole"]
)
def test_the_engine_suite_finds_deafness(test, monkeypatch):
    monkeypatch.setattr("limner.testing.engine_suite.CANCEL_SECONDS", 0.1)
    with pytest.raises(FAILURES):
        getattr(SUITE, f"test_{test}")(Deaf())


def test_the_engine_suite_finds_who_pays_twice(tmp_path):
    class Forgetful(LedgerEngine):
        def paint(self, task):
            return super().paint(dataclasses.replace(task, resume=()))

    with pytest.raises(AssertionError):
        SUITE.test_it_resumes_by_its_handle_without_paying_again(
            Forgetful(ledger=str(tmp_path / "ledger"), mode="asynchronous")
        )


@pytest.mark.parametrize(
    "wrong",
    [
        {"min_width": 100, "max_width": 90},
        {"default_height": 4000},
        {"size_multiple": 7},
    ],
)
def test_the_engine_suite_finds_impossible_sizes(wrong):
    with pytest.raises(AssertionError):
        SUITE.test_its_sizes_can_be_asked_for(Broken(all_pictures, **wrong))


@pytest.mark.parametrize(
    "wrong",
    [{"formats": ("gif",)}, {"formats": ()}, {"concurrency": 0}, {"silence_timeout": 400.0}, {"max_count": 0}],
)
def test_the_engine_suite_finds_impossible_limits(wrong):
    with pytest.raises(AssertionError):
        SUITE.test_its_limits_make_sense(Broken(all_pictures, **wrong))


def test_the_engine_suite_finds_constructors_that_connect():
    class Eager:
        def getfixturevalue(self, _):
            with socket.socket() as one:
                one.connect_ex(("127.0.0.1", 9))

    with pytest.raises(AssertionError):
        SUITE.test_making_it_reaches_nothing_outside_the_process(Eager())


class Forgetting(MemoryStorage):
    async def read(self, key):
        return b""


class Hoarding(MemoryStorage):
    async def delete(self, key):
        pass


class Sprawling(MemoryStorage):
    async def list(self, prefix=""):
        async for stored in super().list():
            if stored.key.startswith(prefix):
                yield stored


class Strict(MemoryStorage):
    async def delete(self, key):
        await self.read(key)


class Open(MemoryStorage):
    async def read(self, key):
        return b"everything"


@pytest.mark.parametrize(
    ("storage", "test", "arguments"),
    [
        (Forgetting, "what_was_written_can_be_read", [b"picture"]),
        (Forgetting, "what_was_written_outlives_the_storage", []),
        (Open, "an_absent_key_is_not_found", []),
        (Open, "what_is_no_key_is_refused", ["read", "../a"]),
        (Hoarding, "what_was_deleted_is_gone", []),
        (Strict, "deleting_an_absent_key_is_no_error", []),
        (Sprawling, "a_prefix_is_whole_segments", ["a", ["a/0/1", "a/1/1"]]),
    ],
)
def test_the_storage_suite_finds_faults(storage, test, arguments):
    with pytest.raises((AssertionError, NotFound, pytest.fail.Exception)):
        getattr(StorageSuite(), f"test_{test}")(storage(), *arguments)
