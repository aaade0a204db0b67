"""Trees, flowers and what else grows."""

from __future__ import annotations

from limner.engines.painter.colour import darker, lighter
from limner.engines.painter.curves import around, bend, blob, limb
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


def palm(pen: Pen, leaves: str) -> None:
    pen.path(limb("-4 0, 2 -26, 12 -52, 16 -76", "11 8 6.5 5.5"), "#9a7148")
    for y, x in ((-12, -1), (-24, 2), (-36, 6.5), (-48, 10.5), (-60, 13.5)):
        pen.line(f"M{x - 4} {y}q4 3 8 -1", "#71502f", 1.2)
    crown = (
        ("-34 -66, -8 -84", 0.3), ("68 -70, 38 -88", 0.3), ("-36 -84, -12 -100", 0.12), ("72 -88, 44 -102", 0.12),
        ("-16 -108, 0 -102", 0.0), ("52 -108, 34 -102", 0.0), ("-14 -50, -2 -72", 0.2), ("48 -52, 38 -74", 0.2),
    )  # fmt: skip
    for d, shade in crown:
        tip, middle = d.split(", ")
        pen.path(limb(f"16 -79, {middle}, {tip}", "5 13 1.5"), darker(leaves, shade))
        pen.line(bend(f"16 -79, {middle}, {tip}"), lighter(leaves, 0.2), 0.8)
    for x, y in ((12, -75), (20, -74), (16, -71)):
        pen.ball(x, y, 3.8, "#7a4f2c")


def sunflower(pen: Pen, petals: str) -> None:
    pen.line(bend("0 0, 2 -30, 0 -66"), _STALK, 4.4)
    pen.path(blob("1 -18, 18 -38, 32 -34, 20 -18"), "#5c9a42")
    pen.path(blob("1 -30, -16 -46, -30 -40, -18 -26"), "#4f8a3a")
    for count, start, reach, tone in ((15, -90, 22, 0.2), (15, -78, 19, 0.0)):
        for x, y, angle in around(0, -74, reach, count, start):
            pen.oval(x, y, 11.5, 4.6, darker(petals, tone), turn=angle)
    pen.ball(0, -74, 14, "#5d3a1e")
    for ring, count in ((10, 14), (6, 9), (2.4, 4)):
        for x, y, _ in around(0, -74, ring, count):
            pen.disc(x, y, 1.1, "#a8743a", relief=0)


def tulip(pen: Pen, petals: str) -> None:
    pen.line(bend("0 0, 2 -28, 0 -60"), _STALK, 4)
    pen.path("M0 0C-22 -16 -22 -40 -16 -52C-8 -36 -2 -22 0 0Z", "#5c9a42")
    pen.path("M0 0C20 -12 24 -32 20 -44C8 -32 2 -18 0 0Z", "#4f8a3a")
    pen.path(
        "M-15 -96C-22 -76 -18 -60 0 -58C18 -60 22 -76 15 -96C10 -90 6 -86 0 -80C-6 -86 -10 -90 -15 -96Z",
        darker(petals, 0.15),
    )
    pen.path("M0 -102C-12 -88 -14 -66 0 -58C14 -66 12 -88 0 -102Z", petals)


def rose(pen: Pen, petals: str) -> None:
    pen.line(bend("0 0, -3 -30, 0 -62"), "#3f7a3a", 3.6)
    pen.path(blob("-1 -22, 14 -38, 27 -36, 18 -22"), "#4f8a3a")
    pen.path(blob("-1 -34, -16 -48, -27 -44, -18 -32"), "#3f7a3a")
    for d, tone in (
        ("-24 -84, -14 -64, 8 -58, 24 -72, 22 -90, 0 -98", 0.2),
        ("-20 -92, -22 -74, -4 -64, 10 -72, 2 -92", 0.06),
        ("20 -94, 23 -76, 6 -64, -6 -74, 2 -94", 0.0),
        ("-14 -100, -10 -82, 4 -78, 15 -88, 12 -102, 0 -106", 0.14),
    ):
        pen.path(blob(d), darker(petals, tone))
    pen.line(bend("-8 -96, 0 -100, 8 -95, 4 -87, -4 -88, -3 -94, 3 -95"), darker(petals, 0.42), 1.8)


def cactus(pen: Pen, skin: str) -> None:
    for d, w in (
        ("-14 -36, -34 -38, -36 -54, -35 -70", "14 15 15 13"),
        ("14 -48, 32 -50, 35 -66, 34 -86", "13 14 14 12"),
    ):
        pen.path(limb(d, w), darker(skin, 0.1))
    pen.path(limb("0 0, 0 -40, 0 -94", "26 29 25"), skin)
    for x in (-7, 0, 7):
        pen.line(f"M{x} -4V-98", darker(skin, 0.28), 1.3)
    for x, y in ((-3, -20), (4, -34), (-4, -52), (3, -68), (-3, -84), (-35, -60), (34, -72)):
        pen.line(f"M{x - 2} {y - 2}l4 4m0 -4l-4 4", "#f0f0d0", 0.9)
    for x, y in ((0, -110), (-35, -79), (34, -95)):
        for px, py, angle in around(x, y + 2, 3, 5):
            pen.oval(px, py, 4, 2.6, "#ef6f9a", turn=angle)


