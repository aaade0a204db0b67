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


def rowboat(pen: Pen, colour: str) -> None:
    pen.path("M-92 -52C-60 -44 60 -44 94 -56C90 -50 88 -46 86 -42C50 -34 -50 -34 -86 -42Z", darker(_WOOD, 0.45))
    pen.path("M-96 -56C-60 -40 60 -40 98 -60C88 -22 68 0 46 4H-46C-68 0 -88 -22 -96 -56Z", colour)
    pen.line("M-95 -54C-60 -38 60 -38 97 -58", lighter(colour, 0.6), 5)
    pen.line("M-86 -32C-56 -20 56 -20 86 -34", darker(colour, 0.3), 2)
    pen.limb("M-6 -46L58 8", _WOOD, 5)


def ship(pen: Pen, hull: str) -> None:
    pen.box(2, -88, (14, 26), "#e2603c", corner=1)
    pen.box(22, -84, (13, 22), "#e2603c", corner=1)
    for x in (2, 22):
        pen.box(x, -82 if x == 2 else -78, (14 if x == 2 else 13, 5), "#fbf7ee")
    for x, y, r in ((4, -97, 6), (-6, -104, 8), (-20, -110, 10)):
        pen.disc(x, y, r, "#e6e8ec", relief=0.5)
    pen.box(-52, -42, (112, 16), "#f7f3ea", corner=2)
    pen.box(-40, -56, (84, 15), "#fbf8f1", corner=2)
    pen.box(-28, -68, (60, 13), "#f7f3ea", corner=2)
    for row, (start, stop) in enumerate(((-46, 56), (-34, 40), (-22, 28))):
        for x in range(start, stop, 10):
            pen.box(x, -38 - row * 13, (5.5, 5), "#ffd978" if pen.light.night else "#5f86a8", corner=1, relief=0)
    pen.path("M-82 -30L96 -30C90 -14 84 -4 74 4H-62C-72 -4 -78 -16 -82 -30Z", hull)
    pen.line("M-81 -27L94 -27", "#f7f3ea", 2.4)
    pen.flat("M-72 -6H82L74 4H-62Z", "#a83a34")


def submarine(pen: Pen, hull: str) -> None:
    pen.line("M-6 -74V-96H8", "#46505e", 4)
    pen.path(corners("-24 -60, -16 -82, 16 -82, 24 -60"), darker(hull, 0.12))
    pen.path(corners("-78 -38, -104 -62, -96 -38, -104 -14"), darker(hull, 0.25))
    pen.path("M-86 -38C-78 -62 -40 -66 10 -66C62 -66 92 -54 92 -36C92 -18 62 -8 10 -8C-40 -8 -78 -14 -86 -38Z", hull)
    for x in (-34, 4, 42):
        pen.disc(x, -40, 11, lighter(hull, 0.5))
        pen.ball(x, -40, 8, "#3f86b8")
        pen.flat(blob(f"{x - 4} -42, {x - 1} -45, {x + 2} -45, {x - 2} -40"), "#e2f6ff")


def car(pen: Pen, paint: str) -> None:
    pen.path("M-52 -44C-44 -72 -34 -84 -14 -85H16C34 -84 46 -68 56 -46Z", darker(paint, 0.12))
    for d in ("M-42 -46C-37 -66 -30 -76 -16 -77H-4V-46Z", "M4 -77H14C28 -76 38 -62 45 -46H4Z"):
        pen.path(d, "#8ec3de")
    pen.flat("M-36 -50L-24 -74H-18L-31 -50Z", "#ffffff", opacity=0.4)
    pen.path(
        "M-92 -20C-94 -40 -84 -47 -58 -49H52C82 -47 96 -40 97 -20C97 -14 92 -12 86 -12H-84C-90 -12 -92 -14 -92 -20Z",
        paint,
    )
    pen.line("M-90 -28H95", darker(paint, 0.25), 1.6)
    pen.line("M0 -46V-16M10 -38H18", darker(paint, 0.35), 1.8)
    pen.shine("M86 -36h10v9h-12Z", "#fff2b8")
    pen.shine("M-92 -36h8v9h-9Z", "#ff6a4a")
    if pen.light.night:
        pen.glow(96, -31, 44, "#fff2b8", 0.8)
    for x in (-52, 54):
        _wheel(pen, x, -17, 18)


