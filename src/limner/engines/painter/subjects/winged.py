"""Birds and insects."""

from __future__ import annotations

from limner.engines.painter.colour import darker, lighter
from limner.engines.painter.curves import bend, blob, corners, limb
from limner.engines.painter.subjects.animals import eye
from limner.engines.painter.subjects.thing import Thing
from limner.engines.painter.svg import Pen

_DARK = "#241b19"


def bird(pen: Pen, plumage: str) -> None:
    """In flight, wings up."""
    pen.path("M-12 -48C-26 -72 -30 -92 -26 -108C-10 -98 8 -78 12 -54Z", darker(plumage, 0.3))
    pen.path(corners("-40 -40, -78 -34, -66 -26, -80 -18, -38 -26"), darker(plumage, 0.15))
    pen.path(blob("-44 -36, -22 -50, 12 -54, 34 -56, 46 -48, 36 -34, 10 -20, -20 -20, -42 -26"), plumage)
    pen.path(blob("20 -34, 40 -42, 30 -28, 6 -20, -10 -22"), lighter(plumage, 0.55))
    pen.path(
        "M14 -46C14 -70 2 -96 -18 -112C-20 -106 -18 -102 -16 -98C-26 -104 -32 -104 -38 -102C-34 -98 -32 -94 -30 -90C-36 -92 -42 -92 -46 -88C-30 -74 -24 -52 -20 -38Z",
        lighter(plumage, 0.08),
    )
    pen.path(corners("45 -50, 60 -44, 43 -42"), "#f0a030")
    eye(pen, 35, -48, 2.6)


def owl(pen: Pen, plumage: str) -> None:
    pale = lighter(plumage, 0.6)
    for x in (-10, 10):
        pen.path(blob(f"{x - 8} -4, {x + 8} -4, {x + 9} 0, {x - 9} 0"), "#e2a23a")
    pen.path(blob("0 -100, 22 -94, 34 -66, 34 -30, 20 -4, -20 -4, -34 -30, -34 -66, -22 -94"), plumage)
    pen.path(blob("0 -58, 20 -50, 22 -24, 12 -6, -12 -6, -22 -24, -20 -50"), pale)
    for row, y in enumerate((-46, -36, -26, -16)):
        for x in range(-14 + row % 2 * 5, 16, 10):
            pen.line(f"M{x} {y}q3 5 6 0", darker(plumage, 0.1), 1.7)
    for side in (-1, 1):
        pen.path(
            blob(f"{side * 27} -66, {side * 40} -44, {side * 36} -14, {side * 24} -10, {side * 22} -40"),
            darker(plumage, 0.22),
        )
        pen.path(corners(f"{side * 8} -92, {side * 30} -110, {side * 28} -84"), darker(plumage, 0.2))
        pen.disc(side * 13, -76, 14.5, pale)
        pen.disc(side * 13, -76, 9.5, "#f4b62e")
        pen.disc(side * 12, -76, 5.6, _DARK, relief=0)
        pen.disc(side * 12 + 2, -78.5, 2, "#ffffff", relief=0)
    pen.path(corners("-5 -70, 5 -70, 0 -57"), "#e08a2c")


def duck(pen: Pen, plumage: str) -> None:
    pen.path(blob("-62 -48, -52 -34, -40 -40, -10 -48, 18 -40, 30 -22, 18 0, -26 2, -52 -12"), plumage)
    pen.path(limb("14 -28, 24 -52, 24 -74", "30 20 18"), plumage)
    pen.path(blob("-42 -38, -12 -42, 10 -28, -4 -12, -30 -14"), darker(plumage, 0.14))
    pen.line("M-34 -30L-6 -28M-30 -22L-8 -20", darker(plumage, 0.3), 1.6)
    pen.ball(26, -80, 18, plumage)
    pen.path(blob("38 -82, 56 -80, 62 -74, 52 -70, 38 -72"), "#f09a2e")
    eye(pen, 33, -84, 3.2)


def swan(pen: Pen, plumage: str) -> None:
    pen.path(blob("-58 -34, -70 -46, -40 -44, -6 -46, 24 -34, 32 -16, 16 2, -28 4, -52 -12"), plumage)
    pen.path(limb("22 -20, 42 -36, 36 -62, 30 -82, 42 -94", "20 13 10 10 13"), plumage)
    pen.path(blob("-66 -52, -36 -54, 0 -46, 10 -26, -12 -14, -40 -22"), lighter(plumage, 0.4))
    pen.line(bend("-52 -44, -26 -40, 0 -32") + bend("-46 -34, -22 -30, -4 -24"), darker(plumage, 0.16), 1.6)
    pen.path(corners("48 -99, 66 -90, 47 -88"), "#ec8a2e")
    pen.flat(corners("46 -99, 53 -96, 49 -91"), _DARK)
    eye(pen, 43, -96, 1.8)