def mushroom(pen: Pen, cap: str) -> None:
    pen.path(blob("-14 -50, 14 -50, 16 -24, 22 -4, 0 2, -22 -4, -16 -24"), "#f6ecd8")
    pen.path(blob("-22 -44, 0 -36, 22 -44, 12 -30, 0 -26, -12 -30"), "#e6d6b8")
    pen.path("M-52 -46C-54 -84 -26 -102 0 -102C26 -102 54 -84 52 -46C30 -36 -30 -36 -52 -46Z", cap)
    pen.flat("M-52 -46C-30 -36 30 -36 52 -46C40 -52 -40 -52 -52 -46Z", "#f3dfc0")
    for x, y, rx, ry in (
        (-8, -84, 10, 8),
        (22, -74, 9, 8),
        (-32, -66, 8, 8),
        (2, -62, 7, 6),
        (38, -58, 5, 6),
        (-14, -98, 5, 3),
    ):
        pen.oval(x, y, rx, ry, "#fff8ea")


def blossom_tree(pen: Pen, bloom: str) -> None:
    pen.path("M-8 0C-4 -16 -8 -30 -6 -46H6C6 -30 6 -14 10 0C4 -2 -2 -2 -8 0Z", "#5d4038")
    pen.line("M-1 -34C-10 -46 -20 -50 -28 -60M2 -38C12 -48 20 -52 28 -62M0 -40L-2 -70", "#5d4038", 4)
    spots = (
        (-30, -56, 15),
        (30, -58, 15),
        (0, -54, 13),
        (-24, -74, 17),
        (24, -76, 17),
        (0, -74, 19),
        (-8, -90, 17),
        (13, -91, 15),
    )
    for at, (x, y, r) in enumerate(spots):
        pen.disc(x, y, r, darker(bloom, 0.12 if at < 3 else 0.0))
    for at in range(34):
        x, y = ((at * 37) % 80) - 40, -50 - (at * 23) % 52
        pen.disc(x, y, 2.2 + at % 3, lighter(bloom, 0.35 + 0.1 * (at % 3)), relief=0)


def pumpkin(pen: Pen, skin: str) -> None:
    for x, rx, tone in ((-44, 26, 0.25), (44, 26, 0.25), (-25, 29, 0.12), (25, 29, 0.12), (0, 28, 0.0)):
        pen.oval(x, -40, rx, 42, darker(skin, tone))
    pen.path("M-7 -78C-8 -90 -4 -98 6 -104L14 -98C8 -92 8 -86 9 -78Z", "#5f7a35")
    pen.line(bend("10 -84, 26 -94, 34 -84, 42 -88"), "#5f7a35", 3)


def bush(pen: Pen, leaves: str) -> None:
    for x, y, r, tone in (
        (-44, -28, 30, 0.2),
        (44, -28, 30, 0.2),
        (0, -40, 40, 0.08),
        (-22, -58, 28, 0.0),
        (24, -60, 30, 0.0),
    ):
        pen.ball(x, y, r, darker(leaves, tone))
    pen.oval(0, -2, 70, 8, darker(leaves, 0.4), relief=0)


def bamboo(pen: Pen, stem: str) -> None:
    for x, high, tone in ((-18, 92, 0.2), (0, 112, 0.0), (17, 100, 0.1)):
        for at in range(5):
            pen.box(x - 4, -high * (at + 1) / 5 + 0.8, (8, high / 5 - 1.6), darker(stem, tone), corner=2)
        for y, side in ((-high * 0.6, 1), (-high * 0.8, -1), (-high, 1)):
            pen.path(limb(f"{x} {y}, {x + side * 14} {y - 8}, {x + side * 28} {y - 2}", "2 7 1"), darker(stem, 0.1))


PLANTS = {
    "tree": Thing(draw=tree, colour="#5f9a3f", size=8, width=84),
    "pine": Thing(draw=pine, colour="#2f6b4a", size=10, width=64),
    "palm": Thing(draw=palm, colour="#4f9a4a", size=8, width=108, middle=14),
    "blossom tree": Thing(draw=blossom_tree, colour="#f2a8c2", size=6, width=92),
    "flower": Thing(draw=flower, colour="#e2557f", size=0.6, width=60),
    "sunflower": Thing(draw=sunflower, colour="#f6bf26", size=1.6, width=68),
    "tulip": Thing(draw=tulip, colour="#dc3f52", size=0.4, width=48),
    "rose": Thing(draw=rose, colour="#c7263a", size=0.5, width=58),
    "cactus": Thing(draw=cactus, colour="#4f9a5a", size=3, width=92),
    "mushroom": Thing(draw=mushroom, colour="#cf352e", size=0.3, width=108),
    "pumpkin": Thing(draw=pumpkin, colour="#ea7f22", size=0.4, width=142, top=-80),
    "bush": Thing(draw=bush, colour="#4f8a3f", size=1.2, width=150),
    "bamboo": Thing(draw=bamboo, colour="#6fa84a", size=6, width=70),
}
