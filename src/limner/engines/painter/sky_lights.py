"""Rainbows and polar lights."""

from __future__ import annotations

import numpy as np

from limner.engines.painter.canvas import Canvas, work_size
from limner.engines.painter.noise import layered, smooth
from limner.engines.painter.scene import Scene

_BOW = ((110, 60, 200), (60, 90, 230), (50, 170, 230), (70, 200, 90), (250, 225, 70), (250, 150, 50), (235, 60, 60))


def paint_sky_lights(canvas: Canvas, scene: Scene) -> None:
    if "rainbow" in scene.reading.weathers and not scene.palette.moonlit:
        _rainbow(canvas, scene)
    if "aurora" in scene.reading.weathers:
        _aurora(canvas, scene)


def _rainbow(canvas: Canvas, scene: Scene) -> None:
    """A bow opposite the sun, brighter inside it, with its feet behind the hills."""
    rows, columns = work_size(canvas)
    x = np.linspace(0, scene.width, columns, dtype=np.float32)[None, :]
    y = np.linspace(0, scene.height, rows, dtype=np.float32)[:, None]
    middle = scene.width * 0.5 + scene.light.side * -90
    reach = min(scene.width * 0.47, scene.horizon * 0.86)
    far = np.hypot(x - middle, y - scene.horizon * 1.04)
    across = (far - reach) / (reach * 0.14)
    stops = np.array(_BOW, np.float32)
    share = np.clip(across, 0, 1) * (len(_BOW) - 1)
    colours = np.stack([np.interp(share, range(len(_BOW)), stops[:, part]) for part in range(3)], axis=-1)
    bow = smooth(across, -0.12, 0.12) * smooth(1 - across, -0.12, 0.12)
    fade = smooth(1 - y / scene.horizon, 0.0, 0.3) * 0.25 + 0.4
    canvas.lay_array(colours.astype(np.float32), bow * fade)
    inside = smooth(-across, 0, 5) * 0 + smooth(-across, 0.0, 0.3) * 0.09
    canvas.lay_array(np.full((rows, columns, 3), 255, np.float32), inside * smooth(1.0 - y / scene.horizon, 0, 0.2))


def _aurora(canvas: Canvas, scene: Scene) -> None:
    """Three curtains of green and violet light, with rays."""
    rows, columns = work_size(canvas)
    y = np.linspace(0, scene.height, rows, dtype=np.float32)[:, None]
    for at in range(3):
        dice = scene.dice.named(f"curtain {at}")
        bend = layered(dice.named("bend"), (2, columns), (2, columns / 2.5), 3)[:1] - 0.5
        rays = layered(dice.named("rays"), (2, columns), (2, max(2.0, columns / 40)), 3)[:1]
        foot = scene.horizon * (0.42 + 0.18 * at) + bend * 460
        up = (foot - y) / (min(scene.horizon, 900) * 0.42)
        glow = np.exp(-np.clip(up, 0, None) * (2.6 - 1.2 * rays)) * smooth(up, -0.06, 0.02)
        strength = glow * (0.25 + 0.95 * smooth(rays, 0.3, 0.75)) * (0.85 - 0.15 * at)
        high = np.clip(up * 1.1, 0, 1)[..., None]
        green, violet = np.array((70, 255, 160), np.float32), np.array((165, 80, 255), np.float32)
        canvas.lay_array((green + (violet - green) * high).astype(np.float32), strength.astype(np.float32))