def _wheel(pen: Pen, x: float, y: float, radius: float) -> None:
    pen.disc(x, y, radius, "#2b2c33")
    pen.disc(x, y, radius * 0.58, "#cfd5dc")
    pen.disc(x, y, radius * 0.2, "#5a626e", relief=0)


def bus(pen: Pen, paint: str) -> None:
    pen.box(-100, -98, (200, 86), paint, corner=12)
    pen.box(-100, -36, (200, 7), lighter(paint, 0.6))
    for x in (-90, -56, -22, 12):
        pen.box(x, -86, (28, 32), "#ffd978" if pen.light.night else "#8ec3de", corner=4)
    pen.box(46, -86, (24, 72), "#7fb4d0", corner=3)
    pen.box(76, -86, (24, 40), "#8ec3de", corner=4)
    pen.shine("M92 -28h9v9h-9Z", "#fff2b8")
    for x in (-58, 30):
        _wheel(pen, x, -15, 17)


def truck(pen: Pen, paint: str) -> None:
    pen.box(-100, -100, (132, 80), "#eef0ea", corner=4)
    pen.box(-100, -52, (132, 9), paint)
    pen.path("M36 -20V-78C36 -82 38 -84 42 -84H70C80 -84 86 -58 96 -50C100 -46 100 -30 100 -20Z", paint)
    pen.path("M50 -76H68C75 -76 80 -60 84 -52H50Z", "#8ec3de")
    pen.box(-102, -24, (204, 10), "#4a515e", corner=3)
    pen.shine("M92 -38h9v9h-9Z", "#fff2b8")
    for x in (-72, -34, 66):
        _wheel(pen, x, -15, 16)


def train(pen: Pen, paint: str) -> None:
    """A steam engine."""
    for x, y, r in ((44, -118, 9), (30, -130, 13), (8, -140, 16)):
        pen.disc(x, y, r, "#eceef2", relief=0.5)
    pen.path(corners("40 -76, 38 -106, 32 -112, 62 -112, 56 -106, 54 -76"), "#3a3d48")
    pen.box(-36, -78, (112, 48), paint, corner=14)
    for x in (-8, 22):
        pen.box(x, -78, (5, 48), "#e4b84a")
    pen.path("M2 -78C2 -90 22 -90 22 -78Z", "#e4b84a")
    pen.box(70, -76, (12, 44), "#3a3d48", corner=5)
    pen.disc(80, -62, 7, "#fff2b8")
    pen.box(-86, -104, (54, 78), darker(paint, 0.12), corner=3)
    pen.box(-94, -110, (70, 10), "#3a3d48", corner=4)
    pen.box(-76, -92, (32, 26), "#ffd978" if pen.light.night else "#9ecbe2", corner=3)
    pen.box(-92, -32, (178, 12), "#3a3d48", corner=3)
    pen.path(corners("84 -30, 106 -4, 80 -4"), "#b8483a")
    for x, r in ((-66, 21), (-20, 21), (26, 16), (62, 16)):
        pen.disc(x, -r, r, "#b8483a")
        pen.disc(x, -r, r * 0.72, "#2f313a")
        pen.disc(x, -r, r * 0.25, "#e4b84a")
    pen.line("M-66 -21H-20L26 -16", "#cfd5dc", 4)
    pen.line("M-110 1H112", "#5a5048", 3)


def bicycle(pen: Pen, frame: str) -> None:
    for x in (-48, 50):
        pen.line(f"M{x - 34} -35a34 34 0 1 0 68 0a34 34 0 1 0 -68 0", "#30333d", 5)
        for dx, dy in ((30, 0), (21, 21), (0, 30), (-21, 21)):
            pen.line(f"M{x - dx} {-35 - dy}L{x + dx} {-35 + dy}", "#aab2bc", 0.9)
        pen.disc(x, -35, 4, "#5a626e")
    pen.line("M-48 -35L-24 -76M-48 -35L0 -33L36 -80M0 -33L-27 -86M-24 -76L35 -78M50 -35L34 -92", frame, 5)
    pen.path(blob("-40 -92, -24 -93, -14 -88, -28 -84, -40 -86"), "#4a3226")
    pen.line(bend("34 -92, 40 -99, 52 -97, 55 -90"), "#30333d", 4)
    pen.disc(0, -33, 8, "#8d97a4")
    pen.line("M0 -33L8 -16M2 -15H15", "#30333d", 3.4)


