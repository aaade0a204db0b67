"""Sky, sun, moon, stars and clouds."""

from __future__ import annotations

import numpy as np
from PIL import Image

from limner.engines.painter.canvas import Canvas
from limner.engines.painter.colour import lighter, mix, parts
from limner.engines.painter.curves import star
from limner.engines.painter.noise import Field, layered, smooth
from limner.engines.painter.scene import Scene
from limner.engines.painter.svg import Pen

_WORK = 320
"""Soft things are computed at most this large, then enlarged."""


def work_size(canvas: Canvas) -> tuple[int, int]:
    """Rows and columns for soft things."""
    shrink = min(1.0, _WORK / max(canvas.width, canvas.height))
    return max(2, round(canvas.height * shrink)), max(2, round(canvas.width * shrink))


def paint_sky(canvas: Canvas, scene: Scene) -> None:
    rows, columns = work_size(canvas)
    colours = _gradient(scene, rows, columns)
    colours = _glowing(colours, scene)
    picture = Image.fromarray(np.clip(colours, 0, 255).astype(np.uint8))
    canvas.picture = picture.resize((canvas.width, canvas.height), Image.Resampling.BICUBIC)


def _gradient(scene: Scene, rows: int, columns: int) -> Field:
    palette = scene.palette
    stops = [parts(colour) for colour in (palette.zenith, palette.upper, palette.lower, palette.horizon)]
    high = min(scene.horizon, 1500.0)
    y = np.linspace(0, scene.height, rows, dtype=np.float32)
    share = np.clip((y - (scene.horizon - high)) / high, 0, 1)
    wave = layered(scene.dice.named("sky wave"), (rows, columns), (rows / 2, columns), 2) - 0.5
    along = np.clip(share[:, None] + wave * 0.16, 0, 1)
    channels = [np.interp(along, (0, 0.38, 0.74, 1), [stop[part] for stop in stops]) for part in range(3)]
    return np.stack(channels, axis=-1).astype(np.float32)


def _distance(scene: Scene, rows: int, columns: int) -> Field:
    """How far each place is from the sun, in scene units; flatter than a circle near the horizon."""
    y = np.linspace(0, scene.height, rows, dtype=np.float32)[:, None] - scene.sun[1]
    x = np.linspace(0, scene.width, columns, dtype=np.float32)[None, :] - scene.sun[0]
    squash = 0.62 if scene.palette.altitude < 0.4 else 1.0
    found: Field = np.sqrt((x * squash) ** 2 + y**2)
    return found


def _glowing(colours: Field, scene: Scene) -> Field:
    palette = scene.palette
    distance = _distance(scene, colours.shape[0], colours.shape[1])
    reach = palette.glow_reach * 1000
    glow = palette.glow_strength * (
        0.62 * np.exp(-distance / reach * 1.6) + 0.5 * np.exp(-((distance / reach * 4) ** 2))
    )
    glow = glow[..., None]
    light = np.array(parts(palette.glow), dtype=np.float32)
    return colours + (np.maximum(light, colours) - colours) * np.clip(glow, 0, 1)


def paint_lights(canvas: Canvas, scene: Scene) -> None:
    """Stars, and the sun or the moon."""
    pen = Pen()
    if scene.palette.stars > 0.05:
        _stars(pen, scene)
    if scene.world in {"land", "sea", "shore", "lake", "river", "city"} and _shows_disc(scene):
        (_moon if scene.palette.moonlit else _sun)(pen, scene)
    canvas.lay(pen)


def _shows_disc(scene: Scene) -> bool:
    named = {placed.name for placed in scene.placed}
    return scene.weather in {None, "clouds", "fog", "snow"} and not named & {"sun", "moon"} and scene.time != "dusk"


def _stars(pen: Pen, scene: Scene) -> None:
    dice = scene.dice.named("stars")
    area = min(6.0, scene.width * min(scene.horizon, scene.height) / 1e6)
    for _ in range(round(170 * scene.palette.stars * area)):
        x, y = dice.between(0, scene.width), scene.horizon * dice.unit() ** 1.25
        size = 0.7 + 2.1 * dice.unit() ** 5
        colour = dice.pick(("#ffffff", "#dfe9ff", "#fff1d6", "#cfe0ff"))
        pen.shine(
            f"M{x - size:.1f} {y:.1f}a{size:.2f} {size:.2f} 0 1 0 {2 * size:.2f} 0a{size:.2f} {size:.2f} 0 1 0 {-2 * size:.2f} 0",
            colour,
            opacity=dice.between(0.35, 0.95),
        )
        if size > 2.2:
            pen.glow(x, y, size * 7, colour, 0.35)
            pen.shine(star(x, y, size * 4, 4, 0.12), colour, opacity=0.8)


