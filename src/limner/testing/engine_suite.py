"""What every engine has to keep: the sentences of `limner.contracts.engine`, as tests.

class TestSketch(EngineSuite):
    @pytest.fixture
    def engine(self):
        return Sketch()
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from collections.abc import Callable, Coroutine, Mapping
from contextlib import aclosing
from typing import Any, ClassVar, TypeVar

import pytest

from limner.codecs.pillow import PillowCodec
from limner.contracts.codec import Picture
from limner.contracts.engine import (
    PLUGIN_API,
    Engine,
    OpenCall,
    Painted,
    PaintTask,
    Progress,
    Stroke,
    Submitted,
    Submitting,
)
from limner.domain.capabilities import Capabilities
from limner.domain.errors import EngineError
from limner.domain.image import MEDIA_TYPES
from limner.domain.input import IMAGE, MASK
from limner.testing.instant import checkerboard
from limner.testing.tasks import paint_task

CANCEL_SECONDS = 5.0
HANDLE_BYTES = 8 * 1024
OUTSIDE = frozenset({"socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.fork", "os.posix_spawn"})
"""What the interpreter reports when code reaches beyond its process."""

SHAPES: Mapping[str, Callable[[tuple[int, int]], float]] = {
    "smallest": lambda size: size[0] * size[1],
    "square": lambda size: abs(size[0] - size[1]),
    "wide": lambda size: size[1] / size[0],
    "tall": lambda size: size[0] / size[1],
}
"""What is least for the size that has the shape best."""

T = TypeVar("T")
StrokeT = TypeVar("StrokeT", Progress, Submitting, Submitted, Painted)


class EngineSuite:
    """Give it a fixture `engine`. `side` and `prompt` ask for small, quick pictures that the engine can paint."""

    side: ClassVar[int] = 64
    prompt: ClassVar[str] = "a red fox in snow"

    @pytest.fixture
    def engine(self) -> Engine:
        raise NotImplementedError("Give the suite a fixture `engine` that returns the engine.")

    def test_making_it_reaches_nothing_outside_the_process(self, request: pytest.FixtureRequest) -> None:
        reached: list[str] = []
        watching = True
        sys.addaudithook(lambda event, _: reached.append(event) if watching and event in OUTSIDE else None)
        request.getfixturevalue("engine")
        watching = False
        assert reached == []

    def test_it_is_an_engine_of_this_version(self, engine: Engine) -> None:
        assert isinstance(engine, Engine)
        assert str(engine.plugin_api).partition(".")[0] == str(PLUGIN_API)

    def test_its_sizes_can_be_asked_for(self, engine: Engine) -> None:
        for can in map(engine.capabilities.of, engine.capabilities.models or ("",)):
            width, height = can.size(None, None)
            assert 1 <= can.min_width <= width <= can.max_width
            assert 1 <= can.min_height <= height <= can.max_height
            assert width % can.size_multiple == 0
            assert height % can.size_multiple == 0
            assert not can.sizes or (width, height) in can.sizes

    def test_its_limits_make_sense(self, engine: Engine) -> None:
        can = engine.capabilities
        assert can.max_count >= 1
        assert can.max_prompt >= 1
        assert can.concurrency >= 1
        assert 0 < can.silence_timeout <= can.paint_timeout
        assert can.formats
        assert set(can.formats) <= set(MEDIA_TYPES)

    def test_its_options_are_a_json_schema_of_an_object(self, engine: Engine) -> None:
        schema = engine.capabilities.options
        assert schema["type"] == "object"
        assert json.loads(json.dumps(schema)) == schema

    def test_what_it_takes_of_inputs_makes_sense(self, engine: Engine) -> None:
        can = engine.capabilities
        for role, limits in can.inputs.items():
            assert role.isidentifier()
            assert role == role.lower()
            assert 0 <= limits.min_count <= limits.max_count
            assert 1 <= limits.min_side <= limits.max_side
            assert limits.formats
            assert set(limits.formats) <= set(MEDIA_TYPES)
        if MASK in can.inputs:
            assert IMAGE in can.inputs
        if can.transparent_masks:
            assert "jpeg" not in can.inputs[MASK].formats

    def test_it_paints_from_one_input_of_each_role(self, engine: Engine) -> None:
        self.need(engine.capabilities.inputs, "takes no inputs")
        painted = self.painted(engine, self.task(engine, inputs=self.inputs(engine, least=1)))
        assert [picture.ordinal for picture in painted] == [0]

    def test_another_image_gives_another_picture(self, engine: Engine) -> None:
        self.need(engine.capabilities.seeds and IMAGE in engine.capabilities.inputs, "takes no images or no seeds")
        tasks = [self.task(engine, inputs=self.inputs(engine, least=1, seed=seed)) for seed in (1, 2)]
        first, other = self.strokes_of(engine, *tasks)
        assert images(first) != images(other)

    def test_it_paints_each_missing_picture_once(self, engine: Engine) -> None:
        count = min(3, self.can(engine).max_count)
        missing = tuple(range(0, count, 2))
        painted = self.painted(engine, self.task(engine, count=count, ordinals=missing))
        assert sorted(picture.ordinal for picture in painted) == list(missing)

    @pytest.mark.parametrize("shape", ["smallest", "wide", "tall"])
    def test_its_pictures_are_whole_and_have_the_size_asked_for(self, engine: Engine, shape: str) -> None:
        task = self.task(engine, **self.size(engine, shape))
        (painted,) = self.painted(engine, task)
        picture = decoded(painted.image)
        assert (picture.width, picture.height) == (task.request.width, task.request.height)

    def test_the_same_seed_gives_the_same_picture(self, engine: Engine) -> None:
        self.need(self.can(engine).seeds, "takes no seeds")
        first, again = self.strokes_of(engine, self.task(engine), self.task(engine))
        assert images(first) == images(again)

    def test_another_seed_gives_another_picture(self, engine: Engine) -> None:
        self.need(self.can(engine).seeds, "takes no seeds")
        first, other = self.strokes_of(engine, self.task(engine, seed=7), self.task(engine, seed=8))
        assert images(first) != images(other)

    def test_each_ordinal_has_its_own_seed(self, engine: Engine) -> None:
        self.need(self.can(engine).seeds and self.can(engine).max_count > 1, "takes no seeds or paints one")
        second = self.task(engine, seed=7, count=2, ordinals=(1,))
        tried_again, alone = self.strokes_of(engine, second, self.task(engine, seed=8))
        assert images(tried_again) == images(alone)

    @pytest.mark.parametrize(
        "prompt", ["x", "𝔸 🦊 \u202eوصف\u202c 画 e\u0301", "a fox, "], ids=["short", "odd", "longest"]
    )
    def test_it_paints_all_or_says_why_not(self, engine: Engine, prompt: str) -> None:
        longest = self.can(engine).max_prompt
        prompt = (prompt * longest)[:longest] if prompt.endswith(", ") else prompt[:longest]
        try:
            painted = self.painted(engine, self.task(engine, prompt=prompt))
        except EngineError as error:
            assert error.detail  # noqa: PT017 - a refusal is as good as a picture
        else:
            assert [picture.ordinal for picture in painted] == [0]

    def test_its_progress_stays_within_its_steps(self, engine: Engine) -> None:
        task = self.task(engine, count=min(2, self.can(engine).max_count))
        for progress in self.strokes(engine, task, Progress):
            assert 0 <= progress.step <= (progress.step if progress.steps is None else progress.steps)
            assert progress.ordinal is None or progress.ordinal in task.ordinals

    def test_its_previews_are_pictures(self, engine: Engine) -> None:
        self.need(self.can(engine).previews, "has no previews")
        previews = [one.preview for one in self.strokes(engine, self.task(engine), Progress) if one.preview]
        assert previews
        for preview in previews:
            decoded(preview)

    def test_it_makes_no_previews_that_nobody_wants(self, engine: Engine) -> None:
        strokes = self.strokes(engine, self.task(engine, wants_previews=False), Progress)
        assert [stroke for stroke in strokes if stroke.preview] == []

    def test_it_paints_as_many_jobs_at_once_as_it_says(self, engine: Engine) -> None:
        tasks = [
            self.task(engine, seed=seed, job_id=f"job-{seed}")
            for seed in range(min(4, engine.capabilities.concurrency))
        ]

        async def together() -> list[list[Stroke]]:
            return list(await asyncio.gather(*(collect(engine, task) for task in tasks)))

        for strokes in self.run(engine, together):
            assert len(images(strokes)) == 1

    def test_closing_a_paint_ends_it_in_time(self, engine: Engine) -> None:
        async def close_at_first_stroke() -> None:
            strokes = engine.paint(self.task(engine))
            await anext(strokes)
            async with asyncio.timeout(CANCEL_SECONDS):
                await strokes.aclose()

        self.run(engine, close_at_first_stroke)

    def test_a_cancel_ends_a_paint_in_time_and_the_next_one_is_whole(self, engine: Engine) -> None:
        async def cancel_and_paint_again() -> list[Stroke]:
            painting = asyncio.create_task(collect(engine, self.task(engine, count=self.can(engine).max_count)))
            await asyncio.sleep(0.01)
            painting.cancel()
            _, late = await asyncio.wait({painting}, timeout=CANCEL_SECONDS)
            assert not late
            return await collect(engine, self.task(engine))

        assert len(images(self.run(engine, cancel_and_paint_again))) == 1

    def test_every_charge_is_announced(self, engine: Engine) -> None:
        self.need(engine.capabilities.charges, "charges nothing")
        announced: set[int] = set()
        for stroke in self.strokes_of(engine, self.task(engine, count=min(2, self.can(engine).max_count)))[0]:
            if isinstance(stroke, Submitting):
                announced.update(stroke.ordinals)
            elif isinstance(stroke, Submitted):
                assert set(stroke.ordinals) <= announced
            elif isinstance(stroke, Painted):
                assert stroke.ordinal in announced

    def test_every_call_has_a_key_of_its_own_and_consecutive_ordinals(self, engine: Engine) -> None:
        task = self.task(engine, count=min(3, self.can(engine).max_count))
        calls = self.strokes(engine, task, Submitting)
        assert len({call.request_key for call in calls}) == len(calls)
        for call in calls:
            assert call.request_key.startswith(task.request_key)
            assert call.ordinals == tuple(range(call.ordinals[0], call.ordinals[-1] + 1))

    def test_its_calls_cost_together_what_it_estimated(self, engine: Engine) -> None:
        task = self.task(engine, count=min(3, engine.capabilities.max_count))
        estimate = engine.estimate(task.request, task.model)
        self.need(estimate is not None, "does not say what it costs")
        costs = [call.cost or 0.0 for call in self.strokes(engine, task, Submitting)]
        assert sum(costs) == pytest.approx(estimate)

    def test_its_handles_are_small_json(self, engine: Engine) -> None:
        for call in self.strokes(engine, self.task(engine), Submitted):
            text = json.dumps(call.handle)
            assert len(text.encode()) <= HANDLE_BYTES
            assert json.loads(text) == call.handle

    def test_it_resumes_by_its_handle_without_paying_again(self, engine: Engine) -> None:
        count = min(2, self.can(engine).max_count)

        async def stop_and_resume() -> tuple[OpenCall, list[Stroke]] | None:
            call = await first_open_call(engine, self.task(engine, count=count))
            if call is None:
                return None
            task = self.task(engine, count=count, ordinals=call.ordinals, resume=(call,), attempt=2)
            return call, await collect(engine, task)

        outcome = self.run(engine, stop_and_resume)
        if outcome is None:
            pytest.skip("The engine has no handles.")
        call, strokes = outcome
        assert [stroke for stroke in strokes if isinstance(stroke, Submitting)] == []
        assert sorted(stroke.ordinal for stroke in strokes if isinstance(stroke, Painted)) == list(call.ordinals)

    def test_it_says_how_it_is(self, engine: Engine) -> None:
        async def ask() -> None:
            try:
                await engine.health()
            except EngineError as error:
                assert error.detail  # noqa: PT017 - not being well is an answer

        self.run(engine, ask)

    def task(self, engine: Engine, **changes: Any) -> PaintTask:
        """A task that the engine's capabilities allow."""
        model = next(iter(engine.capabilities.models), "")
        usual = {"prompt": self.prompt, "model": model, "inputs": self.inputs(engine)}
        return paint_task(**usual | self.size(engine, "square") | changes)

    def inputs(self, engine: Engine, *, least: int = 0, seed: int = 1) -> list[tuple[str, bytes]]:
        """Roles and pictures: what the engine needs, and `least` of each role."""
        can = engine.capabilities
        side = max((limits.min_side for limits in can.inputs.values()), default=1)
        picture = checkerboard(max(side, 16), max(side, 16), seed)
        codec = PillowCodec()
        given = []
        for role, limits in can.inputs.items():
            made = codec.convert(picture, format=limits.formats[0])
            if role == MASK:
                made = codec.mask(picture, format=limits.formats[0], transparent=can.transparent_masks)
            given += [(role, made)] * max(limits.min_count, least)
        return given

    def can(self, engine: Engine) -> Capabilities:
        """What the model can paint that the tasks ask for."""
        return engine.capabilities.of(next(iter(engine.capabilities.models), ""))

    def size(self, engine: Engine, shape: str) -> dict[str, int]:
        """The allowed size nearest to `side`: smallest, square, wide or tall."""
        can = self.can(engine)
        if can.sizes:
            width, height = min(can.sizes, key=SHAPES[shape])
            return {"width": width, "height": height}
        side = 1 if shape == "smallest" else self.side
        width, height = side * (1 + (shape == "wide")), side * (1 + (shape == "tall"))
        return {
            "width": fitting(width, can.min_width, can.max_width, can.size_multiple),
            "height": fitting(height, can.min_height, can.max_height, can.size_multiple),
        }

    def need(self, condition: object, otherwise: str) -> None:
        if not condition:
            pytest.skip(f"The engine {otherwise}.")

    def run(self, engine: Engine, act: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Opens the engine, acts, closes it, in an event loop of its own."""

        async def opened() -> T:
            await engine.open()
            try:
                async with asyncio.timeout(engine.capabilities.paint_timeout):
                    return await act()
            finally:
                await engine.close()

        return asyncio.run(opened())

    def strokes_of(self, engine: Engine, *tasks: PaintTask) -> list[list[Stroke]]:
        async def paint_all() -> list[list[Stroke]]:
            return [await collect(engine, task) for task in tasks]

        return self.run(engine, paint_all)

    def strokes(self, engine: Engine, task: PaintTask, kind: type[StrokeT]) -> list[StrokeT]:
        return [stroke for stroke in self.strokes_of(engine, task)[0] if isinstance(stroke, kind)]

    def painted(self, engine: Engine, task: PaintTask) -> list[Painted]:
        return self.strokes(engine, task, Painted)


def fitting(wanted: int, least: int, most: int, multiple: int) -> int:
    """The multiple nearest above `wanted` within the limits."""
    sizes = itertools.count(-(-max(wanted, least) // multiple) * multiple, multiple)
    return min(next(sizes), most - most % multiple)


async def collect(engine: Engine, task: PaintTask) -> list[Stroke]:
    async with aclosing(engine.paint(task)) as strokes:
        return [stroke async for stroke in strokes]


async def first_open_call(engine: Engine, task: PaintTask) -> OpenCall | None:
    """What a worker knows that died right after the first Submitted; None where the engine has no handles."""
    keys: dict[tuple[int, ...], str] = {}
    async with aclosing(engine.paint(task)) as strokes:
        async for stroke in strokes:
            if isinstance(stroke, Submitting):
                keys[stroke.ordinals] = stroke.request_key
            if isinstance(stroke, Submitted):
                handle = json.loads(json.dumps(stroke.handle))
                return OpenCall(ordinals=stroke.ordinals, request_key=keys[stroke.ordinals], handle=handle)
    return None


def images(strokes: list[Stroke]) -> list[bytes]:
    return [stroke.image for stroke in strokes if isinstance(stroke, Painted)]


def decoded(image: bytes) -> Picture:
    """Raises BadImage for what Limner would not keep."""
    return PillowCodec().finish(image, format=format_of(image), labels={})


def format_of(image: bytes) -> str:
    """By content."""
    if image.startswith(b"\x89PNG"):
        return "png"
    return "jpeg" if image.startswith(b"\xff\xd8") else "webp"
