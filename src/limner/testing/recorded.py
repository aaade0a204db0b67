"""Another engine's strokes, kept in a folder and painted again without it: for tests that need real pictures at once."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import hashlib
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Literal

from limner.contracts.engine import Engine, Painted, PaintTask, Progress, Stroke, Submitted, Submitting
from limner.domain.capabilities import Capabilities
from limner.domain.errors import BadParameter, SettingsError
from limner.domain.input import InputLimits
from limner.domain.job import Note

_STROKES: Mapping[str, type[Progress | Submitting | Submitted | Painted]] = {
    kind.__name__: kind for kind in (Progress, Submitting, Submitted, Painted)
}
_BYTES = ("preview", "image")


class RecordedEngine(Engine):
    """`mode="record"` paints with the engine `engine` and keeps what it yields in `folder`; `mode="replay"` yields it
    again for the same request and ordinals, and raises BadParameter for others. The capabilities are recorded too.
    """

    def __init__(
        self,
        *,
        engine: str,
        folder: str,
        options: Mapping[str, Any] | None = None,
        mode: Literal["replay", "record"] = "replay",
    ) -> None:
        self._engine = engine
        self._options = options or {}
        self._folder = Path(folder)
        self._recording = mode == "record"

    @functools.cached_property
    def capabilities(self) -> Capabilities:  # type: ignore[override]
        if self._recording:
            return self._inner.capabilities
        return _recorded_capabilities(self._folder / "capabilities.json")

    @functools.cached_property
    def _inner(self) -> Engine:
        (entry,) = entry_points(group="limner.engines", name=self._engine)
        engine: Engine = entry.load()(**self._options)
        return engine

    async def open(self) -> None:
        if self._recording:
            await asyncio.to_thread(self._keep_capabilities)
            await self._inner.open()

    async def close(self) -> None:
        if self._recording:
            await self._inner.close()

    async def paint(self, task: PaintTask) -> AsyncGenerator[Stroke, None]:
        recording = _Recording(self._folder / await _fingerprint(task), task.request_key)
        async with aclosing(self._record(task, recording) if self._recording else _replay(recording)) as strokes:
            async for stroke in strokes:
                yield stroke

    async def _record(self, task: PaintTask, recording: _Recording) -> AsyncGenerator[Stroke, None]:
        strokes: list[Stroke] = []
        async with aclosing(self._inner.paint(task)) as painting:
            async for stroke in painting:
                strokes.append(stroke)
                yield stroke
        await asyncio.to_thread(recording.write, strokes)

    def _keep_capabilities(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        facts = dataclasses.asdict(self._inner.capabilities)
        (self._folder / "capabilities.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")


def _recorded_capabilities(path: Path) -> Capabilities:
    try:
        recorded = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise SettingsError(f'{path.parent} holds no recording; make one with mode = "record".') from None
    facts = _tuples(recorded)
    facts["inputs"] = {role: InputLimits(**_tuples(limits)) for role, limits in recorded.get("inputs", {}).items()}
    # A replay neither blocks nor crashes.
    return Capabilities(**facts | {"isolated": False})


def _tuples(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(fact) if isinstance(fact, list) else fact for name, fact in facts.items()}


async def _replay(recording: _Recording) -> AsyncGenerator[Stroke, None]:
    for stroke in await asyncio.to_thread(recording.read):
        yield stroke


async def _fingerprint(task: PaintTask) -> str:
    """Inputs count by what they show: ids are others at each upload."""
    request = {name: value for name, value in dataclasses.asdict(task.request).items() if name != "inputs"}
    digests = [(one.name, hashlib.sha256(await task.read_input(one.name)).hexdigest()) for one in task.inputs]
    asked = json.dumps([request, task.ordinals, *digests], sort_keys=True, default=str)
    return hashlib.sha256(asked.encode()).hexdigest()[:16]


class _Recording:
    """One paint in a folder: `strokes.json`, and a file for each picture and preview."""

    def __init__(self, folder: Path, request_key: str) -> None:
        self._folder = folder
        self._request_key = request_key

    def write(self, strokes: list[Stroke]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        lines = [self._described(number, stroke) for number, stroke in enumerate(strokes)]
        text = json.dumps({"request_key": self._request_key, "strokes": lines}, indent=1)
        (self._folder / "strokes.json").write_text(text, encoding="utf-8")

    def _described(self, number: int, stroke: Stroke) -> dict[str, Any]:
        facts = dataclasses.asdict(stroke)
        for name in _BYTES:
            if facts.get(name) is not None:
                (self._folder / f"{number}.bin").write_bytes(facts[name])
                facts[name] = f"{number}.bin"
        return {"stroke": type(stroke).__name__, **facts}

    def read(self) -> list[Stroke]:
        """Keys of requests become those of this try. Raises BadParameter where nothing was recorded."""
        path = self._folder / "strokes.json"
        if not path.exists():
            raise BadParameter(
                f'Nothing like this was recorded in {self._folder.parent}; paint it with mode = "record".'
            )
        recorded = json.loads(path.read_text("utf-8"))
        return [self._restored(facts, recorded["request_key"]) for facts in recorded["strokes"]]

    def _restored(self, facts: dict[str, Any], recorded_key: str) -> Stroke:
        kind = _STROKES[facts.pop("stroke")]
        for name in _BYTES:
            if facts.get(name) is not None:
                facts[name] = (self._folder / facts[name]).read_bytes()
        if "ordinals" in facts:
            facts["ordinals"] = tuple(facts["ordinals"])
        if "notes" in facts:
            facts["notes"] = tuple(Note(**note) for note in facts["notes"])
        if "request_key" in facts:
            facts["request_key"] = facts["request_key"].replace(recorded_key, self._request_key)
        return kind(**facts)
