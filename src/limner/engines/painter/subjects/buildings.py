"""Buildings, large and small."""

from __future__ import annotations

from limner.engines.painter.colour import darker, lighter
from limner.engines.painter.curves import corners
from limner.engines.painter.subjects.thing import Thing
from limner.engines.painter.svg import Pen

_LAMP, _PANE = "#ffd978", "#7fa6c4"


def window(pen: Pen, x: float, y: float, size: tuple[float, float], frame: str = "#f5efe2") -> None:
    """A window with its upper left corner at x, y; lit when it is dark outside."""
    wide, high = size
    pen.box(x - 1.2, y - 1.2, (wide + 2.4, high + 2.4), frame, relief=0)
    if pen.light.night:
        pen.glow(x + wide / 2, y + high / 2, max(size) * 1.6, _LAMP, 0.5)
        pen.shine(f"M{x} {y}h{wide}v{high}h{-wide}Z", _LAMP)
    else:
        pen.box(x, y, size, _PANE)
    pen.flat(f"M{x + wide / 2 - 0.5} {y}h1v{high}h-1ZM{x} {y + high / 2 - 0.5}h{wide}v1h{-wide}Z", frame)


def house(pen: Pen, roof: str) -> None:
    wall = "#f4e7cf"
    pen.box(24, -94, (10, 26), "#a4553e")
    pen.box(22.5, -97, (13, 4), "#8a4534")
    pen.path(corners("-42 0, -42 -52, 0 -88, 42 -52, 42 0"), wall)
    pen.path(corners("-52 -48, 0 -95, 52 -48, 47 -43, 0 -84, -47 -43"), roof)
    pen.line("M-46 -46L0 -87L46 -46", darker(roof, 0.35), 1.2)
    window(pen, -32, -38, (18, 18))
    window(pen, 15, -38, (18, 18))
    window(pen, -6, -66, (12, 12))
    pen.box(-8, -30, (16, 30), "#7b4b2f", corner=1.5)
    pen.disc(4.5, -14, 1.3, "#f2cf73", relief=0)
    pen.box(-12, -2.5, (24, 2.5), "#b9ad9c")


def lighthouse(pen: Pen, band: str) -> None:
    white = "#fbf7ee"
    pen.path("M-30 0C-24 -8 -14 -9 -4 -8C8 -10 22 -8 32 0Z", "#6c6a72")
    tower = "M-13 -6L-8 -74H8L13 -6Z"
    pen.path(tower, white)
    with pen.inside(tower):
        for y in (-24, -50, -76):
            pen.path(f"M-16 {y + 14}L16 {y + 10}V{y + 24}L-16 {y + 28}Z", band)
    pen.box(-11, -77, (22, 3.5), "#3a3f4d", corner=1)
    pen.line("M-10.5 -77V-82M-5 -77V-82M5 -77V-82M10.5 -77V-82M-11 -82H11", "#3a3f4d", 0.9)
    pen.box(-6, -90, (12, 13), "#52627a")
    if pen.light.night:
        pen.veil(corners("4 -84, 130 -110, 130 -58"), "#fff2bf", (0.22, 0.22))
        pen.glow(0, -84, 30, "#fff2bf", 0.9)
    pen.shine("M-4.5 -89H4.5V-78H-4.5Z", "#ffe9a0")
    pen.path("M-8.5 -89.5C-6 -98 6 -98 8.5 -89.5Z", band)
    pen.line("M0 -96V-101", "#3a3f4d", 1.2)
    pen.box(-3.5, -19, (7, 12), darker(band, 0.4), corner=3)
    for y in (-38, -60):
        pen.box(-1.8, y, (3.6, 6), "#3b4658", corner=1.5)


