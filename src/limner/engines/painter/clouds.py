"""Clouds: heaped ones with lit tops, and veils of thin ones behind them."""

from __future__ import annotations

import numpy as np

from limner.engines.painter.canvas import Canvas, work_size
from limner.engines.painter.colour import parts
from limner.engines.painter.dice import Dice
from limner.engines.painter.noise import Field, layered, smooth
from limner.engines.painter.scene import Scene

_COVER = {"storm": 0.9, "rain": 0.78, "overcast": 0.84, "snow": 0.62, "fog": 0.3, "clouds": 0.6}


def paint_clouds(canvas: Canvas, scene: Scene) -> None:
    if scene.world in {"underwater", "space", "moon", "table", "abstract"} or scene.reading.weathers & {
        "clear",
        "aurora",
    }:
        return
    if "clouds" in scene.reading.banned:
        return
    cover = _COVER.get(scene.weather or "", 0.6 if "clouds" in scene.reading.weathers else 0.34)
    if scene.palette.moonlit and cover < 0.5:
        cover = 0.24
    rows, columns = work_size(canvas)
    density, shade = _veils(scene, rows, columns, cover)
    _lay(canvas, scene, density * (0.85 if cover > 0.5 else 0.5), shade)
    if cover < 0.7:
        heaped, dark = _heaps(scene, rows, columns, 8 if cover > 0.5 else 4 if not scene.palette.moonlit else 2)
        _lay(canvas, scene, heaped * (0.94 if not scene.palette.moonlit else 0.7), dark)


def _veils(scene: Scene, rows: int, columns: int, cover: float) -> tuple[Field, Field]:
    """Thin clouds drawn out by the wind: how thick they are, and how dark."""
    per_unit = rows / scene.height
    cell = (max(2, 170 * per_unit), max(2, 700 * per_unit))
    field = layered(scene.dice.named("clouds"), (rows, columns), cell, 6)
    y = np.linspace(0, scene.height, rows, dtype=np.float32)[:, None] / scene.horizon
    low = 0.62 - 0.34 * cover
    density = smooth(field, low, low + 0.26) * smooth(1.02 - y, 0.0, 0.22)
    step = max(1, round(20 * per_unit))
    above = np.concatenate([np.repeat(density[:1], step, axis=0), density[:-step]])[:rows]
    shade: Field = np.clip(0.1 + above * 0.85 - (density - above) * 0.5, 0, 1)
    return density, shade


def _heaps(scene: Scene, rows: int, columns: int, count: int) -> tuple[Field, Field]:
    """Heaped clouds: round puffs over a flat base, light on the side of the sun."""
    density, shade = np.zeros((rows, columns), np.float32), np.full((rows, columns), 0.5, np.float32)
    dice, per_unit = scene.dice.named("heaps"), rows / scene.height
    ragged = layered(dice.named("ragged"), (rows, columns), (max(2, 46 * per_unit), max(2, 46 * per_unit)), 3) - 0.5
    reach = min(scene.horizon, 1400.0)
    spots = max(1, round(count * min(4.0, scene.width / 1000)))
    for at in range(spots):
        own = dice.named(f"heap {at}")
        high = own.between(0.12, 0.72)
        size = own.between(0.7, 1.5) * (1.05 - high)
        middle = scene.width * (at + own.between(0.1, 0.9)) / spots
        base = scene.horizon - reach * (1 - high)
        for puff in _puffs(own, size):
            _puff(
                density, shade, ragged, (middle + puff[0], base + puff[1], puff[2]), (per_unit, scene.light.side, base)
            )
    return density, shade


def _puffs(dice: Dice, size: float) -> list[tuple[float, float, float]]:
    """x, y and radius of the puffs of one cloud, from its foot up."""
    found = []
    for _ in range(13):
        across = dice.between(-1, 1)
        radius = size * dice.between(34, 68) * (1.1 - 0.62 * abs(across))
        found.append((across * 170 * size, -radius * dice.between(0.15, 0.8), radius))
    return sorted(found, key=lambda puff: puff[1])


def _puff(
    density: Field, shade: Field, ragged: Field, puff: tuple[float, float, float], frame: tuple[float, int, float]
) -> None:
    per_unit, side, base = frame
    x, y, radius = (part * per_unit for part in puff)
    reach = radius * 1.35
    top, bottom = max(0, int(y - reach)), min(density.shape[0], int(y + reach) + 2)
    left, right = max(0, int(x - reach)), min(density.shape[1], int(x + reach) + 2)
    if top >= bottom or left >= right or radius < 0.5:
        return
    box = (slice(top, bottom), slice(left, right))
    down = (np.arange(top, bottom, dtype=np.float32)[:, None] - y) / radius
    across = (np.arange(left, right, dtype=np.float32)[None, :] - x) / radius
    far = np.sqrt(down**2 + across**2) + ragged[box] * 0.55
    foot = smooth((base * per_unit - np.arange(top, bottom, dtype=np.float32)[:, None]) / radius, -0.25, 0.2)
    solid = smooth(1.06 - far, 0.0, 0.26) * foot
    dark = np.clip(0.42 + 0.46 * down - 0.22 * across * side, 0, 1)
    shade[box] += (dark - shade[box]) * solid
    density[box] = np.maximum(density[box], solid)


def _lay(canvas: Canvas, scene: Scene, density: Field, shade: Field) -> None:
    rows, columns = density.shape
    light = np.array(parts(scene.palette.cloud_light), dtype=np.float32)
    dark = np.array(parts(scene.palette.cloud_dark), dtype=np.float32)
    glow = np.array(parts(scene.palette.glow), dtype=np.float32)
    y = np.linspace(0, scene.height, rows, dtype=np.float32)[:, None] - scene.sun[1]
    x = np.linspace(0, scene.width, columns, dtype=np.float32)[None, :] - scene.sun[0]
    near = np.exp(-np.sqrt(x**2 + y**2) / 420)[..., None] * scene.palette.glow_strength
    colours = light + (dark - light) * shade[..., None]
    colours = colours + (glow - colours) * np.clip(near * (1.1 - shade[..., None] * 0.7), 0, 0.9)
    canvas.lay_array(colours.astype(np.float32), density)
