"""Things one can hold or put on a table."""

from __future__ import annotations

from limner.engines.painter.colour import darker, lighter
from limner.engines.painter.curves import around, bend, blob, corners
from limner.engines.painter.subjects.thing import Thing
from limner.engines.painter.svg import Pen


def book(pen: Pen, cover: str) -> None:
    """Lying, thick, its spine to the left."""
    pen.path("M-104 -6C-112 -30 -110 -76 -102 -96L104 -100V-88L-98 -84V-16L104 -12V0Z", darker(cover, 0.2))
    pen.fade("M-98 -84C-104 -62 -104 -38 -98 -16L98 -12V-88Z", ("#fdf3dc", "#d9c7a0"))
    for y in (-72, -58, -44, -30):
        pen.line(f"M-100 {y}L97 {y - 1}", "#b8a27a", 1.2, opacity=0.7)
    pen.path("M-102 -97L104 -101V-88L-100 -84Z", cover)
    pen.path("M-102 -16L104 -12V0L-104 -4Z", cover)
    pen.path("M-102 -97C-114 -74 -114 -26 -103 -4L-96 -6C-105 -30 -105 -72 -96 -95Z", lighter(cover, 0.1))
    pen.path("M62 -88H72L72 -2L67 -9L62 -2Z", "#e2b13c")


def teapot(pen: Pen, glaze: str) -> None:
    pen.line("M-44 -62C-84 -70 -86 -18 -42 -22", darker(glaze, 0.15), 10)
    pen.path("M42 -32C64 -34 62 -58 84 -74L96 -66C80 -52 84 -22 44 -14Z", glaze)
    pen.path(blob("-26 -76, 26 -76, 52 -46, 44 -14, 20 0, -20 0, -44 -14, -52 -46"), glaze)
    pen.path("M-30 -76C-24 -92 24 -92 30 -76Z", lighter(glaze, 0.1))
    pen.ball(0, -94, 7, darker(glaze, 0.1))
    pen.line("M-31 -75C-16 -71 16 -71 31 -75", darker(glaze, 0.3), 2)
    for x, y, angle in around(0, -40, 8, 5):
        pen.oval(x, y, 7, 5, "#fdf6e6", turn=angle)
    pen.disc(0, -40, 5, "#f2c14a")
    pen.flat(blob("-36 -58, -28 -66, -32 -44, -38 -40"), "#ffffff", opacity=0.4)


def cup(pen: Pen, glaze: str) -> None:
    for d in (
        "-18 -88, -26 -100, -14 -112, -22 -126",
        "4 -88, -4 -102, 8 -114, 0 -130",
        "24 -88, 16 -98, 28 -110, 20 -124",
    ):
        pen.line(bend(d), "#ffffff", 3.4, opacity=0.4)
    pen.oval(2, -4, 78, 9, lighter(glaze, 0.3))
    pen.line("M44 -64C82 -66 80 -22 38 -26", glaze, 9)
    pen.path("M-50 -76C-50 -30 -36 -8 -18 -4H22C40 -8 54 -30 54 -76Z", glaze)
    pen.oval(2, -76, 52, 10, lighter(glaze, 0.35))
    pen.oval(2, -75, 45, 7.5, "#5a3420")
    pen.flat(blob("-40 -62, -34 -64, -26 -26, -32 -26"), "#ffffff", opacity=0.4)


def apple(pen: Pen, skin: str) -> None:
    pen.path(
        "M0 -78C-12 -94 -56 -90 -54 -46C-52 -14 -28 2 -12 0C-4 -2 4 -2 12 0C28 2 52 -14 54 -46C56 -90 12 -94 0 -78Z",
        skin,
    )
    pen.oval(0, -79, 15, 5, darker(skin, 0.4), relief=0)
    pen.line(bend("0 -78, 3 -92, 10 -102"), "#5d3d24", 5)
    pen.path("M6 -92C20 -108 42 -104 46 -98C36 -84 18 -84 6 -92Z", "#6aa63f")
    pen.flat(blob("-40 -64, -28 -76, -24 -66, -36 -46, -42 -50"), "#ffffff", opacity=0.42)