def castle(pen: Pen, stone: str) -> None:
    roof = "#3f5f9a"
    for x, wide, high in ((-30, 18, 84), (14, 18, 92)):
        _turret(pen, (x, wide, high), darker(stone, 0.18), roof)
    pen.path(
        corners(
            "-52 0, -52 -46, -46 -46, -46 -52, -38 -52, -38 -46, -30 -46, -30 -52, -22 -52, -22 -46, -14 -46, -14 -52, -6 -52, -6 -46, 6 -46, 6 -52, 14 -52, 14 -46, 22 -46, 22 -52, 30 -52, 30 -46, 38 -46, 38 -52, 46 -52, 46 -46, 52 -46, 52 0"
        ),
        stone,
    )
    for x, wide, high in ((-64, 24, 66), (40, 24, 66)):
        _turret(pen, (x, wide, high), stone, roof)
    pen.path("M-13 0V-22C-13 -36 13 -36 13 -22V0Z", "#4a3326")
    pen.line("M-7 0V-29M0 0V-32M7 0V-29M-13 -12H13M-13 -22H13", "#2c1d15", 1)
    for x, y in ((-32, -34), (26, -34), (-3, -42)):
        window(pen, x, y, (5, 9), darker(stone, 0.3))
    for x, y in ((-44, -16), (-28, -10), (30, -18), (22, -38), (-18, -22), (36, -8)):
        pen.box(x, y, (8, 3.5), darker(stone, 0.12), corner=1, relief=0)


def _turret(pen: Pen, shape: tuple[float, float, float], stone: str, roof: str) -> None:
    x, wide, high = shape
    pen.box(x, -high, (wide, high), stone)
    pen.box(x - 2, -high - 4, (wide + 4, 6), darker(stone, 0.1), corner=1)
    middle = x + wide / 2
    pen.path(corners(f"{x - 4} {-high - 3}, {middle} {-high - wide * 1.5}, {x + wide + 4} {-high - 3}"), roof)
    pen.line(f"M{middle} {-high - wide * 1.5}v-9", "#5a4a3a", 1)
    pen.path(f"M{middle} {-high - wide * 1.5 - 9}l10 3l-10 3Z", "#d8403a")
    window(pen, middle - 2.5, -high + 9, (5, 9), darker(stone, 0.3))


def windmill(pen: Pen, cap: str) -> None:
    pen.path("M-24 0L-15 -66H15L24 0Z", "#f3ead8")
    pen.path("M-24 0L-22 -14H22L24 0Z", "#a8795a")
    pen.path("M-18 -64C-16 -84 16 -84 18 -64Z", cap)
    window(pen, -4, -52, (8, 10))
    window(pen, -4, -32, (8, 10))
    pen.box(-6, -19, (12, 19), "#6b4530", corner=5)
    for turn in (28, 118, 208, 298):
        with pen.moved(0, -72, 1, turn):
            pen.line("M0 0V-50", "#6b4a30", 2.2)
            pen.flat("M1.5 -10H13V-49H1.5Z", "#fdf8ea", opacity=0.92)
            pen.line("M7 -10V-49M1.5 -18H13M1.5 -26H13M1.5 -34H13M1.5 -42H13M13 -10V-49", "#9a7a58", 0.9)
    pen.disc(0, -72, 4, "#6b4a30")


def bridge(pen: Pen, stone: str) -> None:
    pen.path(
        "M-150 -40C-80 -76 80 -76 150 -40V0H112C108 -36 64 -44 50 0H34C24 -52 -24 -52 -34 0H-50C-64 -44 -108 -36 -112 0H-150Z",
        stone,
    )
    pen.line("M-150 -46C-80 -84 80 -84 150 -46", lighter(stone, 0.25), 8)
    for x in (-118, -84, -42, 0, 42, 84, 118):
        y = -68 + abs(x) ** 2 / 700
        pen.box(x - 3, y - 13, (6, 15), darker(stone, 0.1), corner=1)
    pen.line(
        "M-112 0C-108 -36 -64 -44 -50 0M-34 0C-24 -52 24 -52 34 0M50 0C64 -44 108 -36 112 0", darker(stone, 0.3), 3
    )
    for x, y in ((-130, -26), (-44, -48), (44, -48), (-82, -46), (82, -46), (130, -26), (0, -56)):
        pen.box(x - 6, y, (12, 5), darker(stone, 0.12), corner=1, relief=0)


