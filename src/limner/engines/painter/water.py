"""Open water: the picture above it turned over, rippled, tinted and glittering."""

from __future__ import annotations

import numpy as np
from PIL import Image

from limner.engines.painter.canvas import Canvas
from limner.engines.painter.colour import parts
from limner.engines.painter.noise import Field, layered, smooth
from limner.engines.painter.scene import Scene

_MOODS = {"calm": 0.45, "rough": 2.0}


def paint_water(canvas: Canvas, scene: Scene) -> None:
    if scene.water is None:
        return
    top = round(scene.water[0] * canvas.pixel)
    bottom = min(canvas.height, round((scene.water[1] + 40) * canvas.pixel))
    if top < 1 or bottom - top < 2:
        return
    mirrored = _mirrored(canvas, scene, top, bottom)
    tinted = _tinted(mirrored, scene, bottom - top)
    bright = _glitter(canvas, scene, tinted)
    canvas.picture.paste(Image.fromarray(np.clip(bright, 0, 255).astype(np.uint8)), (0, top))


def _ripple(scene: Scene) -> float:
    mood = _MOODS.get(scene.reading.water or "", 1.0)
    return mood * (1.8 if scene.weather == "storm" else 0.7 if scene.world in {"lake", "river"} else 1.0)


def _mirrored(canvas: Canvas, scene: Scene, top: int, bottom: int) -> Field:
    """Rows of the picture above the water, upside down, shifted to and fro by the ripples."""
    deep = bottom - top
    source = np.asarray(canvas.picture)[:top]
    noise = (
        layered(scene.dice.named("ripples"), (deep, canvas.width), (max(2, 16 * canvas.pixel), 190 * canvas.pixel), 2)
        - 0.5
    )
    depth = np.linspace(0.06, 1, deep, dtype=np.float32)[:, None]
    reach = 62 * canvas.pixel * _ripple(scene)
    stretch = min(1.0, (top - 1) / deep)
    rows = top - 1 - np.arange(deep)[:, None] * stretch - noise * depth * reach * 0.55
    columns = np.arange(canvas.width)[None, :] + noise * depth * reach
    rows = np.clip(rows, 0, top - 1).astype(np.intp)
    columns = np.clip(columns, 0, canvas.width - 1).astype(np.intp)
    found: Field = source[rows, columns].astype(np.float32)
    return found


def _tinted(mirrored: Field, scene: Scene, deep: int) -> Field:
    """More of the water's own colour towards the front, where one looks into it steeply."""
    share = np.linspace(0.2, 0.66, deep, dtype=np.float32)[:, None, None]
    own = np.array(parts(scene.palette.water), dtype=np.float32)
    mirrored += (own - mirrored) * share
    return mirrored


def _glitter(canvas: Canvas, scene: Scene, water: Field) -> Field:
    """Streaks of light: everywhere a little, and a path of it under the sun or the moon."""
    deep, columns = water.shape[:2]
    cell = (max(1.5, 7 * canvas.pixel), max(2, 120 * canvas.pixel))
    streaks = layered(scene.dice.named("streaks"), (deep, columns), cell, 2)
    depth = np.linspace(0, 1, deep, dtype=np.float32)[:, None]
    x = (np.arange(columns, dtype=np.float32)[None, :] / canvas.pixel - scene.sun[0]) / (55 + 210 * depth)
    path = np.exp(-(x**2)) * (1 - 0.55 * depth) if scene.weather in {None, "snow"} else np.zeros_like(x + depth)
    low = 0.66 - 0.24 * path
    light = smooth(streaks, low, low + 0.12) * (0.1 + 0.9 * path * min(1.0, scene.palette.glow_strength + 0.2))
    dark = smooth(1 - streaks, 0.62, 0.78) * (0.1 + 0.12 * depth)
    glow = np.array(parts(scene.palette.glow), dtype=np.float32)
    water *= (1 - dark)[..., None]
    water += (glow - water) * np.clip(light, 0, 0.95)[..., None]
    return water
