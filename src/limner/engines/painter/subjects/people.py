"""People, and those who walk like them."""

from __future__ import annotations

from limner.engines.painter.colour import darker, lighter
from limner.engines.painter.curves import bend, blob, corners, limb
from limner.engines.painter.subjects.thing import Thing
from limner.engines.painter.svg import Pen

_SKIN, _HAIR, _NIGHT_GLASS = "#e8b48c", "#4a2e22", "#1b2440"


def _helmet(pen: Pen, suit: str) -> None:
    """A helmet with its middle at 0, 0, looking right."""
    pen.ball(0, 0, 18, suit)
    pen.oval(5.5, 1, 12.5, 11.5, "#c9a24a")
    pen.path(blob("-5 0, 0 -9.5, 9 -10, 16 -4, 16 4, 10 10, 0 9.5"), _NIGHT_GLASS)
    pen.flat(blob("-3 -1, 1 -7.5, 8 -8.2, 10 -6.5, 4 -5, 0 1"), "#8fd0ff", opacity=0.75)
    pen.flat(blob("9 6, 13 2, 14 3, 11 7.5"), "#ffb36b", opacity=0.8)
    pen.box(-18.5, -4.5, (5, 9), "#9aa3b5", corner=2)


def _pack(pen: Pen, suit: str) -> None:
    pen.box(-23, -74, (15, 32), darker(suit, 0.22), corner=4)
    pen.box(-23, -66, (15, 4), "#e0603a", corner=1)


def astronaut(pen: Pen, suit: str) -> None:
    grey = darker(suit, 0.14)
    _pack(pen, suit)
    pen.path(limb("-9 -38, -11 -22, -11 -6", "15 14 13"), grey)
    pen.path(limb("6 -38, 8 -22, 8 -6", "16 15 14"), suit)
    for x, tone in ((-11, grey), (8, suit)):
        pen.path(blob(f"{x - 8} -8, {x + 7} -9, {x + 12} -3, {x + 11} 0, {x - 8} 0"), darker(tone, 0.12))
        pen.box(x - 7.5, -12, (15, 3.2), "#e0603a", corner=1.5)
    pen.path(limb("-11 -66, -20 -55, -19 -40", "12 12 10"), grey)
    pen.path(blob("-15 -70, 0 -74, 13 -70, 15 -54, 13 -38, -14 -38, -16 -54"), suit)
    _chest(pen)
    pen.path(limb("11 -66, 22 -60, 29 -72", "13 13 11"), suit)
    pen.disc(30, -75, 6, "#e0603a")
    with pen.moved(1, -84):
        _helmet(pen, suit)


def _chest(pen: Pen) -> None:
    pen.box(-5, -62, (15, 11), "#cfd6e2", corner=2)
    for x, colour in ((-1.5, "#e0483a"), (3, "#3fae6b"), (7, "#3d7fe0")):
        pen.disc(x, -58, 1.6, colour, relief=0)
    pen.box(-3, -55, (11, 1.8), "#6d7a92", relief=0)
    pen.box(-15, -41, (29, 3.5), "#9aa3b5", corner=1.5)


def astronaut_seated(pen: Pen, suit: str) -> None:
    """Hips on 0, 0; the near leg hangs over the side and the hands hold the reins."""
    with pen.moved(-1, 38):
        _pack(pen, suit)
        pen.path(blob("-15 -70, 0 -74, 13 -70, 14 -54, 12 -36, -14 -36, -16 -54"), suit)
        _chest(pen)
        pen.path(limb("9 -66, 17 -54, 31 -50", "13 12 10"), suit)
        pen.disc(33, -49.5, 6, "#e0603a")
        with pen.moved(2, -84):
            _helmet(pen, suit)
    pen.path(limb("-4 -2, 12 5, 13 22, 9 36", "19 17 15 13"), suit)
    pen.path(blob("1 34, 15 34, 22 41, 21 45, 1 45"), darker(suit, 0.14))
    pen.box(2, 30, (14, 3.4), "#e0603a", corner=1.5)


