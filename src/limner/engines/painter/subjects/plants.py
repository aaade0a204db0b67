"""Trees, flowers and what else grows."""

from __future__ import annotations

from limner.engines.painter.colour import darker, lighter
from limner.engines.painter.curves import around, bend, blob, corners, limb
from limner.engines.painter.subjects.thing import Thing
from limner.engines.painter.svg import Pen

_BARK, _STALK = "#7a5238", "#4f8a3a"


def tree(pen: Pen, leaves: str) -> None:
    pen.path("M-7 0C-4 -16 -4 -30 -5 -48H6C5 -30 5 -16 9 0C4 -2 -2 -2 -7 0Z", _BARK)
    pen.line("M0 -30L-16 -52M1 -36L18 -56", _BARK, 4)
    shade = darker(leaves, 0.25)
    for x, y, radius in ((-20, -52, 19), (20, -54, 19), (0, -48, 18)):
        pen.disc(x, y, radius, shade)
    for x, y, radius in ((-23, -66, 17), (22, -68, 18), (0, -64, 21), (-9, -82, 18), (11, -83, 17)):
        pen.disc(x, y, radius, leaves)
    bright = lighter(leaves, 0.18)
    for x, y, rx, ry in ((-27, -72, 9, 6), (-11, -90, 11, 6.5), (13, -90, 8, 5), (-3, -69, 10, 6), (20, -75, 9, 5)):
        pen.oval(x, y, rx, ry, bright, relief=0.4)


def pine(pen: Pen, needles: str) -> None:
    pen.box(-4, -16, (8, 16), _BARK)
    for base, top, half in ((-10, -48, 31), (-30, -68, 25), (-52, -86, 19), (-72, -102, 12)):
        pen.path(
            f"M0 {top}C{half * 0.3:.1f} {base - 14} {half * 0.7:.1f} {base - 4} {half} {base}"
            f"Q{half * 0.5:.1f} {base - 3} 0 {base + 4}Q{-half * 0.5:.1f} {base - 3} {-half} {base}"
            f"C{-half * 0.7:.1f} {base - 4} {-half * 0.3:.1f} {base - 14} 0 {top}Z",
            needles,
        )


def flower(pen: Pen, petals: str) -> None:
    pen.line(bend("0 0, 3 -30, 0 -66"), _STALK, 4)
    pen.path(blob("2 -18, 16 -36, 30 -36, 22 -22"), "#5c9a42")
    pen.path(blob("2 -28, -14 -42, -26 -40, -18 -28"), "#4f8a3a")
    for x, y, angle in around(0, -72, 15, 8):
        pen.oval(x, y, 13, 8, petals, turn=angle)
    pen.ball(0, -72, 9, "#f6c343")


PLANTS = {
    "tree": Thing(draw=tree, colour="#5f9a3f", size=8, width=84),
    "pine": Thing(draw=pine, colour="#2f6b4a", size=10, width=64),
    "flower": Thing(draw=flower, colour="#e2557f", size=0.6, width=60),
}
