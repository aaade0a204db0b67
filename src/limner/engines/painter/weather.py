"""Rain, snow, fog and lightning, in front of everything."""

from __future__ import annotations

import numpy as np

from limner.engines.painter.canvas import Canvas, work_size
from limner.engines.painter.colour import lighter, mix, parts
from limner.engines.painter.noise import layered, smooth
from limner.engines.painter.scene import Scene
from limner.engines.painter.svg import Pen


def paint_weather(canvas: Canvas, scene: Scene) -> None:
    if scene.world in {"space", "moon", "underwater", "table", "abstract"}:
        return
    weathers = set(scene.reading.weathers) | ({scene.weather} if scene.weather else set())
    if weathers & {"fog"}:
        _fog(canvas, scene)
    pen = Pen()
    if "storm" in weathers:
        _lightning(pen, scene)
    if weathers & {"rain", "storm"}:
        _rain(pen, scene)
    if "snow" in weathers:
        _snow(pen, scene)
    canvas.lay(pen)


def _fog(canvas: Canvas, scene: Scene) -> None:
    rows, columns = work_size(canvas)
    noise = layered(scene.dice.named("fog"), (rows, columns), (rows / 5, columns / 1.5), 4)
    y = np.linspace(0, scene.height, rows, dtype=np.float32)[:, None]
    bank = np.exp(-(((y - scene.horizon) / 330) ** 2))
    mask = np.clip(bank * (0.45 + noise * 0.75) * 0.7, 0, 0.66)
    colour = np.broadcast_to(np.array(parts(lighter(scene.palette.haze, 0.25)), dtype=np.float32), (rows, columns, 3))
    canvas.lay_array(colour, smooth(mask, 0, 1))


def _rain(pen: Pen, scene: Scene) -> None:
    dice = scene.dice.named("rain")
    colour = mix("#e8f1ff", scene.palette.haze, 0.25)
    area = min(5.0, scene.width * scene.height / 1e6)
    for opacity, long, width, count in ((0.22, 34, 1.1, 260), (0.38, 62, 1.8, 120)):
        path = []
        for _ in range(round(count * area)):
            x, y, length = (
                dice.between(-60, scene.width),
                dice.between(-60, scene.height),
                long * dice.between(0.7, 1.3),
            )
            path.append(f"M{x:.0f} {y:.0f}l{length * 0.22:.1f} {length:.1f}")
        pen.line("".join(path), colour, width, opacity=opacity)


def _snow(pen: Pen, scene: Scene) -> None:
    dice = scene.dice.named("snow")
    area = min(5.0, scene.width * scene.height / 1e6)
    for size, opacity, count in ((2.2, 0.8, 170), (4.0, 0.75, 70), (8.5, 0.4, 16)):
        for _ in range(round(count * area)):
            x, y, radius = dice.between(0, scene.width), dice.between(0, scene.height), size * dice.between(0.6, 1.3)
            if size > 8:
                pen.glow(x, y, radius * 2.2, "#ffffff", opacity)
            else:
                pen.shine(
                    f"M{x - radius:.1f} {y:.1f}a{radius:.1f} {radius:.1f} 0 1 0 {2 * radius:.1f} 0a{radius:.1f} {radius:.1f} 0 1 0 {-2 * radius:.1f} 0Z",
                    "#ffffff",
                    opacity=opacity,
                )


def _lightning(pen: Pen, scene: Scene) -> None:
    dice = scene.dice.named("lightning")
    x, y = scene.width * dice.between(0.2, 0.8), 0.0
    points = [f"{x:.0f} 0"]
    while y < scene.horizon:
        x += dice.between(-52, 52)
        y += dice.between(28, 80)
        points.append(f"{x:.0f} {min(y, scene.horizon):.0f}")
        if dice.chance(0.3):
            fork = dice.side()
            pen.line(f"M{x:.0f} {y:.0f}l{fork * 40:.0f} 46l{fork * 12:.0f} 40", "#dfe6ff", 2, opacity=0.75)
    path = "M" + "L".join(points)
    pen.glow(x, scene.horizon * 0.4, 420, "#b9c6ff", 0.4)
    pen.line(path, "#aebcff", 15, opacity=0.22)
    pen.line(path, "#f6f8ff", 4.5)