def _sun(pen: Pen, scene: Scene) -> None:
    x, y = scene.sun
    radius = 52 if scene.palette.altitude < 0.4 else 42
    pen.glow(x, y, radius * 4.2, scene.palette.glow, 0.75)
    pen.glow(x, y, radius * 2, scene.palette.disc, 0.9)
    pen.shine(_circle(x, y, radius), scene.palette.disc)


def _moon(pen: Pen, scene: Scene) -> None:
    x, y = scene.sun
    draw_moon(pen, x, y, 58, scene.palette.disc)


def draw_moon(pen: Pen, x: float, y: float, radius: float, colour: str) -> None:
    """A full moon with its seas."""
    pen.glow(x, y, radius * 4.6, "#a8c6f5", 0.55)
    pen.glow(x, y, radius * 1.9, "#dfeaff", 0.7)
    pen.shine(_circle(x, y, radius), colour)
    grey = mix(colour, "#8f9cb8", 0.5)
    for dx, dy, size in (
        (-0.35, -0.25, 0.28),
        (0.1, -0.45, 0.18),
        (0.3, 0.15, 0.3),
        (-0.2, 0.35, 0.22),
        (0.45, -0.2, 0.12),
        (-0.55, 0.12, 0.13),
    ):
        pen.shine(_circle(x + dx * radius, y + dy * radius, size * radius), grey, opacity=0.4)
    pen.veil(_circle(x, y, radius), lighter(colour, 0.5), (0.5, 0))


def _circle(x: float, y: float, r: float) -> str:
    return f"M{x - r:.2f} {y:.2f}a{r:.2f} {r:.2f} 0 1 0 {2 * r:.2f} 0a{r:.2f} {r:.2f} 0 1 0 {-2 * r:.2f} 0Z"


_COVER = {"storm": 0.85, "rain": 0.72, "overcast": 0.8, "snow": 0.6, "fog": 0.3, "clouds": 0.62}


def paint_clouds(canvas: Canvas, scene: Scene) -> None:
    """Banks of cloud, lit from where the sun is."""
    if scene.world in {"underwater", "space", "moon", "table", "abstract"} or "clear" in scene.reading.weathers:
        return
    cover = _COVER.get(scene.weather or "", 0.62 if "clouds" in scene.reading.weathers else 0.4)
    if scene.palette.moonlit and cover < 0.5:
        cover = 0.28
    rows, columns = work_size(canvas)
    density, shade = _cloud_field(scene, rows, columns, cover)
    _lay_clouds(canvas, scene, density, shade)


def _cloud_field(scene: Scene, rows: int, columns: int, cover: float) -> tuple[Field, Field]:
    """How thick the clouds are, and how dark their undersides."""
    per_unit = rows / scene.height
    cell = (max(2, 190 * per_unit), max(2, 520 * per_unit))
    field = layered(scene.dice.named("clouds"), (rows, columns), cell, 5)
    y = np.linspace(0, scene.height, rows, dtype=np.float32)[:, None] / scene.horizon
    low = 0.66 - 0.36 * cover + 0.1 * np.abs(y - 0.35)
    density = smooth(field, low, low + 0.17) * smooth(1.02 - y, 0.0, 0.22)
    step = max(1, round(22 * per_unit))
    above = np.roll(density, step, axis=0)
    above[:step] = 0
    shade = np.clip(0.25 + above * 0.75 - (density - above) * 0.9, 0, 1)
    return density, shade


def _lay_clouds(canvas: Canvas, scene: Scene, density: Field, shade: Field) -> None:
    rows, columns = density.shape
    light = np.array(parts(scene.palette.cloud_light), dtype=np.float32)
    dark = np.array(parts(scene.palette.cloud_dark), dtype=np.float32)
    glow = np.array(parts(scene.palette.glow), dtype=np.float32)
    near = np.exp(-_distance(scene, rows, columns) / 420)[..., None] * scene.palette.glow_strength
    colours = light + (dark - light) * shade[..., None]
    colours = colours + (glow - colours) * np.clip(near * (1.1 - shade[..., None] * 0.7), 0, 0.9)
    canvas.lay_array(colours, density * 0.92)
