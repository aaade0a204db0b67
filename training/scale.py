"""How large everything is: FULL for one GPU and 25 minutes, TOY for two cores and three minutes."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

WORDS = 24
"""Pieces of words that the model reads of a prompt."""
WORD_SIZE = 128
UPSCALE = 4
FINE = 2
"""How much finer than the painter's pictures the art is kept: the upscaler learns from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """`side` and `patch` are pixels. `concepts` is how many things are learned (None: all), `minutes` how long each part
    trains in all, over any number of commands; with fewer than `least_steps`, a slow machine's minutes prove nothing.
    """

    name: str
    side: int
    patch: int
    width: int
    depth: int
    heads: int
    batch: int
    learning_rate: float
    concepts: int | None
    upscaler_width: int
    upscaler_depth: int
    minutes: dict[str, float]
    least_steps: dict[str, int]
    warm_up: int
    """Steps until the learning rate is a whole one."""
    pictures: int
    """How many of each kind the evaluation paints."""

    @property
    def patch_depth(self) -> int:
        return self.patch * self.patch * 3

    @property
    def tokens(self) -> int:
        return (self.side // self.patch) ** 2

    def trained(self, part: str, steps: int, seconds: float) -> bool:
        """To the end, and enough of it."""
        return seconds >= self.minutes[part] * 60 and steps >= self.least_steps[part]


FULL = Scale(
    name="full",
    side=128,
    patch=8,
    width=384,
    depth=12,
    heads=6,
    batch=512,
    learning_rate=6e-4,
    concepts=None,
    upscaler_width=64,
    upscaler_depth=16,
    minutes={"painter": 17.5, "upscaler": 2.5, "judge": 2.5},
    least_steps={"painter": 4000, "upscaler": 1000, "judge": 500},
    warm_up=500,
    pictures=120,
)
TOY = Scale(
    name="toy",
    side=32,
    patch=4,
    width=64,
    depth=3,
    heads=2,
    batch=48,
    learning_rate=2e-3,
    concepts=64,
    upscaler_width=16,
    upscaler_depth=3,
    minutes={"painter": 1.3, "upscaler": 0.2, "judge": 0.4},
    least_steps={"painter": 100, "upscaler": 20, "judge": 50},
    warm_up=30,
    pictures=120,
)


def arguments(description: str) -> argparse.ArgumentParser:
    """What every command takes."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=Path("build/mini"), help="where everything is kept")
    parser.add_argument("--toy", dest="scale", action="store_const", const=TOY, default=FULL, help="minutes, two cores")
    return parser


def folder(work: Path, scale: Scale, name: str) -> Path:
    """A place for what this scale makes; made if it is missing."""
    made = work / scale.name / name
    made.mkdir(parents=True, exist_ok=True)
    return made