def motorcycle(pen: Pen, paint: str) -> None:
    for x in (-54, 58):
        _wheel(pen, x, -28, 28)
    pen.line("M58 -28L34 -82", "#aab2bc", 6)
    pen.line("M-54 -28L-6 -30L30 -58", "#30333d", 7)
    pen.path(blob("-20 -52, 14 -56, 20 -34, -4 -22, -26 -30"), "#8d97a4")
    pen.path(blob("-14 -66, 10 -80, 34 -76, 40 -62, 14 -52, -10 -54"), paint)
    pen.path(blob("-64 -76, -40 -68, -12 -70, -10 -58, -44 -56, -62 -64"), "#38302e")
    pen.path("M-88 -50C-80 -70 -48 -72 -36 -50L-44 -52C-52 -62 -74 -60 -82 -48Z", paint)
    pen.limb("M-64 -16H-8", "#b8c0ca", 6)
    pen.line(bend("32 -84, 26 -96, 14 -96"), "#30333d", 5)
    pen.disc(44, -76, 8, "#fff2b8")


def balloon(pen: Pen, colour: str) -> None:
    """A hot-air balloon."""
    pen.line("M-14 -34L-8 -12M14 -34L8 -12M-5 -32L-4 -12M5 -32L4 -12", "#5d4630", 0.9)
    envelope = "M0 -112C-30 -112 -44 -92 -42 -72C-40 -54 -22 -44 -14 -32H14C22 -44 40 -54 42 -72C44 -92 30 -112 0 -112Z"
    pen.path(envelope, colour)
    with pen.inside(envelope):
        for d in (
            "M0 -112C-36 -104 -34 -60 -10 -30H-20L-60 -60V-112Z",
            "M0 -112C36 -104 34 -60 10 -30H20L60 -60V-112Z",
        ):
            pen.path(d, darker(colour, 0.1))
        for d in (
            "M0 -112C-12 -96 -14 -60 -5 -30H5C14 -60 12 -96 0 -112Z",
            "M0 -112C-50 -104 -46 -60 -16 -30H-10C-32 -60 -32 -104 0 -112Z",
            "M0 -112C50 -104 46 -60 16 -30H10C32 -60 32 -104 0 -112Z",
        ):
            pen.path(d, "#fdf0d2")
        pen.path("M-50 -70C-20 -62 20 -62 50 -70V-60C20 -52 -20 -52 -50 -60Z", lighter(colour, 0.18))
        pen.flat(blob("-28 -98, -14 -106, -18 -84, -28 -72, -34 -84"), "#ffffff", opacity=0.22)
    pen.box(-14.5, -34, (29, 4), darker(colour, 0.3), corner=1)
    if pen.light.night:
        pen.glow(0, -40, 40, "#ffb347", 0.7)
    pen.box(-9, -13, (18, 13), "#a8743f", corner=2.5)
    pen.line("M-9 -9H9M-9 -4H9", "#7d5228", 1)
    pen.box(-10.5, -15, (21, 3.4), "#c48d52", corner=1.5)


def airplane(pen: Pen, paint: str) -> None:
    pen.path(corners("-82 -56, -104 -92, -86 -92, -58 -60"), paint)
    pen.path(corners("8 -56, -22 -86, -6 -86, 40 -58"), "#c9d0da")
    pen.path(
        "M-96 -54C-60 -66 40 -66 78 -62C96 -58 104 -50 104 -45C100 -36 60 -32 20 -32C-30 -32 -80 -40 -96 -54Z",
        "#f4f6f9",
    )
    pen.flat("M-94 -51C-60 -48 60 -46 104 -46C100 -37 60 -32 20 -32C-30 -32 -80 -40 -94 -51Z", paint)
    for x in range(-50, 70, 13):
        pen.oval(x, -54, 2.6, 3.4, "#4a6f94", relief=0)
    pen.path("M82 -60L95 -56L91 -52L80 -54Z", "#3a5878")
    pen.path(corners("-6 -44, -48 -4, -26 -6, 44 -42"), "#dfe4ea")
    pen.oval(2, -22, 12, 5.5, darker(paint, 0.1))
    pen.path(corners("-74 -50, -98 -36, -84 -36, -54 -48"), "#dfe4ea")