def fruit(pen: Pen, skin: str) -> None:
    """An orange."""
    pen.ball(0, -48, 48, skin)
    for x, y in ((-16, -30), (8, -20), (20, -46), (-28, -54), (0, -60), (26, -68)):
        pen.disc(x, y, 1.6, darker(skin, 0.2), relief=0)
    pen.path("M2 -94C18 -112 40 -106 44 -98C34 -86 16 -86 2 -94Z", "#5c9a42")
    pen.disc(0, -94, 4, "#5d3d24")
    pen.flat(blob("-30 -66, -18 -78, -16 -68, -28 -54"), "#ffffff", opacity=0.4)


def candle(pen: Pen, wax: str) -> None:
    pen.glow(0, -92, 70, "#ffc35a", 0.75)
    pen.oval(0, -4, 34, 8, "#b98a3a")
    pen.path("M-15 -4V-66C-15 -70 15 -70 15 -66V-4Z", wax)
    pen.path(
        "M-15 -66C-15 -72 15 -72 15 -66V-52C12 -44 8 -46 7 -56C4 -60 0 -58 -2 -52C-5 -38 -9 -40 -10 -52C-12 -56 -15 -54 -15 -50Z",
        lighter(wax, 0.3),
    )
    pen.line("M0 -68V-78", "#3a302a", 2)
    pen.shine(blob("0 -112, 8 -92, 7 -80, 0 -74, -7 -80, -8 -92"), "#ffb02e")
    pen.shine(blob("0 -98, 4 -86, 0 -77, -4 -86"), "#fff3c0")


def lantern(pen: Pen, metal: str) -> None:
    pen.glow(0, -46, 84, "#ffc35a", 0.7)
    pen.line("M-16 -90C-16 -112 16 -112 16 -90", metal, 3.4)
    pen.shine("M-24 -74H24V-14H-24Z", "#ffdf8e")
    pen.shine(blob("0 -58, 9 -36, 6 -22, -6 -22, -9 -36"), "#ff9a2e")
    pen.path(corners("-32 -74, -14 -92, 14 -92, 32 -74"), metal)
    pen.line("M-24 -74V-14M24 -74V-14M-8 -74V-14M8 -74V-14", metal, 3)
    pen.box(-32, -14, (64, 14), metal, corner=3)


def campfire(pen: Pen, flame: str) -> None:
    pen.glow(0, -36, 130, "#ff9a3a", 0.7)
    for x in (-56, -34, 36, 58):
        pen.oval(x, -5, 15, 9, "#77757c")
    pen.limb("M-44 -4L34 -22", "#6b4530", 12)
    pen.limb("M44 -4L-34 -22", "#7d5236", 12)
    pen.shine(blob("-34 -18, -38 -46, -22 -70, -16 -54, -4 -104, 14 -70, 20 -82, 34 -50, 34 -18, 0 -8"), flame)
    pen.shine(blob("-20 -16, -22 -42, -10 -56, 0 -80, 12 -54, 20 -40, 20 -16, 0 -10"), "#ffb52e")
    pen.shine(blob("-9 -14, -10 -32, 0 -52, 9 -32, 8 -14"), "#fff0b0")
    for x, y in ((-18, -100), (20, -108), (6, -124), (-6, -132), (30, -90)):
        pen.shine(f"M{x} {y}h3v3h-3Z", "#ffce6a")


def umbrella(pen: Pen, cloth: str) -> None:
    pen.line("M0 -96V-8C0 4 18 4 18 -8", "#6b4530", 4)
    pen.path(
        "M-64 -50C-60 -110 60 -110 64 -50C54 -60 44 -60 36 -50C26 -60 12 -60 0 -50C-12 -60 -26 -60 -36 -50C-44 -60 -54 -60 -64 -50Z",
        cloth,
    )
    pen.path(
        "M0 -95C-20 -88 -34 -70 -36 -50C-26 -60 -12 -60 0 -50C12 -60 26 -60 36 -50C34 -70 20 -88 0 -95Z",
        lighter(cloth, 0.18),
    )
    pen.line("M0 -95V-104", "#6b4530", 3)