def tent(pen: Pen, canvas: str) -> None:
    if pen.light.night:
        pen.glow(0, -34, 100, "#ffce7a", 0.6)
    pen.path(corners("0 -88, 66 0, 92 -12, 34 -92"), darker(canvas, 0.25))
    pen.path(corners("0 -90, -66 0, 66 0"), canvas)
    inside = "#ffdf9a" if pen.light.night else "#5a3f30"
    pen.shine(corners("0 -74, -17 0, 17 0"), inside)
    pen.path(corners("0 -76, -20 0, -34 0"), lighter(canvas, 0.2))
    pen.path(corners("0 -76, 20 0, 34 0"), lighter(canvas, 0.1))
    pen.line("M-66 0L-84 4M66 0L84 4M0 -90V-99", "#6b4a30", 2)


def igloo(pen: Pen, snow: str) -> None:
    dome = "M-74 0C-74 -60 -38 -86 0 -86C38 -86 74 -60 74 0Z"
    pen.path(dome, snow)
    with pen.inside(dome):
        pen.line(
            "M-80 -22C-40 -16 40 -16 80 -22M-80 -44C-40 -38 40 -38 80 -44M-80 -66C-40 -60 40 -60 80 -66M-52 0V-20M-16 -18V-40M-40 -20V-42M14 -62V-86M-18 -62V-86M-30 -41V-63M2 -40V-62M34 -41V-63M52 -20V-42",
            "#a9c2da",
            2,
        )
    pen.path("M10 0V-28C10 -50 56 -50 56 -28V0Z", darker(snow, 0.08))
    pen.shine("M19 0V-25C19 -41 47 -41 47 -25V0Z", "#ffce7a" if pen.light.night else "#38506e")


def church(pen: Pen, roof: str) -> None:
    wall = "#f6efe2"
    pen.box(-14, -42, (62, 42), wall)
    pen.path(corners("-18 -40, -8 -64, 44 -64, 54 -40"), roof)
    for x in (4, 20, 36):
        pen.shine(
            f"M{x - 4} -10V-26C{x - 4} -34 {x + 4} -34 {x + 4} -26V-10Z", "#ffd978" if pen.light.night else "#6f94b4"
        )
    pen.box(-40, -66, (28, 66), wall)
    pen.path(corners("-45 -64, -26 -112, -7 -64"), roof)
    pen.line("M-26 -111V-124M-31 -119H-21", "#caa042", 2)
    pen.disc(-26, -54, 7, "#fdf8ea")
    pen.line("M-26 -54V-59M-26 -54H-22", "#3a3430", 1.2)
    pen.path("M-33 0V-18C-33 -27 -19 -27 -19 -18V0Z", "#7b4b2f")


def torii(pen: Pen, paint: str) -> None:
    """A Japanese gate."""
    pen.path("M-72 -98C-40 -88 40 -88 72 -98L70 -86C40 -78 -40 -78 -70 -86Z", "#2b2c33")
    pen.path("M-66 -86C-40 -79 40 -79 66 -86L65 -79C40 -72 -40 -72 -65 -79Z", paint)
    pen.box(-56, -62, (112, 8), paint, corner=1)
    pen.box(-5, -78, (10, 18), "#2b2c33", corner=1)
    for x in (-40, 40):
        pen.path(f"M{x - 5} -78H{x + 5}L{x + 7} 0H{x - 7}Z", paint)
        pen.box(x - 9, -9, (18, 9), "#2b2c33", corner=1)


