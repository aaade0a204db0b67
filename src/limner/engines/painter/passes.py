"""The passes of a picture, in the order a painter would work."""

from __future__ import annotations

from collections.abc import Callable

from limner.engines.painter.actors import paint_things
from limner.engines.painter.canvas import Canvas
from limner.engines.painter.clouds import paint_clouds
from limner.engines.painter.land import paint_distance, paint_ground
from limner.engines.painter.scene import Scene
from limner.engines.painter.sky import paint_lights, paint_sky
from limner.engines.painter.sky_lights import paint_sky_lights
from limner.engines.painter.styles import paint_finish
from limner.engines.painter.water import paint_water
from limner.engines.painter.weather import paint_weather

Pass = Callable[[Canvas, Scene], None]

PASSES: tuple[Pass, ...] = (
    paint_sky,
    paint_sky_lights,
    paint_lights,
    paint_clouds,
    paint_distance,
    paint_water,
    paint_ground,
    paint_things,
    paint_weather,
    paint_finish,
)
