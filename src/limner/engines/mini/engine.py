"""The trained painter as an engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

from limner.contracts.engine import Engine, Painted, PaintTask, Progress, Stroke
from limner.domain.capabilities import Capabilities
from limner.domain.errors import EngineFailed
from limner.domain.input import IMAGE, MASK, InputLimits
from limner.domain.job import Note
from limner.domain.request import ImageRequest
from limner.domain.wording import listed
from limner.engines.mini.batch import Batch
from limner.engines.mini.grid import Grid
from limner.engines.mini.model import Model
from limner.engines.mini.pictures import Given, finished, png, preview
from limner.engines.mini.sketch import Sketch
from limner.engines.mini.weights import TABLE, VOCABULARY, Weights
from limner.engines.mini.words import Reading, Words

STEPS = 12
GUIDANCE = 3.0
STRENGTH = 0.6


class Mini(Engine):
    """A diffusion model small enough for two processor cores. It paints only with trained weights.

    `weights` is their folder, that of the installed `limner_mini` unless given; `allow_toy` takes weights that prove the
    engine and paint nothing to be recognised. `batch` is how many pictures share a step at most, `threads` how many cores
    a step uses.
    """

    capabilities = Capabilities(
        min_width=64,
        max_width=1024,
        min_height=64,
        max_height=1024,
        max_ratio=2.0,
        default_width=512,
        default_height=512,
        negative_prompt=True,
        steps=(1, 50),
        guidance=(1.0, 15.0),
        inputs={IMAGE: InputLimits(), MASK: InputLimits()},
        strength=(0.0, 1.0),
        previews=True,
        concurrency=8,
        isolated=True,
        description=(
            "A small diffusion model, trained on drawn things. It paints at 128 pixels and enlarges: expect icons and"
            " simple scenes, no photographs, faces or lettering."
        ),
        examples=("a red fox in snow", "a yellow boat at night", "a cactus in a blue pot"),
    )

    def __init__(
        self, *, weights: str | None = None, allow_toy: bool = False, batch: int = 3, threads: int | None = None
    ) -> None:
        _check("batch", batch)
        if threads is not None:
            _check("threads", threads)
        if not isinstance(allow_toy, bool):
            raise TypeError(f"allow_toy is {allow_toy!r}; it must be true or false")
        self._folder = Path(weights).expanduser() if weights else None
        self._allow_toy = allow_toy
        self._most = batch
        self._threads = threads
        self._studio: _Studio | None = None
        self._why_not = "The engine mini is not open."

    async def open(self) -> None:
        """Raises EngineFailed where there are no weights that may be used."""
        try:
            self._studio = await asyncio.to_thread(self._loaded)
        except EngineFailed as error:
            self._why_not = error.detail
            raise
        self._studio.begin(self._most)

    def _loaded(self) -> _Studio:
        weights = Weights.load(self._folder, allow_toy=self._allow_toy)
        try:
            return _Studio(weights, self._threads)
        except Exception as error:  # onnxruntime raises whatever it likes
            raise EngineFailed(f"The weights in {weights.folder} cannot be loaded: {error}") from error

    async def close(self) -> None:
        if self._studio is not None:
            await self._studio.batch.close()
            self._studio = None

    async def health(self) -> None:
        self._opened()

    def _opened(self) -> _Studio:
        if self._studio is None:
            raise EngineFailed(self._why_not)
        return self._studio

    async def paint(self, task: PaintTask) -> AsyncGenerator[Stroke, None]:
        studio, request = self._opened(), task.request
        size = (request.width, request.height)
        given = await _given(task, size)
        reading, unwanted = studio.words.read(request.prompt), studio.words.read(request.negative_prompt or "")
        step = 0
        for ordinal in task.ordinals:
            seed = request.seed_of(ordinal)
            if given is not None and request.strength == 0:
                yield Painted(ordinal=ordinal, image=await asyncio.to_thread(png, given.image), seed=seed)
                continue
            sketch = await asyncio.to_thread(studio.sketch, request, seed, given, reading, unwanted)
            async with aclosing(studio.batch.paint(sketch)) as stages:
                async for clean in stages:
                    small = await asyncio.to_thread(preview, sketch.grid, clean, size) if task.wants_previews else None
                    step += 1
                    yield Progress(step=step, steps=sketch.steps * len(task.ordinals), ordinal=ordinal, preview=small)
            async with studio.enlarging:
                image = await asyncio.to_thread(finished, studio.model, sketch.grid, sketch.clean, size, given)
            yield Painted(ordinal=ordinal, image=image, seed=seed, notes=notes(reading, unwanted, studio.weights))


class _Studio:
    """What an open engine paints with."""

    def __init__(self, weights: Weights, threads: int | None) -> None:
        self.weights = weights
        self.model = Model(weights, threads)
        self.words = Words.load(weights.folder / VOCABULARY, weights.folder / TABLE, weights.architecture.words)

    def begin(self, most: int) -> None:
        self.batch = Batch(self.model.clean, most=most)
        self.enlarging = asyncio.Lock()  # it takes all cores, which the steps of others want, too

    def sketch(
        self, request: ImageRequest, seed: int, given: Given | None, reading: Reading, unwanted: Reading
    ) -> Sketch:
        has = self.weights.architecture
        grid = Grid.like(request.width, request.height, tokens=has.tokens, patch=has.patch)
        strength = STRENGTH if request.strength is None else request.strength
        return Sketch(
            grid=grid,
            reading=reading,
            unwanted=unwanted,
            guidance=GUIDANCE if request.guidance is None else request.guidance,
            seed=seed,
            steps=request.steps or STEPS,
            start=given.start(grid, strength) if given else None,
        )


async def _given(task: PaintTask, size: tuple[int, int]) -> Given | None:
    roles = {one.role: one.name for one in task.inputs}
    if IMAGE not in roles:
        return None
    image = await task.read_input(roles[IMAGE])
    mask = await task.read_input(roles[MASK]) if MASK in roles else None
    return await asyncio.to_thread(Given.read, image, mask, size)


def notes(reading: Reading, unwanted: Reading, weights: Weights) -> tuple[Note, ...]:
    """What the person should know: toy weights, words that the model has never seen, a prompt that was cut."""
    found: list[Note] = []
    if weights.toy:
        found.append(Note(code="toy_weights", detail="Painted with toy weights, which know nothing yet."))
    if unknown := tuple(dict.fromkeys((*reading.unknown, *unwanted.unknown))):
        found.append(Note(code="not_understood", detail=f"I do not know: {listed(unknown)}."))
    if reading.cut:
        most = weights.architecture.words
        found.append(Note(code="cut", detail=f"I read the first {most} pieces of words; the rest was left out."))
    return tuple(found)


def _check(name: str, count: object) -> None:
    if type(count) is not int or count < 1:
        raise ValueError(f"{name} is {count!r}; it must be a whole number above 0")