def pagoda(pen: Pen, roof: str) -> None:
    for at, (y, half) in enumerate(((0, 44), (-32, 36), (-60, 28))):
        pen.box(-half * 0.7, y - 24, (half * 1.4, 24), "#f2e2c4")
        for x in (-half * 0.4, half * 0.1):
            window(pen, x, y - 17, (half * 0.3, 11), "#8a3a2c")
        pen.path(
            f"M{-half * 1.35} {y - 20}C{-half} {y - 24} {-half * 0.6} {y - 30} {-half * 0.5} {y - 38}H{half * 0.5}C{half * 0.6} {y - 30} {half} {y - 24} {half * 1.35} {y - 20}C{half * 0.8} {y - 18} {-half * 0.8} {y - 18} {-half * 1.35} {y - 20}Z",
            darker(roof, 0.06 * at),
        )
    pen.line("M0 -98V-122", "#caa042", 3)
    for y in (-104, -110, -116):
        pen.oval(0, y, 5, 1.6, "#caa042")


def pyramid(pen: Pen, stone: str) -> None:
    pen.path(corners("0 -100, -96 0, 30 0"), lighter(stone, 0.12), relief=0.6)
    pen.path(corners("0 -100, 30 0, 96 0"), darker(stone, 0.3), relief=0.6)
    for share in (0.2, 0.36, 0.52, 0.68, 0.84):
        y = -100 + 100 * share
        pen.line(f"M{-96 * share} {y}L{30 * share} {y}L{96 * share} {y}", darker(stone, 0.35), 0.8, opacity=0.6)


def tower(pen: Pen, glass: str) -> None:
    """A skyscraper."""
    pen.line("M0 -94V-112", "#5a6472", 2)
    pen.box(-10, -98, (20, 10), darker(glass, 0.1))
    pen.box(-18, -90, (36, 90), glass)
    pen.flat("M8 -90H18V0H8Z", darker(glass, 0.3), opacity=0.6)
    for row in range(13):
        for column in range(4):
            lamp = pen.light.night and (row * 5 + column * 3) % 4 != 0
            y, x = -86 + row * 6.4, -15 + column * 8
            pen.shine(f"M{x} {y}h5.5v4h-5.5Z", "#ffd978" if lamp else pen.light.on(lighter(glass, 0.35)))
    pen.box(-22, -4, (44, 4), darker(glass, 0.35))


def barn(pen: Pen, paint: str) -> None:
    pen.path(corners("-50 0, -50 -46, -34 -72, 0 -88, 34 -72, 50 -46, 50 0"), paint)
    pen.path(corners("-56 -44, -38 -76, 0 -95, 38 -76, 56 -44, 51 -42, 34 -71, 0 -87, -34 -71, -51 -42"), "#6d5a50")
    pen.box(-18, -40, (36, 40), darker(paint, 0.2))
    pen.line("M-18 -40H18V0H-18ZM-18 -40L18 0M18 -40L-18 0", "#f6efe2", 2.6)
    pen.box(-8, -66, (16, 14), "#f6efe2")
    pen.box(-6, -64, (12, 10), "#3a2d28", relief=0)


BUILDINGS = {
    "house": Thing(draw=house, colour="#b9503a", size=6, width=104),
    "lighthouse": Thing(draw=lighthouse, colour="#d23c36", size=22, width=62, glows=True),
    "castle": Thing(draw=castle, colour="#c9b89c", size=26, width=132),
    "windmill": Thing(draw=windmill, colour="#8a4a35", size=14, width=104),
    "bridge": Thing(draw=bridge, colour="#b3a48e", size=6, width=300, top=-78),
    "tent": Thing(draw=tent, colour="#e0703a", size=2, width=160),
    "igloo": Thing(draw=igloo, colour="#f2f8ff", size=2.4, width=150),
    "church": Thing(draw=church, colour="#7d5148", size=18, width=104),
    "barn": Thing(draw=barn, colour="#b23a30", size=8, width=112),
    "torii": Thing(draw=torii, colour="#d6402c", size=6, width=146),
    "pagoda": Thing(draw=pagoda, colour="#4a5f5a", size=16, width=118),
    "pyramid": Thing(draw=pyramid, colour="#e0b878", size=30, width=192),
    "skyscraper": Thing(draw=tower, colour="#6f8fae", size=60, width=46),
}
