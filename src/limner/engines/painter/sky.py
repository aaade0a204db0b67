"""Sky, sun, moon, stars and clouds."""

from __future__ import annotations

import numpy as np
from PIL import Image

from limner.engines.painter.canvas import Canvas, work_size
from limner.engines.painter.colour import parts
from limner.engines.painter.curves import star
from limner.engines.painter.noise import Field, layered
from limner.engines.painter.scene import Scene
from limner.engines.painter.subjects import THINGS
from limner.engines.painter.subjects.heavens import disc_path
from limner.engines.painter.svg import Pen
from limner.engines.painter.worlds import paint_abstract, paint_nebula, paint_room


def paint_sky(canvas: Canvas, scene: Scene) -> None:
    """The whole backdrop: a sky, or what is there instead of one."""
    _paint_air(canvas, scene)
    if scene.world == "table":
        paint_room(canvas, scene)
    elif scene.world == "abstract":
        paint_abstract(canvas, scene)
    elif scene.world in {"space", "moon"} or "space" in scene.places:
        paint_nebula(canvas, scene)


def _paint_air(canvas: Canvas, scene: Scene) -> None:
    rows, columns = work_size(canvas)
    colours = _gradient(scene, rows, columns)
    colours = _glowing(colours, scene)
    picture = Image.fromarray(np.clip(colours, 0, 255).astype(np.uint8))
    canvas.picture = picture.resize((canvas.width, canvas.height), Image.Resampling.BICUBIC)


def _gradient(scene: Scene, rows: int, columns: int) -> Field:
    palette = scene.palette
    stops = [parts(colour) for colour in (palette.zenith, palette.upper, palette.lower, palette.horizon)]
    high = scene.horizon if scene.world == "underwater" else min(scene.horizon, 1500.0)
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
    found: Field = colours + (np.maximum(light, colours) - colours) * np.clip(glow, 0, 1)
    return found


def paint_lights(canvas: Canvas, scene: Scene) -> None:
    """Stars, and the sun or the moon."""
    pen = Pen()
    if scene.palette.stars > 0.05:
        _stars(pen, scene)
    if scene.world in _OPEN_AIR and _shows_disc(scene):
        (_moon if scene.palette.moonlit else _sun)(pen, scene)
    if scene.world == "moon" and not any(placed.thing.home == "space" for placed in scene.placed):
        with pen.moved(scene.sun[0], scene.horizon * 0.34 + 90, 1.9):
            THINGS["earth"].draw(pen, THINGS["earth"].colour)
    canvas.lay(pen)


_OPEN_AIR = {"land", "sea", "shore", "lake", "river", "city"}


def _shows_disc(scene: Scene) -> bool:
    named = {placed.name for placed in scene.placed}
    if "aurora" in scene.reading.weathers:
        return False
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
    pen.shine(disc_path(x, y, radius), scene.palette.disc)


def _moon(pen: Pen, scene: Scene) -> None:
    with pen.moved(scene.sun[0], scene.sun[1] + 60, 1.2):
        THINGS["moon"].draw(pen, scene.palette.disc)
