"""Animals that walk on land."""

from __future__ import annotations

from limner.engines.painter.colour import darker, lighter
from limner.engines.painter.curves import bend, blob, corners, limb
from limner.engines.painter.subjects.thing import Thing
from limner.engines.painter.svg import Pen

_EYE = "#1d1614"


def eye(pen: Pen, x: float, y: float, size: float) -> None:
    pen.disc(x, y, size, _EYE, relief=0)
    pen.disc(x + size * 0.35, y - size * 0.35, size * 0.36, "#ffffff", relief=0)


def horse(pen: Pen, coat: str) -> None:
    mane = darker(coat, 0.5)
    _horse_legs(pen, coat)
    pen.path(limb("-37 -62, -47 -58, -51 -42, -47 -24", "8 11 11 3"), mane)
    pen.path(
        "M-39 -58C-38 -69 -26 -72 -14 -68C-4 -65 6 -65 15 -69C21 -74 25 -86 31 -95C34 -100 40 -101 44 -96L60 -79"
        "C63 -75 61 -70 56 -70C51 -70 47 -74 43 -75C40 -71 39 -64 37 -57C35 -47 31 -41 24 -39C10 -35 -8 -36 -18 -40"
        "C-31 -40 -40 -46 -39 -58Z",
        coat,
    )
    pen.path(blob("12 -69, 20 -80, 26 -93, 34 -103, 39 -101, 33 -92, 30 -80, 24 -68, 17 -62"), mane)
    pen.path(corners("34 -97, 36 -107, 41 -97"), coat)
    pen.flat(blob("33 -101, 41 -102, 46 -92, 43 -90, 38 -95"), mane)
    pen.flat(blob("54 -79, 60 -79, 62 -74, 58 -70, 53 -71"), darker(coat, 0.3), opacity=0.6)
    pen.oval(58, -75, 1.1, 0.8, _EYE, relief=0)
    eye(pen, 45, -88, 1.9)


def _horse_legs(pen: Pen, coat: str) -> None:
    far, hoof = darker(coat, 0.34), "#2c2320"
    for d, foot in (("-24 -46, -19 -26, -24 -4", -24), ("19 -46, 26 -27, 36 -18", 36)):
        pen.path(limb(d, "14 7 5.5"), far)
        lift = -16 if foot == 36 else 0
        pen.path(corners(f"{foot - 4} {lift - 5}, {foot + 3} {lift - 5}, {foot + 5} {lift}, {foot - 4} {lift}"), hoof)
    for d, foot in (("-31 -48, -34 -26, -40 -4", -40), ("27 -46, 25 -24, 22 -4", 22)):
        pen.path(limb(d, "18 8 6"), coat)
        pen.path(corners(f"{foot - 4} -5, {foot + 4} -5, {foot + 6} 0, {foot - 4} 0"), hoof)


def unicorn(pen: Pen, coat: str) -> None:
    horse(pen, coat)
    pen.path(limb("-37 -62, -47 -58, -51 -42, -47 -24", "8 11 11 3"), "#e58fd0")
    pen.path(blob("12 -69, 20 -80, 26 -93, 34 -103, 39 -101, 33 -92, 30 -80, 24 -68, 17 -62"), "#b48cf0")
    pen.flat(blob("15 -68, 22 -80, 28 -93, 34 -101, 31 -90, 27 -78, 20 -66"), "#f5a3d6", opacity=0.9)
    pen.glow(50, -112, 16, "#ffe9a0", 0.7)
    pen.path(corners("42 -97, 56 -124, 46 -93"), "#ffd977")
    pen.line("M45 -100L48 -98M48 -106L51 -104M51 -112L53 -111", "#c9963c", 0.9)


def fox(pen: Pen, coat: str) -> None:
    """Standing, brush behind, looking out of the picture."""
    dark, white = "#3a231d", "#fff4e6"
    pen.path(blob("-34 -50, -52 -44, -72 -50, -86 -40, -84 -24, -66 -18, -46 -26, -32 -38"), coat)
    pen.path(blob("-72 -50, -86 -42, -89 -32, -84 -24, -73 -21, -76 -30, -71 -38, -75 -43"), white)
    for d in ("-22 -40, -20 -22, -22 -3", "16 -40, 17 -20, 16 -3"):
        pen.path(limb(d, "13 8 7"), darker(dark, 0.3))
    pen.path(blob("-40 -50, -28 -60, -8 -58, 12 -62, 26 -56, 29 -42, 20 -30, 0 -27, -18 -29, -34 -33"), coat)
    pen.path(limb("-30 -42, -33 -24, -33 -12", "20 10 8"), coat)
    pen.path(limb("24 -44, 26 -26, 26 -12", "15 9 8"), coat)
    for x in (-33, 26):
        pen.path(limb(f"{x} -16, {x} -8, {x + 1} -3", "8.4 8 7"), dark)
        pen.oval(x + 2.5, -2.5, 6, 2.8, dark)
    pen.path(blob("18 -58, 32 -60, 38 -44, 30 -30, 20 -38, 14 -48"), white)
    _fox_head(pen, coat, dark, white)


def _fox_head(pen: Pen, coat: str, dark: str, white: str) -> None:
    for side in (-1, 1):
        x = 31 + side * 14
        pen.path(corners(f"{x - 10} -78, {x + side * 5} -104, {x + 10} -76"), coat)
        pen.flat(corners(f"{x - 5} -80, {x + side * 4} -97, {x + 5} -79"), dark)
    pen.path(blob("31 -90, 46 -86, 54 -72, 60 -60, 46 -56, 36 -47, 31 -45, 26 -47, 16 -56, 2 -60, 8 -72, 16 -86"), coat)
    pen.flat(
        blob("31 -60, 38 -66, 50 -68, 59 -60, 46 -55, 36 -46, 31 -44, 26 -46, 16 -55, 3 -60, 12 -68, 24 -66"), white
    )
    pen.path(corners("31 -86, 37 -66, 31 -52, 25 -66"), coat)
    pen.oval(31, -48.5, 4.4, 3.4, _EYE)
    for x in (21, 41):
        pen.oval(x, -70, 3, 3.6, _EYE, relief=0)
        pen.disc(x + 1, -71.4, 1.2, "#ffffff", relief=0)