def butterfly(pen: Pen, wings: str) -> None:
    for side in (-1, 1):
        pen.path(
            f"M{side * 2} -50C{side * 10} -88 {side * 42} -104 {side * 56} -94C{side * 64} -76 {side * 46} -50 {side * 4} -46Z",
            wings,
        )
        pen.path(
            f"M{side * 3} -46C{side * 30} -48 {side * 48} -34 {side * 42} -16C{side * 30} -2 {side * 10} -22 {side * 2} -42Z",
            lighter(wings, 0.22),
        )
        pen.line(
            f"M{side * 2} -50C{side * 10} -88 {side * 42} -104 {side * 56} -94C{side * 64} -76 {side * 46} -50 {side * 4} -46C{side * 30} -48 {side * 48} -34 {side * 42} -16C{side * 30} -2 {side * 10} -22 {side * 2} -42",
            darker(wings, 0.62),
            3,
        )
        pen.line(
            f"M{side * 4} -52L{side * 46} -86M{side * 4} -50L{side * 48} -68M{side * 4} -44L{side * 34} -22",
            darker(wings, 0.5),
            1.3,
        )
        for x, y, r in ((46, -84, 4), (36, -72, 5), (30, -28, 4.5)):
            pen.disc(side * x, y, r, "#fff2c8", relief=0)
        pen.line(bend(f"{side} -64, {side * 8} -78, {side * 14} -84"), _DARK, 1.4)
        pen.disc(side * 14, -85, 1.9, _DARK)
    pen.path(limb("0 -66, 0 -46, 0 -20", "5 7 3"), "#3a2a26")


def bee(pen: Pen, stripes: str) -> None:
    for turn, x in ((-30, -4), (12, 12)):
        pen.oval(x, -82, 12, 24, "#dff0fa", turn=turn, relief=0.4)
    body = "M-46 -42C-46 -66 -16 -72 10 -68C34 -64 36 -24 8 -18C-18 -14 -46 -20 -46 -42Z"
    pen.path(corners("-44 -46, -62 -42, -44 -38"), _DARK)
    pen.path(body, stripes)
    with pen.inside(body):
        for x in (-34, -16, 2):
            pen.path(
                f"M{x} -80C{x + 5} -56 {x + 5} -30 {x} -10H{x + 9}C{x + 14} -30 {x + 14} -56 {x + 9} -80Z", "#352a24"
            )
    pen.ball(34, -46, 20, lighter(stripes, 0.1))
    pen.line(bend("36 -64, 42 -76, 50 -78") + bend("44 -62, 54 -72, 60 -70"), _DARK, 2)
    eye(pen, 41, -50, 4.5)
    pen.line(bend("40 -38, 45 -36, 49 -39"), _DARK, 1.4)


def bat(pen: Pen, coat: str) -> None:
    for side in (-1, 1):
        pen.path(
            f"M{side * 8} -56C{side * 24} -80 {side * 52} -84 {side * 80} -72C{side * 70} -64 {side * 68} -52 {side * 70} -42C{side * 58} -48 {side * 50} -42 {side * 46} -32C{side * 36} -42 {side * 28} -38 {side * 22} -26C{side * 18} -34 {side * 12} -36 {side * 6} -36Z",
            darker(coat, 0.15),
        )
        pen.path(corners(f"{side * 2} -74, {side * 12} -92, {side * 14} -68"), coat)
    pen.path(blob("0 -78, 13 -70, 13 -56, 10 -30, 0 -20, -10 -30, -13 -56, -13 -70"), coat)
    for x in (-5, 5):
        pen.disc(x, -66, 3, "#ffe27a", relief=0)
        pen.disc(x, -66, 1.3, _DARK, relief=0)
    pen.flat(corners("-4 -57, -1 -57, -2.5 -52") + corners("1 -57, 4 -57, 2.5 -52"), "#ffffff")


WINGED = {
    "bird": Thing(draw=bird, colour="#3f7fc0", size=0.5, width=136, home="sky"),
    "owl": Thing(draw=owl, colour="#9a7450", size=0.6, width=80),
    "duck": Thing(draw=duck, colour="#f2d25a", size=0.5, width=122, home="water"),
    "swan": Thing(draw=swan, colour="#fbfbf8", size=1.1, width=134, home="water"),
    "butterfly": Thing(draw=butterfly, colour="#ef8a2c", size=0.3, width=124, home="sky"),
    "bee": Thing(draw=bee, colour="#f4c22e", size=0.2, width=118, home="sky"),
    "bat": Thing(draw=bat, colour="#4a4058", size=0.4, width=160, home="sky"),
}
