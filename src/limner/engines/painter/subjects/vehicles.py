"""What people travel in."""

from __future__ import annotations

from limner.engines.painter.colour import darker, lighter
from limner.engines.painter.curves import bend, blob, corners
from limner.engines.painter.subjects.thing import Thing
from limner.engines.painter.svg import Pen

_WOOD = "#8a5a36"


def sailboat(pen: Pen, colour: str) -> None:
    sail = "#fdf6e6" if colour.lower() not in {"#fdf6e6", "#f7f7f2"} else "#e9eef2"
    pen.limb("M2 -8V-100", "#7a5336", 2.4)
    pen.path("M5 -96C26 -74 36 -46 37 -22C26 -18 14 -18 5 -20Z", sail)
    pen.path("M-1 -92C-14 -70 -26 -44 -31 -22C-20 -18 -10 -18 -1 -20Z", lighter(colour, 0.12))
    pen.line("M5 -70C16 -67 22 -66 27 -66M5 -46C18 -43 28 -42 34 -42", darker(sail, 0.18), 0.8)
    pen.path(corners("2 -101, 14 -97, 2 -93"), colour)
    pen.path("M-40 -14C-20 -10 18 -10 44 -17C40 -4 32 2 26 3H-24C-32 1 -38 -6 -40 -14Z", colour)
    pen.line("M-39.5 -12.6C-20 -8.6 18 -8.6 43 -15.4", lighter(colour, 0.6), 1.8)
    pen.flat("M-33 -2C-20 1 18 1 35 -4C32 0 29 3 26 3H-24C-28 2 -31 0 -33 -2Z", darker(colour, 0.45), opacity=0.7)


def rocket(pen: Pen, colour: str) -> None:
    pen.glow(0, 8, 34, "#ffb347", 0.8)
    pen.shine(blob("-9 -12, 9 -12, 10 6, 4 18, 0 36, -4 18, -10 6"), "#ff8a2a")
    pen.shine(blob("-5 -12, 5 -12, 5 4, 0 20, -5 4"), "#ffe27a")
    pen.path("M-13 -42C-27 -34 -30 -18 -29 -6L-12 -18Z", colour)
    pen.path("M13 -42C27 -34 30 -18 29 -6L12 -18Z", darker(colour, 0.15))
    pen.box(-9, -16, (18, 7), "#566074", corner=2)
    pen.path("M-12 -16C-19 -46 -16 -78 0 -104C16 -78 19 -46 12 -16Z", "#eef1f6")
    pen.path("M-11.3 -80C-8.5 -89 -4.5 -97 0 -104C4.5 -97 8.5 -89 11.3 -80C4 -77 -4 -77 -11.3 -80Z", colour)
    pen.flat("M-14.5 -30C-5 -27 5 -27 14.5 -30L13.4 -23C5 -20.5 -5 -20.5 -13.4 -23Z", colour)
    pen.ball(0, -58, 9, "#98a4b8")
    pen.ball(0, -58, 6.6, "#2f6fb5")
    pen.flat(blob("-4 -60, -1 -63, 2 -63, -2 -58"), "#d6f0ff", opacity=0.9)
    pen.path("M-2.5 -36H2.5L3 -6L0 0L-3 -6Z", darker(colour, 0.1))


VEHICLES = {
    "sailboat": Thing(draw=sailboat, colour="#c8453a", size=7, width=86, home="water"),
    "rocket": Thing(draw=rocket, colour="#d8403a", size=22, width=62, home="sky"),
}