def person(pen: Pen, coat: str) -> None:
    trousers = "#3c4a66"
    pen.path(limb("-5 -44, -7 -22, -8 -4", "12 10 8"), darker(trousers, 0.2))
    pen.path(limb("5 -44, 6 -22, 7 -4", "13 10 8"), trousers)
    for x in (-8, 7):
        pen.path(blob(f"{x - 5} -5, {x + 5} -5, {x + 10} -1, {x + 9} 0, {x - 5} 0"), "#5a3a2a")
    pen.path(limb("-9 -72, -15 -58, -14 -44", "10 9 7"), darker(coat, 0.2))
    pen.path(blob("-12 -76, 0 -79, 12 -76, 13 -58, 13 -40, -13 -40, -13 -58"), coat)
    pen.path(limb("9 -72, 15 -58, 16 -44", "10 9 7"), coat)
    pen.disc(16, -41, 4, _SKIN)
    pen.box(-4, -83, (8, 8), darker(_SKIN, 0.12), corner=3)
    _head(pen, 0, -90)


def _head(pen: Pen, x: float, y: float) -> None:
    with pen.moved(x, y):
        pen.path(blob("-11 4, -12 -6, -5 -13, 6 -12, 11 -5, 8 -4, 0 -6, -7 2"), _HAIR)
        pen.oval(1, 0, 9, 10.5, _SKIN)
        pen.path(blob("-11 5, -12 -6, -5 -13, 6 -12, 11 -5, 4 -6, -3 -5, -7 0"), _HAIR)
        pen.disc(4.5, 0, 1.3, "#2a1d1a", relief=0)
        pen.line(bend("3 5, 5.5 5.6, 7.5 4.4"), "#a0523d", 1)


def person_seated(pen: Pen, coat: str) -> None:
    with pen.moved(0, 40):
        pen.path(blob("-12 -76, 0 -79, 11 -76, 12 -58, 12 -38, -13 -38, -13 -58"), coat)
        pen.path(limb("8 -71, 16 -58, 28 -54", "10 9 7"), coat)
        pen.disc(30, -54, 4, _SKIN)
        pen.box(-4, -83, (8, 8), darker(_SKIN, 0.12), corner=3)
        _head(pen, 0, -90)
    pen.path(limb("-3 -2, 11 4, 12 20, 9 32", "15 13 11 9"), "#3c4a66")
    pen.path(blob("4 30, 13 30, 20 36, 19 39, 3 39"), "#5a3a2a")


def robot(pen: Pen, metal: str) -> None:
    dark = darker(metal, 0.35)
    for x in (-12, 12):
        pen.limb(f"M{x} -30V-8", dark, 7)
        pen.box(x - 9, -10, (18, 10), metal, corner=4)
    for x, turn in ((-1, "-22 -62, -32 -52, -33 -38"), (1, "22 -62, 32 -54, 36 -66")):
        pen.limb(bend(turn), dark, 6)
        pen.disc(33.5 * x + (2.5 if x > 0 else 0), -37 if x < 0 else -68, 5.5, metal)
    pen.box(-22, -68, (44, 40), metal, corner=7)
    pen.box(-15, -60, (30, 20), dark, corner=3)
    pen.shine("M-11 -50L-6 -50L-3 -55L1 -45L4 -50H11", "#7ef0c0", opacity=0)
    pen.line("M-11 -50L-6 -50L-3 -55L1 -45L4 -50H11", "#7ef0c0", 1.6)
    for x, colour in ((-9, "#f25f4c"), (0, "#ffd166"), (9, "#4cc9f0")):
        pen.disc(x, -34, 2.4, colour)
    pen.box(-5, -74, (10, 8), dark)
    pen.box(-18, -98, (36, 26), metal, corner=8)
    pen.box(-13.5, -92, (27, 13), _NIGHT_GLASS, corner=6)
    for x in (-6, 6):
        pen.glow(x, -85.5, 8, "#7ee8ff", 0.7)
        pen.shine(f"M{x - 3} -85.5a3 3 0 1 0 6 0a3 3 0 1 0 -6 0", "#c8f8ff")
    pen.line("M0 -98V-106", dark, 2)
    pen.ball(0, -108, 3.4, "#f25f4c")


