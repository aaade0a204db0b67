"""What stands in the sky or in space."""

from __future__ import annotations

from limner.engines.painter.colour import darker, lighter, mix
from limner.engines.painter.curves import bend, blob, star
from limner.engines.painter.subjects.thing import Thing
from limner.engines.painter.svg import Pen


def disc_path(x: float, y: float, radius: float) -> str:
    return f"M{x - radius:.2f} {y:.2f}a{radius:.2f} {radius:.2f} 0 1 0 {2 * radius:.2f} 0a{radius:.2f} {radius:.2f} 0 1 0 {-2 * radius:.2f} 0Z"


def moon(pen: Pen, colour: str) -> None:
    """Full, with its seas."""
    pen.glow(0, -50, 190, mix("#a8c6f5", colour, 0.3), 0.5)
    pen.glow(0, -50, 88, "#dfeaff", 0.7)
    pen.shine(disc_path(0, -50, 46), colour)
    grey = mix(colour, "#8f9cb8", 0.55)
    for x, y, radius in (
        (-16, -61, 12),
        (5, -70, 8),
        (14, -43, 13),
        (-9, -34, 10),
        (21, -59, 5),
        (-26, -45, 6),
        (3, -52, 4),
    ):
        pen.shine(disc_path(x, y, radius), grey, opacity=0.42)
    pen.veil(disc_path(0, -50, 46), lighter(colour, 0.5), (0.45, 0))


def crescent(pen: Pen, colour: str) -> None:
    pen.glow(0, -50, 150, "#a8c6f5", 0.45)
    pen.shine("M16 -96A46 46 0 1 0 40 -26A38 38 0 1 1 16 -96Z", colour)


def sun(pen: Pen, colour: str) -> None:
    pen.glow(0, -50, 200, mix(colour, "#ffd27a", 0.4), 0.7)
    pen.glow(0, -50, 80, "#fff6d8", 0.8)
    pen.shine(disc_path(0, -50, 44), lighter(colour, 0.35))


def star_shape(pen: Pen, colour: str) -> None:
    pen.glow(0, -50, 90, colour, 0.6)
    pen.shine(star(0, -50, 50, 5, 0.46), colour)
    pen.shine(star(0, -50, 34, 5, 0.46), lighter(colour, 0.5), opacity=0.7)


def planet(pen: Pen, colour: str) -> None:
    """With rings."""
    pen.glow(0, -50, 96, lighter(colour, 0.3), 0.35)
    pen.line("M-78 -34A84 20 -14 0 1 80 -66", lighter(colour, 0.5), 7, opacity=0.6)
    globe = disc_path(0, -50, 44)
    pen.ball(0, -50, 44, colour)
    with pen.inside(globe):
        for y, width, tone in ((-78, 9, 0.25), (-62, 6, -0.2), (-46, 11, 0.2), (-26, 8, -0.25)):
            band = lighter(colour, tone) if tone > 0 else darker(colour, -tone)
            pen.line(f"M-60 {y + 8}C-20 {y + 14} 20 {y + 4} 60 {y - 6}", band, width, opacity=0.6)
        pen.veil("M-60 -110H60V10H-60Z", "#05040f", (0, 0.55))
    pen.line("M-78 -34A84 20 -14 0 0 80 -66", lighter(colour, 0.55), 9, opacity=0.95)
    pen.line("M-70 -35A76 15 -14 0 0 73 -64", darker(colour, 0.1), 3, opacity=0.8)


def earth(pen: Pen, sea: str) -> None:
    pen.glow(0, -50, 92, "#7fc4ff", 0.7)
    globe = disc_path(0, -50, 46)
    pen.ball(0, -50, 46, sea)
    with pen.inside(globe):
        for d in (
            "-30 -88, -8 -92, 2 -80, -10 -66, -20 -54, -34 -60, -42 -74",
            "-12 -50, 4 -48, 8 -34, -2 -14, -12 -26",
            "14 -84, 36 -82, 44 -60, 32 -40, 22 -30, 14 -50, 20 -66",
        ):
            pen.path(blob(d), "#58a05a")
        for d in ("-44 -64, -16 -70, 8 -62", "-10 -40, 20 -42, 42 -34", "-34 -28, -10 -22, 14 -26", "4 -92, 26 -88"):
            pen.line(bend(d), "#ffffff", 5, opacity=0.8)
        pen.veil("M-60 -110H60V10H-60Z", "#020510", (0, 0.6))


def comet(pen: Pen, colour: str) -> None:
    """Falling to the right, its tail behind it."""
    pen.fade("M34 -22L-90 -104L-98 -92L26 -10Z", ("#7fb4ff", colour), across=True)
    pen.veil("M34 -30L-110 -98L26 -4Z", colour, (0.1, 0.5))
    pen.glow(34, -18, 46, colour, 0.9)
    pen.shine(disc_path(34, -18, 13), "#ffffff")


HEAVENS = {
    "moon": Thing(draw=moon, colour="#f5f3e6", size=1.0, width=100, home="space", glows=True),
    "crescent": Thing(draw=crescent, colour="#fdf3c8", size=1.0, width=100, home="space", glows=True),
    "sun": Thing(draw=sun, colour="#ffd35a", size=1.0, width=100, home="space", glows=True),
    "star": Thing(draw=star_shape, colour="#ffe27a", size=0.4, width=100, home="space", glows=True),
    "planet": Thing(draw=planet, colour="#d99a5a", size=1.6, width=170, home="space"),
    "earth": Thing(draw=earth, colour="#2f7fd0", size=1.4, width=100, home="space"),
    "comet": Thing(draw=comet, colour="#e8f4ff", size=1.0, width=150, home="space", glows=True),
}