def guitar(pen: Pen, wood: str) -> None:
    with pen.moved(0, -4, 1, 12):
        pen.path(blob("0 -50, 18 -46, 17 -34, 27 -16, 20 2, 0 6, -20 2, -27 -16, -17 -34, -18 -46"), wood)
        pen.box(-4, -92, (8, 50), "#4a3020")
        pen.path(corners("-7 -92, -8 -108, 8 -108, 7 -92"), "#3a2418")
        pen.disc(0, -26, 8.5, "#2a1a12")
        pen.box(-10, -10, (20, 4), "#3a2418")
        pen.line("M-2.2 -106V-9M0 -106V-9M2.2 -106V-9", "#f0e6cf", 0.6)
        for y in (-84, -76, -68, -60, -52):
            pen.line(f"M-4 {y}H4", "#d8c9a4", 0.8)


def clock(pen: Pen, case: str) -> None:
    for x in (-24, 24):
        pen.limb(f"M{x * 0.8} -12L{x} -1", darker(case, 0.3), 7)
        pen.ball(x * 0.9, -90, 13, "#e4b84a")
    pen.disc(0, -46, 44, case)
    pen.disc(0, -46, 35, "#fdf8ea", relief=0.4)
    for dot_x, dot_y, angle in around(0, -46, 29, 12):
        pen.disc(dot_x, dot_y, 2.6 if round(angle + 90) % 90 == 0 else 1.4, "#3a3430", relief=0)
    pen.line("M0 -46V-68M0 -46L14 -38", "#3a3430", 3.4)
    pen.disc(0, -46, 3.4, "#d8403a", relief=0)


def cake(pen: Pen, icing: str) -> None:
    pen.oval(0, -4, 74, 9, "#e8edf2")
    pen.path("M-58 -4V-56H58V-4C30 4 -30 4 -58 -4Z", "#d9a566")
    pen.flat("M-58 -34C-30 -28 30 -28 58 -34V-26C30 -20 -30 -20 -58 -26Z", "#fdf3e2")
    pen.path(
        "M-60 -52C-60 -66 60 -66 60 -52V-44C54 -34 46 -36 42 -46C36 -34 28 -30 22 -44C16 -36 8 -32 2 -44C-4 -32 -12 -30 -20 -44C-26 -34 -34 -34 -40 -46C-46 -36 -56 -34 -60 -44Z",
        icing,
    )
    pen.oval(0, -56, 60, 9, lighter(icing, 0.3))
    for x, colour in ((-32, "#4cc9f0"), (-11, "#ffd166"), (11, "#8bd17c"), (32, "#b388eb")):
        pen.box(x - 2.5, -82, (5, 26), colour)
        pen.glow(x, -90, 14, "#ffc35a", 0.7)
        pen.shine(blob(f"{x} -98, {x + 3.4} -89, {x} -84, {x - 3.4} -89"), "#ffb02e")


def gift(pen: Pen, paper: str) -> None:
    ribbon = "#f6d463"
    pen.box(-44, -62, (88, 62), paper, corner=3)
    pen.box(-50, -76, (100, 20), lighter(paper, 0.1), corner=3)
    pen.box(-9, -76, (18, 76), ribbon)
    for side in (-1, 1):
        pen.path(blob(f"0 -78, {side * 14} -102, {side * 38} -102, {side * 34} -82"), ribbon)
        pen.path(blob(f"{side * 6} -80, {side * 18} -95, {side * 28} -94, {side * 24} -84"), darker(ribbon, 0.35))
    pen.ball(0, -80, 8, ribbon)


def crown(pen: Pen, gold: str) -> None:
    pen.path(corners("-50 -10, -60 -74, -30 -44, 0 -94, 30 -44, 60 -74, 50 -10"), gold)
    pen.box(-51, -18, (102, 16), darker(gold, 0.15), corner=4)
    for x, y, colour in (
        (-60, -77, "#d8403a"),
        (0, -97, "#3f7fe0"),
        (60, -77, "#d8403a"),
        (0, -10, "#d8403a"),
        (-30, -10, "#3fae6b"),
        (30, -10, "#3fae6b"),
    ):
        pen.ball(x, y, 6.5, colour)


def key(pen: Pen, metal: str) -> None:
    with pen.moved(0, -24, 1, -18):
        pen.line("M-66 0a22 22 0 1 0 44 0a22 22 0 1 0 -44 0", metal, 11)
        pen.limb("M-22 0H66", metal, 10)
        pen.path(corners("44 2, 44 26, 54 26, 54 14, 60 14, 60 26, 70 26, 70 2"), metal)