def snowman(pen: Pen, snow: str) -> None:
    pen.line(bend("-18 -50, -32 -58, -41 -68"), "#5b3f2c", 3)
    pen.line("M-36 -62L-43 -60M-37 -63L-37 -72", "#5b3f2c", 2)
    pen.ball(0, -22, 25, snow)
    pen.ball(0, -53, 19, snow)
    pen.line(bend("17 -52, 31 -58, 41 -70"), "#5b3f2c", 3)
    pen.line("M36 -63L44 -62M36 -63L35 -73", "#5b3f2c", 2)
    pen.ball(0, -79, 14.5, snow)
    pen.path(blob("-14 -69, 0 -65, 14 -69, 15 -64, 0 -59, -15 -64"), "#d8383a")
    pen.path(limb("-8 -64, -12 -54, -11 -45", "7 8 7"), "#c22e33")
    for y in (-55, -47, -28):
        pen.disc(2, y, 2, "#2a2a33")
    for x in (-4.5, 6):
        pen.disc(x, -83, 2, "#22222a", relief=0)
    pen.path(corners("1 -79, 17 -75.5, 1 -75"), "#f08a2c")
    pen.line(bend("-5 -73, 1 -71, 7 -72.5"), "#33333c", 1.2)
    pen.box(-16, -93, (32, 4), "#2b2d3a", corner=2)
    pen.path(corners("-10 -92, -11 -108, 11 -108, 10 -92"), "#343747")
    pen.box(-10.2, -97, (20.4, 4), "#d8383a")


def ghost(pen: Pen, sheet: str) -> None:
    pen.glow(0, -50, 75, sheet, 0.35)
    pen.path(
        "M-30 -4C-33 -40 -34 -98 0 -98C34 -98 33 -40 31 -4C26 -12 21 -12 16 -3C11 -12 5 -12 0 -3C-5 -12 -11 -12 -16 -3C-20 -12 -26 -12 -30 -4Z",
        sheet,
    )
    for x in (-8, 12):
        pen.oval(x, -66, 5, 8, "#262a44", relief=0)
        pen.disc(x + 1.5, -69, 1.8, "#ffffff", relief=0)
    pen.oval(2, -48, 5, 6, "#3a3d5c", relief=0)
    for x in (-15, 20):
        pen.oval(x, -55, 5, 3, "#ffb3bd", relief=0)


def wizard(pen: Pen, robe: str) -> None:
    pen.limb(bend("30 0, 29 -50, 30 -92"), "#6b4a2f", 4)
    pen.glow(30, -98, 20, "#8ff0ff", 0.8)
    pen.ball(30, -97, 6, "#7fe3ff")
    pen.path(blob("-12 -70, 0 -74, 12 -70, 20 -30, 26 -1, 0 2, -26 -1, -20 -30"), robe)
    pen.path(limb("9 -66, 20 -56, 29 -50", "9 12 13"), lighter(robe, 0.1))
    pen.disc(30, -50, 4, _SKIN)
    pen.oval(2, -76, 9.5, 10, _SKIN)
    pen.path(blob("-6 -75, 4 -71, 13 -75, 13 -58, 6 -40, -2 -56"), "#eef1f6")
    pen.disc(6, -79, 1.3, "#22222a", relief=0)
    pen.path(blob("-22 -84, 0 -89, 24 -83, 24 -80, 0 -79, -22 -80"), darker(robe, 0.15))
    pen.path(blob("-13 -85, -4 -104, -9 -120, 6 -106, 14 -85, 0 -82"), robe)
    for x, y in ((-2, -96), (5, -90), (-8, -40), (6, -20), (-12, -14)):
        pen.disc(x, y, 1.7, "#ffe28a", relief=0)


