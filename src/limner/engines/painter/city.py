"""Skylines and villages."""

from __future__ import annotations

from dataclasses import replace

from limner.engines.painter.colour import darker, lighter, lit, mix
from limner.engines.painter.dice import Dice
from limner.engines.painter.scene import Scene
from limner.engines.painter.subjects import THINGS
from limner.engines.painter.svg import Pen

_LAMPS = ("#ffd985", "#ffe9b8", "#ffc36b", "#bfe3ff")


def draw_skyline(pen: Pen, scene: Scene) -> None:
    """Three rows of towers; the far ones are in the haze."""
    for row, (low, high, share) in enumerate(((220, 520, 0.7), (150, 420, 0.42), (90, 260, 0.14))):
        dice = scene.dice.named(f"towers {row}")
        x = -20.0
        while x < scene.width:
            wide = dice.between(46, 104) * (0.8 + 0.15 * row)
            tall = min(scene.horizon * 0.8, low + (high - low) * dice.unit() ** 1.7)
            colour = mix(
                lit(dice.pick(("#5e6c82", "#7b6f78", "#54708a", "#6b6478")), scene.palette.ambient),
                scene.palette.haze,
                share,
            )
            _tower(pen, scene, dice, (x, wide, tall), (colour, share))
            x += wide * dice.between(0.86, 1.12)
        pen.veil(
            f"M0 {scene.horizon - 190:.0f}H{scene.width:.0f}V{scene.horizon + 4:.0f}H0Z",
            scene.palette.haze,
            (0, 0.5 * (1 - row / 3)),
        )


def _tower(pen: Pen, scene: Scene, dice: Dice, shape: tuple[float, float, float], ink: tuple[str, float]) -> None:
    x, wide, tall = shape
    colour, share = ink
    top = scene.horizon - tall
    pen.fade(
        f"M{x:.1f} {top:.1f}h{wide:.1f}V{scene.horizon + 6:.1f}h{-wide:.1f}Z",
        (lighter(colour, 0.06), mix(colour, scene.palette.haze, 0.25)),
    )
    lit_side = x if scene.light.side < 0 else x + wide * 0.72
    pen.flat(
        f"M{lit_side:.1f} {top:.1f}h{wide * 0.28:.1f}V{scene.horizon + 6:.1f}h{-wide * 0.28:.1f}Z",
        lighter(colour, 0.14),
        opacity=0.8,
    )
    roof = dice.whole(0, 3)
    if roof == 0:
        pen.flat(
            f"M{x + wide * 0.2:.1f} {top:.1f}h{wide * 0.6:.1f}l{-wide * 0.15:.1f} {-wide * 0.3:.1f}h{-wide * 0.3:.1f}Z",
            colour,
        )
    elif roof == 1:
        pen.line(f"M{x + wide / 2:.1f} {top:.1f}v{-wide * 0.7:.1f}", colour, 3)
    if share < 0.6 and scene.width < 8000:
        _windows(pen, scene, dice, shape, ink)


def _windows(pen: Pen, scene: Scene, dice: Dice, shape: tuple[float, float, float], ink: tuple[str, float]) -> None:
    x, wide, tall = shape
    top = scene.horizon - tall
    dark = scene.light.night or scene.time == "sunset"
    columns, step = max(2, round(wide / 16)), 17.0
    width = wide / (columns * 1.6 + 0.6)
    day = darker(ink[0], 0.2) if not dark else darker(ink[0], 0.35)
    panes: dict[str, list[str]] = {}
    for row in range(round((tall - 26) / step)):
        for column in range(columns):
            colour = dice.pick(_LAMPS) if dark and dice.chance(0.42) else day
            left = x + width * (0.6 + column * 1.6)
            panes.setdefault(colour, []).append(f"M{left:.1f} {top + 13 + row * step:.1f}h{width:.1f}v8h{-width:.1f}Z")
    for colour, paths in panes.items():
        pen.shine("".join(paths), colour, opacity=1 - ink[1] * 0.6)


def draw_village(pen: Pen, scene: Scene) -> None:
    """A church, houses and trees on the first folds of the ground."""
    dice = scene.dice.named("village")
    light = replace(scene.light, haze_share=0.16)
    width, depth = min(scene.width, 4000), scene.height - scene.horizon
    spots = [(0.02, 0.5 + dice.between(-0.12, 0.12), "church")]
    for at in range(11):
        down = dice.between(0.0, 0.2)
        spots.append((down, (at + dice.between(0.1, 0.9)) / 11, "house" if at % 4 != 3 else "tree"))
    with pen.under(light):
        for down, across, name in sorted(spots):
            size = (0.62 + down * 1.5) * (1.7 if name == "church" else dice.between(0.85, 1.15))
            with pen.moved(width * across, scene.horizon + 4 + depth * down, size, mirror=dice.chance(0.5)):
                pen.shadow(0, 0, 62, 7, 0.3)
                THINGS[name].draw(pen, _village_colour(dice, name))


def _village_colour(dice: Dice, name: str) -> str:
    roofs = ("#b9503a", "#a8452f", "#c26a3d", "#7d5a4a", "#96503f")
    return dice.pick(roofs) if name == "house" else THINGS[name].colour