def chest(pen: Pen, wood: str) -> None:
    pen.glow(0, -60, 90, "#ffd75a", 0.6)
    pen.path("M-64 -58C-66 -100 66 -100 64 -58Z", darker(wood, 0.35))
    for x, y, r in (
        (-40, -56, 11),
        (-20, -62, 12),
        (2, -64, 13),
        (24, -62, 12),
        (42, -56, 11),
        (-8, -54, 11),
        (14, -54, 11),
    ):
        pen.ball(x, y, r, "#f2c230")
    pen.box(-66, -54, (132, 54), wood, corner=4)
    for x in (-60, -8, 50):
        pen.box(x, -54, (12 if x != -8 else 16, 54), "#caa042")
    pen.line("M-66 -28H66", darker(wood, 0.3), 2)
    pen.disc(0, -34, 8, "#8a6a24")


def chair(pen: Pen, wood: str) -> None:
    for x in (-18, 24):
        pen.limb(f"M{x} -46V-2", darker(wood, 0.2), 6)
    pen.limb("M-30 -100L-28 -2", wood, 7)
    pen.limb("M16 -50V0", wood, 7)
    pen.line("M-24 -96L-16 -50", darker(wood, 0.2), 6)
    for y in (-92, -78, -64):
        pen.line(f"M-29 {y}L-19 {y + 4}", wood, 5)
    pen.path(corners("-36 -50, -20 -56, 32 -54, 22 -44, -32 -43"), lighter(wood, 0.15))


def bench(pen: Pen, wood: str) -> None:
    for x in (-62, 58):
        pen.limb(f"M{x} -88L{x + 4} -2", "#3f444e", 7)
        pen.limb(f"M{x} -40H{x + 12}V-2", "#3f444e", 6)
    for y in (-88, -72, -56):
        pen.box(-78, y, (156, 11), wood, corner=3)
    pen.box(-82, -42, (164, 10), lighter(wood, 0.15), corner=3)


def heart(pen: Pen, colour: str) -> None:
    pen.path("M0 -2C-64 -44 -60 -100 -26 -100C-10 -100 -2 -88 0 -80C2 -88 10 -100 26 -100C60 -100 64 -44 0 -2Z", colour)
    pen.flat(blob("-38 -78, -30 -90, -18 -90, -30 -76, -36 -62"), "#ffffff", opacity=0.4)


def kite(pen: Pen, cloth: str) -> None:
    pen.line(bend("0 -24, -12 0, 6 18, -6 40, 8 60"), "#f0ead8", 1.6)
    for x, y in ((-8, 2), (4, 20), (-4, 40)):
        pen.path(
            corners(f"{x - 9} {y - 5}, {x} {y}, {x - 9} {y + 5}")
            + corners(f"{x + 9} {y - 5}, {x} {y}, {x + 9} {y + 5}"),
            "#f6c343",
        )
    pen.path(corners("0 -110, -36 -74, 0 -24"), cloth)
    pen.path(corners("0 -110, 36 -74, 0 -24"), lighter(cloth, 0.3))
    pen.line("M0 -110V-24M-36 -74H36", darker(cloth, 0.4), 1.8)


def lamp(pen: Pen, metal: str) -> None:
    """A street lamp."""
    if pen.light.night:
        pen.glow(0, -86, 60, "#ffdf8e", 0.9)
    pen.path(corners("-9 0, -4 -10, -2.4 -70, 2.4 -70, 4 -10, 9 0"), metal)
    pen.line("M-8 -66C-4 -70 4 -70 8 -66", metal, 2)
    pen.shine(corners("-7 -74, -9 -92, 9 -92, 7 -74"), "#ffe9a8")
    pen.path(corners("-11 -91, -4 -101, 4 -101, 11 -91"), metal)
    pen.box(-8, -76, (16, 3), metal)


def party_balloon(pen: Pen, skin: str) -> None:
    pen.line(bend("0 -36, 4 -16, -4 2, 2 22"), "#f4f0e6", 1.2)
    pen.path(corners("-4 -34, 0 -41, 4 -34"), darker(skin, 0.1))
    pen.path(blob("0 -104, 24 -94, 31 -70, 20 -48, 0 -38, -20 -48, -31 -70, -24 -94"), skin)
    pen.flat(blob("-18 -88, -8 -97, -10 -84, -18 -74"), "#ffffff", opacity=0.5)


