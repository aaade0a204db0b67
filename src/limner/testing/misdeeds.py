"""What an engine may do wrong, and when: chosen by a request's options, an engine's options or a control file."""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from limner.contracts.engine import PaintTask
from limner.domain.errors import (
    EngineError,
    NotSent,
    OutOfMoney,
    RateLimited,
    RefusedByPolicy,
    Transient,
    Unauthorised,
    UnknownOutcome,
)

MOMENTS = ("start", "submitting", "accepted", "polling", "painted")
"""In a paint's order: before anything, before the call, once it is charged, while waiting, before the picture."""


class Unforeseen(Exception):
    """An exception that no engine should raise."""


def _segfault() -> None:
    ctypes.string_at(0)


def _allocate() -> None:
    hoard = []
    while True:
        hoard.append(bytearray(16 * 2**20))


def _hold_the_interpreter() -> None:
    # PyDLL, unlike CDLL, keeps the interpreter's lock during the call.
    ctypes.PyDLL(None).sleep(3600)


def _raiser(make: Callable[[], Exception]) -> Callable[[], NoReturn]:
    def fail() -> NoReturn:
        raise make()

    return fail


async def _hang() -> None:
    await asyncio.Event().wait()


async def _be_deaf() -> None:
    while True:
        try:
            await asyncio.Event().wait()
        except (asyncio.CancelledError, GeneratorExit):
            continue


_FAULTS: Mapping[str, type[EngineError]] = {
    "not_sent": NotSent,
    "transient": Transient,
    "out_of_money": OutOfMoney,
    "unauthorised": Unauthorised,
    "refuse": RefusedByPolicy,
    "unknown_outcome": UnknownOutcome,
}

DEEDS: Mapping[str, Callable[[], Awaitable[None] | None]] = {
    "exit": lambda: os._exit(3),
    "segfault": _segfault,
    "allocate": _allocate,
    "raise": _raiser(lambda: Unforeseen("something nobody foresaw")),
    "hang": _hang,
    "deaf": _be_deaf,
    "block": lambda: time.sleep(3600),
    "hold_the_interpreter": _hold_the_interpreter,
    "rate_limit": lambda: None,
    "bad_image": lambda: None,
    "short_delivery": lambda: None,
    **{name: _raiser(error) for name, error in _FAULTS.items()},
}

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "deed": {"enum": sorted(DEEDS)},
        "at": {"enum": list(MOMENTS)},
        "attempts": {"type": "integer", "minimum": 1},
        "seconds": {"type": "number", "minimum": 0},
    },
    "required": ["deed"],
    "additionalProperties": False,
}
"""A misdeed as JSON: what, when (before the call), in how many of a job's first tries (in all), and for how many seconds
a rate limit asks (0.2).
"""


class Misdeed:
    """What goes wrong in one paint. The first that is there counts: request's options, control file, engine's options."""

    def __init__(self, task: PaintTask, *, tries: int, control: Path | None, always: Mapping[str, Any] | None) -> None:
        chosen = task.request.options.get("misbehave") or _read(control) or always or {}
        if tries > chosen.get("attempts", tries):
            chosen = {}
        self._deed = chosen.get("deed", "")
        self._moment = chosen.get("at", "submitting")
        self._seconds = chosen.get("seconds", 0.2)

    @property
    def spoils_images(self) -> bool:
        return bool(self._deed == "bad_image")

    @property
    def delivers_short(self) -> bool:
        """The last picture of each call is charged and never comes."""
        return bool(self._deed == "short_delivery")

    async def at(self, moment: str) -> None:
        """Does it, if this is its moment."""
        if self._deed and moment == self._moment:
            if self._deed == "rate_limit":
                raise RateLimited(retry_after=self._seconds)
            doing = DEEDS[self._deed]()
            if doing is not None:
                await doing


def _read(control: Path | None) -> Mapping[str, Any] | None:
    if control is None or not control.exists():
        return None
    chosen: Mapping[str, Any] = json.loads(control.read_text("utf-8"))
    return chosen