def knight(pen: Pen, plume: str) -> None:
    steel = "#b4bfcc"
    pen.path(limb("-7 -44, -9 -22, -9 -4", "13 12 9"), darker(steel, 0.25))
    pen.path(limb("6 -44, 8 -22, 8 -4", "14 12 9"), steel)
    for x in (-9, 8):
        pen.path(blob(f"{x - 6} -6, {x + 5} -6, {x + 13} -1, {x + 12} 0, {x - 6} 0"), darker(steel, 0.3))
        pen.disc(x, -24, 5, lighter(steel, 0.2))
    pen.path(corners("31 -118, 34 -112, 33 -52, 29 -52, 28 -112"), "#dfe6ee")
    pen.box(23, -54, (16, 3.5), "#a8842f", corner=1.5)
    pen.path(blob("-14 -76, 0 -79, 14 -76, 14 -58, 11 -40, -12 -40, -15 -58"), steel)
    pen.path(corners("-9 -56, 9 -56, 12 -36, -12 -36"), plume)
    pen.path(limb("11 -72, 22 -62, 31 -50", "12 11 9"), lighter(steel, 0.1))
    pen.disc(31, -48, 5, darker(steel, 0.2))
    pen.path("M-32 -70L-10 -70V-50C-10 -40 -16 -34 -21 -31C-26 -34 -32 -40 -32 -50Z", plume)
    pen.flat("M-23 -70H-19V-32L-21 -31L-23 -32ZM-32 -57H-10V-53H-32Z", "#f4ead2", opacity=0.9)
    pen.path(blob("-5 -104, -16 -116, -24 -112, -26 -98, -16 -101"), plume)
    pen.path("M-11 -79V-92C-11 -104 13 -104 13 -92V-79C8 -75 -6 -75 -11 -79Z", lighter(steel, 0.12))
    pen.box(0, -92, (13, 3.4), "#20242e", relief=0)
    pen.line("M5 -86V-79M9 -86V-79", "#4c5766", 1)


def knight_seated(pen: Pen, plume: str) -> None:
    steel = "#b4bfcc"
    with pen.moved(0, 40):
        pen.path(corners("30 -128, 33 -122, 32 -54, 28 -54, 27 -122"), "#dfe6ee")
        pen.path(blob("-14 -76, 0 -79, 14 -76, 14 -58, 12 -38, -13 -38, -15 -58"), steel)
        pen.path(limb("9 -72, 18 -60, 29 -54", "12 11 9"), lighter(steel, 0.1))
        pen.disc(30, -54, 5, darker(steel, 0.2))
        pen.path(blob("-5 -104, -16 -116, -24 -112, -26 -98, -16 -101"), plume)
        pen.path("M-11 -79V-92C-11 -104 13 -104 13 -92V-79C8 -75 -6 -75 -11 -79Z", lighter(steel, 0.12))
        pen.box(0, -92, (13, 3.4), "#20242e", relief=0)
    pen.path(limb("-3 -2, 12 4, 13 20, 9 33", "16 14 12 10"), steel)
    pen.path(blob("3 31, 13 31, 21 37, 20 40, 3 40"), darker(steel, 0.3))


PEOPLE = {
    "astronaut": Thing(draw=astronaut, seated=astronaut_seated, colour="#f1f3f7", size=1.9, width=62),
    "person": Thing(draw=person, seated=person_seated, colour="#d2533f", size=1.75, width=46),
    "robot": Thing(draw=robot, colour="#9fb4c8", size=1.7, width=80),
    "snowman": Thing(draw=snowman, colour="#f7fbff", size=1.8, width=90),
    "ghost": Thing(draw=ghost, colour="#eef2ff", size=1.6, width=70),
    "wizard": Thing(draw=wizard, colour="#4b3fa8", size=1.9, width=70),
    "knight": Thing(draw=knight, seated=knight_seated, colour="#c23a3a", size=1.9, width=70),
}
