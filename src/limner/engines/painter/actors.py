"""The things asked for: their shadows, reflections and themselves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from limner.engines.painter.canvas import Canvas
from limner.engines.painter.colour import lighter, mix
from limner.engines.painter.layout import Placed
from limner.engines.painter.noise import layered
from limner.engines.painter.scene import Scene
from limner.engines.painter.svg import Pen


def paint_things(canvas: Canvas, scene: Scene) -> None:
    shadows = Pen(scene.light)
    for placed in scene.placed:
        if placed.where == "ground":
            _shadow(shadows, scene, placed)
    canvas.lay(shadows)
    afloat = [placed for placed in scene.placed if placed.where == "water"]
    if afloat:
        _reflections(canvas, scene)
    pen = Pen(scene.light)
    for placed in scene.placed:
        _draw(pen, scene, placed)
        if placed.where == "water":
            _lapping(pen, scene, placed)
    canvas.lay_lit(pen, side=scene.light.side, rim=scene.palette.rim, strength=_rim_strength(scene))


def _rim_strength(scene: Scene) -> float:
    if scene.style == "flat":
        return 0.0
    return 0.85 if scene.palette.altitude < 0.35 or scene.palette.moonlit else 0.5


def _draw(pen: Pen, scene: Scene, placed: Placed) -> None:
    light = replace(scene.light, haze_share=min(0.5, 0.34 * placed.far))
    thing = placed.thing
    draw = thing.seated if placed.seated and thing.seated else thing.draw
    with pen.under(light), pen.moved(placed.x, placed.y, placed.scale, placed.turn, mirror=placed.mirror):
        if placed.where == "water":
            with pen.inside("M-400 -400H400V-1.5H-400Z"):
                draw(pen, placed.colour)
        else:
            draw(pen, placed.colour)


def _shadow(pen: Pen, scene: Scene, placed: Placed) -> None:
    """Where it touches the ground, and cast away from a low sun."""
    low = scene.palette.altitude < 0.4
    away = -scene.light.side * placed.wide * (0.3 if low else 0.1)
    half = placed.wide * 0.5
    x = placed.x + placed.thing.middle * placed.scale * (-1 if placed.mirror else 1)
    pen.shadow(x + away, placed.y + half * 0.04, half * (1.35 if low else 1.1), half * 0.2, 0.42)
    pen.shadow(x, placed.y, half * 0.8, half * 0.09, 0.4)


def _reflections(canvas: Canvas, scene: Scene) -> None:
    """What floats, upside down in the water, broken by ripples."""
    pen = Pen(scene.light)
    for placed in scene.placed:
        if placed.where != "water":
            continue
        across = -placed.scale if placed.mirror else placed.scale
        with pen.stretched(placed.x, placed.y, across, -placed.scale * 0.82), pen.inside("M-400 -400H400V-1.5H-400Z"):
            placed.thing.draw(pen, placed.colour)
    layer = np.asarray(canvas.layer(pen))
    picture = Image.fromarray(_rippled(canvas, scene, layer))
    mask = picture.getchannel("A").point([round(value * 0.55) for value in range(256)])
    bottom = round((scene.water or (0, 0))[1] * canvas.pixel)
    mask.paste(0, (0, bottom, canvas.width, max(bottom, canvas.height)))
    tint = Image.new("RGB", picture.size, scene.palette.water)
    canvas.picture.paste(Image.blend(picture.convert("RGB"), tint, 0.3), (0, 0), mask)


def _rippled(canvas: Canvas, scene: Scene, layer: NDArray[np.uint8]) -> NDArray[np.uint8]:
    rows, columns = layer.shape[:2]
    first = max(0, round((scene.water or (0, 0))[0] * canvas.pixel))
    part = layer[first:]
    noise = (
        layered(scene.dice.named("lap"), (rows - first, columns), (max(1.5, 13 * canvas.pixel), 90 * canvas.pixel), 2)
        - 0.5
    )
    shift = np.clip(np.arange(columns)[None, :] + noise * 44 * canvas.pixel, 0, columns - 1).astype(np.intp)
    moved = part[np.arange(rows - first)[:, None], shift]
    out = np.zeros_like(layer)
    out[first:] = moved
    return out


def _lapping(pen: Pen, scene: Scene, placed: Placed) -> None:
    """The line of light water along a hull."""
    colour = mix(lighter(scene.palette.water, 0.35), scene.palette.glow, 0.35)
    half, y = placed.wide * 0.46, placed.y
    pen.shine(
        f"M{placed.x - half:.1f} {y:.1f}q{half:.1f} {half * 0.05:.1f} {2 * half:.1f} 0q{-half:.1f} {half * 0.11:.1f} {-2 * half:.1f} 0Z",
        colour,
        opacity=0.6,
    )