def cat(pen: Pen, coat: str) -> None:
    """Sitting, tail curled round to the front, looking out of the picture."""
    dark = darker(coat, 0.3)
    pen.path(limb("-22 -8, -40 -12, -46 -30, -38 -46, -44 -56", "11 11 10 9 6"), dark)
    pen.path(blob("-6 -66, 14 -66, 22 -46, 26 -20, 26 0, -26 0, -31 -18, -22 -44"), coat)
    pen.path(blob("-30 -4, -33 -20, -22 -32, -8 -24, -6 -4, -12 0, -26 0"), darker(coat, 0.08))
    pen.path(blob("0 -58, 12 -58, 16 -40, 12 -24, 2 -26, -2 -42"), lighter(coat, 0.55))
    for x in (2, 15):
        pen.path(limb(f"{x + 1} -34, {x} -18, {x} -5", "11 10 10"), coat)
        pen.oval(x + 2, -3.5, 7.5, 4, lighter(coat, 0.4))
    _cat_head(pen, coat)


def _cat_head(pen: Pen, coat: str) -> None:
    for side in (-1, 1):
        x = 8.0 + side * 15
        pen.path(corners(f"{x - 10} -80, {x + side * 5} -106, {x + 10} -80"), coat)
        pen.flat(corners(f"{x - 5} -84, {x + side * 4} -99, {x + 5} -84"), "#e99a96")
    pen.path(blob("8 -95, 24 -90, 33 -77, 30 -64, 20 -57, 8 -55, -4 -57, -14 -64, -17 -77, -8 -90"), coat)
    pen.line("M8 -94V-85M2 -93L3 -86M14 -93L13 -86", darker(coat, 0.35), 2.2)
    pen.flat(blob("8 -72, 17 -69, 19 -62, 8 -56, -3 -62, -1 -69"), lighter(coat, 0.6))
    for x in (-3.5, 19.5):
        pen.oval(x, -76, 5.4, 5.8, "#c8d96a")
        pen.oval(x + 0.5, -76, 2.3, 5, _EYE, relief=0)
        pen.disc(x + 1.8, -78.4, 1.4, "#ffffff", relief=0)
    pen.flat(corners("5 -69.5, 11 -69.5, 8 -66"), "#d9797a")
    pen.line("M8 -66V-63.5M8 -63.5C6 -61 3.5 -61 2 -62.5M8 -63.5C10 -61 12.5 -61 14 -62.5", darker(coat, 0.5), 1)
    pen.line("M-4 -65L-25 -69M-4 -63L-25 -61M20 -65L41 -69M20 -63L41 -61", "#f7f3ec", 0.8, opacity=0.8)


def dog(pen: Pen, coat: str) -> None:
    """Standing in profile, tail up."""
    ear, far = darker(coat, 0.4), darker(coat, 0.25)
    pen.path(limb("-38 -58, -50 -66, -54 -82", "9 8 4"), coat)
    for d in ("-26 -44, -22 -22, -25 -3", "20 -44, 24 -22, 22 -3"):
        pen.path(limb(d, "13 9 8"), far)
    pen.path(blob("-42 -58, -30 -66, -6 -63, 16 -68, 30 -64, 34 -48, 26 -36, 4 -33, -20 -37, -38 -42"), coat)
    for d, x in (("-34 -48, -36 -24, -38 -4", -38), ("28 -50, 30 -24, 30 -4", 30)):
        pen.path(limb(d, "17 9 8"), coat)
        pen.oval(x + 3, -3.5, 7, 3.5, lighter(coat, 0.3))
    pen.path(blob("14 -64, 22 -84, 36 -82, 40 -62, 32 -48, 20 -52"), coat)
    pen.path(blob("22 -92, 36 -98, 48 -92, 52 -84, 66 -80, 68 -72, 60 -66, 44 -66, 32 -70, 24 -78"), coat)
    pen.path(blob("50 -74, 62 -76, 67 -71, 60 -66, 46 -66"), lighter(coat, 0.5))
    pen.oval(66, -79, 4.4, 3.6, _EYE)
    eye(pen, 48, -85, 2.4)
    pen.path(blob("24 -95, 34 -96, 37 -84, 32 -68, 22 -66, 18 -78"), ear)
    pen.line(bend("55 -68, 61 -69, 66 -72"), ear, 1)
    pen.path(blob("17 -62, 30 -54, 38 -56, 38 -51, 29 -48, 15 -56"), "#d2403a")
    pen.disc(33, -48, 3.2, "#ffd166")


WALKERS = {
    "horse": Thing(draw=horse, colour="#8f5a34", size=2.1, width=112, seat=(-4, -67)),
    "unicorn": Thing(draw=unicorn, colour="#f6f2fb", size=2.1, width=112, seat=(-4, -67)),
    "fox": Thing(draw=fox, colour="#df6a26", size=0.75, width=140, middle=-14),
    "wolf": Thing(draw=fox, colour="#7d8794", size=0.85, width=140, middle=-14),
    "cat": Thing(draw=cat, colour="#d08a45", size=0.5, width=84),
    "dog": Thing(draw=dog, colour="#c08a55", size=0.8, width=122, seat=(-6, -64)),
}