def helicopter(pen: Pen, paint: str) -> None:
    pen.limb("M-30 -52L-92 -64", paint, 9)
    pen.path(corners("-90 -58, -104 -86, -94 -86, -82 -62"), darker(paint, 0.15))
    pen.line("M-104 -70L-84 -82", "#5a626e", 2.5)
    pen.path(
        "M-44 -50C-44 -74 -20 -82 10 -80C44 -78 60 -58 60 -42C60 -26 40 -20 10 -20C-22 -20 -44 -28 -44 -50Z", paint
    )
    pen.path("M14 -72C38 -70 50 -58 52 -44H14Z", "#9ecbe2")
    pen.box(-16, -68, (22, 22), "#9ecbe2", corner=3)
    pen.line("M4 -80V-94", "#5a626e", 4)
    pen.line("M-84 -96L92 -92", "#3f4652", 3.4)
    pen.line("M-20 -21L-26 -6M28 -20L32 -6M-46 -5H50C56 -5 60 -8 62 -12", "#5a626e", 3.4)


def ufo(pen: Pen, metal: str) -> None:
    pen.veil(corners("-26 -34, 26 -34, 62 34, -62 34"), "#aef7d8", (0.55, 0.0))
    pen.path("M-34 -64C-32 -96 32 -96 34 -64Z", "#8fe3f0")
    pen.flat(blob("-22 -70, -14 -84, -4 -86, -12 -70"), "#ffffff", opacity=0.6)
    pen.oval(4, -68, 8, 10, "#6fc25a")
    for x in (1, 8):
        pen.oval(x, -70, 2, 3, "#1d2a1c", relief=0)
    pen.path("M-88 -48C-80 -62 -40 -68 0 -68C40 -68 80 -62 88 -48C80 -34 40 -28 0 -28C-40 -28 -80 -34 -88 -48Z", metal)
    pen.flat(
        "M-88 -48C-60 -42 60 -42 88 -48C80 -34 40 -28 0 -28C-40 -28 -80 -34 -88 -48Z", darker(metal, 0.4), opacity=0.7
    )
    for x in (-62, -32, 0, 32, 62):
        pen.glow(x, -44 + abs(x) * 0.04, 12, "#ffe27a", 0.8)
        pen.disc(x, -44 + abs(x) * 0.04, 4.2, "#fff0b0", relief=0)


VEHICLES = {
    "sailboat": Thing(draw=sailboat, colour="#c8453a", size=7, width=86, home="water", top=-14),
    "rowboat": Thing(draw=rowboat, colour="#b5683a", size=1.4, width=196, home="water", top=-40),
    "ship": Thing(draw=ship, colour="#2f4f7a", size=24, width=180, home="water", top=-56),
    "submarine": Thing(draw=submarine, colour="#e8b53a", size=5, width=196, home="sea"),
    "car": Thing(draw=car, colour="#cf3b36", size=1.6, width=192, top=-84),
    "bus": Thing(draw=bus, colour="#d9473c", size=3.2, width=204, top=-98),
    "truck": Thing(draw=truck, colour="#2f7fb8", size=3.2, width=206, top=-100),
    "train": Thing(draw=train, colour="#2f6b52", size=4, width=214),
    "bicycle": Thing(draw=bicycle, colour="#2f86b8", size=1.1, width=170, seat=(-26, -92)),
    "motorcycle": Thing(draw=motorcycle, colour="#c23a36", size=1.1, width=176, seat=(-36, -70)),
    "balloon": Thing(draw=balloon, colour="#dc4a3c", size=16, width=86, home="sky"),
    "airplane": Thing(draw=airplane, colour="#2f6fc4", size=8, width=210, home="sky"),
    "helicopter": Thing(draw=helicopter, colour="#d98a2c", size=3.5, width=200, home="sky"),
    "rocket": Thing(draw=rocket, colour="#d8403a", size=22, width=62, home="sky"),
    "ufo": Thing(draw=ufo, colour="#b9c4d4", size=4, width=178, home="sky"),
}
