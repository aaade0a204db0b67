"""What the painter knows of a thing it can draw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from limner.engines.painter.svg import Pen

Draw = Callable[[Pen, str], None]
"""Draws a thing in its main colour: about 100 units high, feet on y = 0, middle at x = 0, facing right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """`size` is its real height in metres, roughly. `width` is in units of a hundredth of its height.

    `home` is where it belongs: ground, water (floats), sky, sea (under water), space, table.
    `seat` is where a rider sits on it (x, y), `top` the height of the surface things stand on.
    `seated` draws it sitting astride with its hips on 0, 0. `glows` marks what gives light at night.
    """

    draw: Draw
    colour: str
    size: float
    width: float = 100
    home: str = "ground"
    seat: tuple[float, float] | None = None
    top: float | None = None
    seated: Draw | None = None
    glows: bool = False
    middle: float = 0.0