def vase(pen: Pen, glaze: str) -> None:
    for x, colour, lean in ((-16, "#e2557f", -14), (0, "#f2b23a", 0), (17, "#8a5fd0", 14)):
        pen.line(bend(f"0 -44, {x * 0.6} -62, {x + lean} -82"), _STALK, 2.6)
        for px, py, angle in around(x + lean, -88 - (6 if x == 0 else 0), 7, 7):
            pen.oval(px, py, 7, 4.6, colour, turn=angle)
        pen.disc(x + lean, -88 - (6 if x == 0 else 0), 5, "#fff0b8")
    pen.path("M-12 -50C-10 -42 -30 -34 -30 -18C-30 -6 -18 0 0 0C18 0 30 -6 30 -18C30 -34 10 -42 12 -50Z", glaze)
    pen.oval(0, -50, 12, 3, darker(glaze, 0.3))
    pen.line(bend("-29 -18, -10 -13, 10 -13, 29 -18"), lighter(glaze, 0.6), 3)


def box(pen: Pen, card: str) -> None:
    """An open box."""
    pen.path(corners("-54 -64, 54 -64, 44 -76, -44 -76"), darker(card, 0.5))
    pen.box(-54, -64, (108, 64), card, corner=1)
    pen.path(corners("-54 -64, -84 -54, -76 -44, -50 -56"), lighter(card, 0.15))
    pen.path(corners("54 -64, 84 -54, 76 -44, 50 -56"), lighter(card, 0.05))
    pen.flat("M-8 -64H8V-40H-8Z", lighter(card, 0.4), opacity=0.6)


_STALK = "#4f8a3a"

OBJECTS = {
    "book": Thing(draw=book, colour="#9b2f3a", size=0.12, width=212, home="table", top=-98),
    "teapot": Thing(draw=teapot, colour="#3f7fb0", size=0.22, width=176, home="table"),
    "cup": Thing(draw=cup, colour="#d2603c", size=0.12, width=158, home="table", top=-76),
    "apple": Thing(draw=apple, colour="#cf2f2c", size=0.1, width=110, home="table"),
    "orange": Thing(draw=fruit, colour="#f08c1e", size=0.1, width=98, home="table"),
    "candle": Thing(draw=candle, colour="#f4e6c8", size=0.2, width=68, home="table", glows=True),
    "lantern": Thing(draw=lantern, colour="#3f3a38", size=0.35, width=68, glows=True),
    "clock": Thing(draw=clock, colour="#c8453a", size=0.2, width=92, home="table"),
    "cake": Thing(draw=cake, colour="#f08fb0", size=0.25, width=148, home="table"),
    "gift": Thing(draw=gift, colour="#c8353f", size=0.4, width=104, top=-76),
    "crown": Thing(draw=crown, colour="#f0bf3a", size=0.2, width=122, home="table"),
    "key": Thing(draw=key, colour="#d6a53a", size=0.08, width=160, home="table"),
    "vase": Thing(draw=vase, colour="#3f86b0", size=0.4, width=72, home="table"),
    "guitar": Thing(draw=guitar, colour="#c4803a", size=1.0, width=62),
    "campfire": Thing(draw=campfire, colour="#f2622a", size=0.8, width=132, glows=True),
    "umbrella": Thing(draw=umbrella, colour="#d8403a", size=1.0, width=130),
    "chest": Thing(draw=chest, colour="#8a5530", size=0.7, width=134),
    "chair": Thing(draw=chair, colour="#a8703f", size=1.0, width=74, seat=(-4, -52)),
    "bench": Thing(draw=bench, colour="#a8703f", size=0.9, width=166, seat=(-14, -43)),
    "box": Thing(draw=box, colour="#c79a62", size=0.5, width=160, top=-66),
    "lamp": Thing(draw=lamp, colour="#31353f", size=4, width=24, glows=True),
    "heart": Thing(draw=heart, colour="#dc3048", size=1.0, width=116, home="sky"),
    "kite": Thing(draw=kite, colour="#d8403a", size=1.2, width=76, home="sky"),
    "toy balloon": Thing(draw=party_balloon, colour="#dc3f52", size=0.5, width=64, home="sky"),
}
