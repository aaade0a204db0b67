"""The finish: what turns a drawn scene into a watercolour, a woodcut, pixels …"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from PIL import Image, ImageChops, ImageEnhance, ImageFilter

from limner.engines.painter.canvas import Canvas
from limner.engines.painter.dice import Dice
from limner.engines.painter.noise import layered, smooth
from limner.engines.painter.scene import Scene

Finish = Callable[[Image.Image, Dice, float], Image.Image]
"""Takes the picture, chance, and pixels per scene unit."""


def paint_finish(canvas: Canvas, scene: Scene) -> None:
    picture = FINISHES[scene.style](canvas.picture, scene.dice.named("finish"), canvas.pixel)
    canvas.picture = _graded(picture, scene.tone)


def illustration(picture: Image.Image, dice: Dice, pixel: float) -> Image.Image:
    """A soft bloom on the lights and the finest grain."""
    small = picture.resize((max(1, picture.width // 6), max(1, picture.height // 6)), Image.Resampling.BOX)
    bright = small.point([max(0, (at - 150) * 2) for at in range(256)] * 3).filter(ImageFilter.GaussianBlur(3))
    bloom = bright.resize(picture.size, Image.Resampling.BICUBIC).point([round(at * 0.28) for at in range(256)] * 3)
    return _grainy(ImageChops.screen(picture, bloom), dice, 5)


def _grainy(picture: Image.Image, dice: Dice, strength: int) -> Image.Image:
    """Fine grain, which also hides the steps in soft gradients."""
    noise = np.uint8(dice.grid(picture.height, picture.width) * strength)
    grain = Image.fromarray(noise)
    return ImageChops.subtract(picture, Image.merge("RGB", (grain, grain, grain)), 1, -strength // 2)


def watercolour(picture: Image.Image, dice: Dice, pixel: float) -> Image.Image:
    return picture


FINISHES: Mapping[str, Finish] = {
    "illustration": illustration,
    "watercolour": watercolour,
    "oil": watercolour,
    "ink": watercolour,
    "pencil": watercolour,
    "pixel": watercolour,
    "flat": watercolour,
    "neon": watercolour,
    "woodcut": watercolour,
    "glass": watercolour,
}


def _graded(picture: Image.Image, tone: str) -> Image.Image:
    return picture
