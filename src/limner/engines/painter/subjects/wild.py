"""More animals of field and forest."""

from __future__ import annotations

from limner.engines.painter.colour import darker, lighter
from limner.engines.painter.curves import bend, blob, corners, limb
from limner.engines.painter.subjects.animals import eye
from limner.engines.painter.subjects.thing import Thing
from limner.engines.painter.svg import Pen

_DARK = "#241b19"


def rabbit(pen: Pen, coat: str) -> None:
    pale = lighter(coat, 0.55)
    pen.disc(-31, -18, 8, pale)
    pen.path(blob("-30 -26, -14 -48, 8 -48, 18 -30, 16 0, -26 0"), coat)
    pen.path(blob("-26 -6, -24 -24, -10 -30, 2 -20, 2 0, -22 0"), darker(coat, 0.08))
    pen.oval(-8, -3, 14, 4.5, pale)
    pen.path(limb("14 -30, 17 -14, 17 -4", "11 9 9"), coat)
    pen.oval(20, -3.5, 7, 4, pale)
    for turn, shade in ((-14, 0.2), (8, 0.0)):
        pen.oval(10 + turn * 0.3, -84, 6.5, 20, darker(coat, shade), turn=turn)
        pen.oval(10.5 + turn * 0.3, -83, 3.4, 15, "#eeb0ac", turn=turn, relief=0.4)
    pen.path(blob("-2 -60, 10 -70, 26 -66, 34 -54, 28 -43, 12 -40, 0 -46"), coat)
    pen.path(blob("22 -54, 34 -54, 33 -46, 26 -42, 18 -45"), pale)
    pen.flat(corners("31 -55, 36 -54, 33 -51"), "#d9797a")
    eye(pen, 20, -58, 3)


def bear(pen: Pen, coat: str) -> None:
    far, snout = darker(coat, 0.3), lighter(coat, 0.35)
    for d in ("-30 -34, -30 -16, -28 -4", "26 -36, 32 -16, 34 -4"):
        pen.path(limb(d, "26 19 18"), far)
    pen.path(blob("-52 -48, -40 -72, -10 -76, 18 -80, 40 -70, 42 -44, 24 -26, -20 -24, -46 -28"), coat)
    for x in (-40, 24):
        pen.path(limb(f"{x} -40, {x - 2} -18, {x} -5", "30 21 20"), coat)
        pen.oval(x + 4, -5, 13, 5.5, coat)
    pen.disc(36, -97, 8, far)
    pen.disc(56, -97, 8, coat)
    pen.path(blob("28 -88, 46 -98, 62 -92, 70 -78, 78 -70, 72 -58, 56 -56, 38 -60, 26 -72"), coat)
    pen.path(blob("60 -74, 74 -74, 79 -66, 72 -58, 60 -60"), snout)
    pen.oval(77, -72, 4.5, 3.6, _DARK)
    eye(pen, 58, -81, 2.4)


def panda(pen: Pen, coat: str) -> None:
    """Sitting, looking out of the picture."""
    black = "#2a2a31"
    pen.path(blob("-26 -60, 0 -66, 26 -60, 34 -30, 28 -4, -28 -4, -34 -30"), coat)
    for side in (-1, 1):
        pen.path(limb(f"{side * 20} -54, {side * 30} -36, {side * 14} -26", "18 17 14"), black)
        pen.oval(side * 24, -9, 16, 12, black)
        pen.oval(side * 26, -9, 8, 7, "#4a4a52")
        pen.disc(side * 25, -98, 11, black)
    pen.path(blob("0 -106, 24 -98, 33 -80, 24 -63, 0 -57, -24 -63, -33 -80, -24 -98"), coat)
    for side in (-1, 1):
        pen.oval(side * 13, -82, 7.5, 9.5, black, turn=side * 28)
        eye(pen, side * 12, -83, 3)
    pen.oval(0, -73, 5, 3.6, black)
    pen.line(bend("-7 -66, -3 -64, 0 -67, 3 -64, 7 -66"), black, 1.4)


def deer(pen: Pen, coat: str) -> None:
    far, horn, pale = darker(coat, 0.3), "#6b4a30", lighter(coat, 0.5)
    for d in ("-20 -46, -17 -24, -19 -2", "16 -46, 19 -24, 18 -2"):
        pen.path(limb(d, "10 5.5 4.5"), far)
    pen.line(bend("30 -88, 24 -100, 28 -116"), darker(horn, 0.3), 2.6)
    pen.path(blob("-34 -54, -20 -62, 6 -60, 20 -62, 27 -50, 20 -38, -4 -36, -26 -40"), coat)
    pen.path(limb("14 -54, 24 -70, 31 -84", "21 14 11"), coat)
    for d in ("-27 -46, -29 -24, -31 -2", "21 -46, 23 -24, 24 -2"):
        pen.path(limb(d, "14 6 5"), coat)
    pen.path(blob("-36 -58, -30 -58, -31 -46, -37 -46"), pale)
    for x, y in ((-18, -54), (-8, -52), (2, -55), (-13, -47), (8, -49)):
        pen.disc(x, y, 1.7, pale, relief=0)
    pen.path(blob("20 -92, 8 -94, 14 -85"), darker(coat, 0.1))
    pen.path(blob("24 -92, 34 -95, 42 -88, 52 -80, 50 -75, 38 -76, 27 -80"), coat)
    pen.oval(51, -78.5, 2.8, 2.4, _DARK)
    eye(pen, 36, -87, 2)
    for d in ("32 -94, 36 -106, 32 -122", "35 -104, 43 -112, 43 -119", "34 -112, 40 -122, 39 -129"):
        pen.line(bend(d), horn, 2.8)


def elephant(pen: Pen, hide: str) -> None:
    far, ivory = darker(hide, 0.28), "#f6eedd"
    for x in (-22, 20):
        pen.path(limb(f"{x} -36, {x + 2} -16, {x + 1} -3", "22 19 20"), far)
    pen.line(bend("-52 -58, -58 -44, -56 -34"), far, 3)
    pen.path(blob("-52 -50, -44 -78, -14 -86, 18 -84, 34 -66, 30 -40, 10 -30, -36 -28"), hide)
    for x in (-38, 6):
        pen.path(limb(f"{x} -40, {x} -18, {x} -4", "27 22 23"), hide)
        for toe in (-7, 0, 7):
            pen.oval(x + toe, -2.5, 3, 2.5, lighter(hide, 0.4), relief=0)
    pen.path(limb("52 -66, 62 -44, 60 -22, 66 -10, 75 -14", "24 16 12 9 7"), hide)
    pen.path(blob("20 -76, 34 -95, 54 -92, 64 -76, 60 -56, 44 -48, 26 -56"), hide)
    pen.path(limb("52 -56, 62 -46, 74 -48", "6 5 2"), ivory)
    pen.path(blob("10 -88, 26 -92, 34 -78, 32 -58, 22 -46, 8 -50, 0 -66"), darker(hide, 0.1))
    pen.flat(blob("12 -82, 24 -86, 29 -76, 27 -60, 20 -52, 10 -56, 6 -68"), "#c99a97", opacity=0.45)
    eye(pen, 48, -78, 2.6)


def cow(pen: Pen, coat: str) -> None:
    far, spot, pink = darker(coat, 0.25), "#3b302d", "#eeb3a6"
    for x in (-26, 22):
        pen.path(limb(f"{x} -40, {x + 2} -18, {x + 1} -2", "12 8 8"), far)
    pen.line(bend("-46 -62, -52 -44, -49 -28"), far, 2.6)
    pen.oval(-20, -31, 9, 6, pink)
    body = blob("-46 -60, -34 -70, 4 -70, 28 -72, 40 -60, 34 -38, 8 -32, -32 -33, -46 -42")
    pen.path(body, coat)
    with pen.inside(body):
        for d in (
            "-40 -72, -22 -74, -18 -58, -30 -48, -46 -54",
            "2 -74, 20 -72, 18 -56, 6 -50, -4 -58",
            "-12 -44, 2 -44, 0 -28, -14 -30",
        ):
            pen.path(blob(d), spot)
    for x in (-36, 28):
        pen.path(limb(f"{x} -42, {x} -20, {x} -3", "15 9 9"), coat)
        pen.box(x - 5.5, -5, (11, 5), _DARK, corner=1.5)
    pen.line("M38 -84C36 -90 38 -94 42 -95M54 -86C58 -91 57 -95 54 -97", "#cdb896", 3)
    pen.path(blob("34 -78, 24 -82, 27 -73"), spot)
    pen.path(blob("36 -84, 54 -86, 60 -72, 66 -62, 60 -52, 48 -52, 36 -64"), coat)
    pen.path(blob("34 -82, 44 -88, 46 -72, 40 -62"), spot)
    pen.path(blob("50 -64, 64 -66, 68 -58, 60 -51, 49 -53"), pink)
    pen.oval(62, -60, 1.6, 1.2, _DARK, relief=0)
    eye(pen, 51, -74, 2.2)


def sheep(pen: Pen, wool: str) -> None:
    face = "#4a4044"
    for x in (-20, -8, 14, 25):
        pen.limb(f"M{x} -30V-2", face, 6)
    for x, y, r in (
        (-30, -52, 16),
        (-16, -66, 18),
        (6, -68, 18),
        (24, -58, 17),
        (28, -42, 15),
        (8, -36, 17),
        (-14, -36, 17),
        (-32, -40, 13),
        (-2, -52, 22),
    ):
        pen.ball(x, y, r, wool)
    pen.path(blob("36 -74, 26 -80, 30 -70"), face)
    pen.path(blob("34 -80, 48 -80, 54 -66, 50 -54, 40 -56, 34 -68"), face)
    for x, y, r in ((36, -82, 8), (44, -84, 7)):
        pen.ball(x, y, r, wool)
    eye(pen, 46, -70, 2)


def lion(pen: Pen, coat: str) -> None:
    mane = darker(coat, 0.45)
    pen.line(bend("-44 -58, -60 -56, -66 -72"), coat, 4.5)
    pen.ball(-67, -76, 6.5, mane)
    for d in ("-24 -40, -22 -20, -24 -4", "20 -40, 22 -20, 20 -4"):
        pen.path(limb(d, "14 9 9"), darker(coat, 0.25))
    pen.path(blob("-46 -56, -34 -66, -4 -62, 24 -68, 34 -54, 28 -38, 0 -34, -32 -36"), coat)
    for d, x in (("-34 -46, -36 -22, -37 -5", -37), ("28 -46, 30 -22, 30 -5", 30)):
        pen.path(limb(d, "18 10 10"), coat)
        pen.oval(x + 3, -4, 9, 4.5, lighter(coat, 0.2))
    for x, y, r in (
        (12, -70, 14),
        (16, -88, 15),
        (32, -100, 15),
        (50, -96, 14),
        (58, -78, 13),
        (52, -60, 14),
        (36, -50, 15),
        (20, -56, 14),
    ):
        pen.ball(x, y, r, mane)
    pen.ball(36, -76, 26, darker(mane, 0.15))
    for x in (20, 52):
        pen.disc(x, -94, 6, coat)
    pen.path(blob("36 -97, 52 -90, 55 -74, 47 -60, 36 -56, 25 -60, 17 -74, 20 -90"), coat)
    pen.flat(blob("36 -74, 46 -69, 46 -61, 36 -57, 26 -61, 26 -69"), lighter(coat, 0.6))
    pen.flat(corners("31 -74, 41 -74, 36 -68"), "#7a3f35")
    pen.line("M36 -68V-64C33 -61 30 -62 29 -64M36 -64C39 -61 42 -62 43 -64", "#5d3328", 1.3)
    for x in (28, 44):
        eye(pen, x, -80, 2.6)


def giraffe(pen: Pen, coat: str) -> None:
    patch = "#a8652c"
    for d in ("-14 -42, -12 -20, -14 -1", "14 -42, 16 -20, 16 -1"):
        pen.path(limb(d, "8 4.5 4"), darker(coat, 0.25))
    body = blob("-26 -46, -14 -54, 8 -56, 20 -62, 24 -50, 16 -40, -6 -37, -22 -39")
    neck = limb("14 -50, 24 -74, 31 -98", "18 10 8")
    pen.path(body, coat)
    pen.path(neck, coat)
    with pen.inside(body):
        for x, y in ((-18, -48), (-8, -51), (-12, -42), (1, -46), (8, -53), (12, -44)):
            pen.flat(blob(f"{x - 4} {y - 3}, {x + 3} {y - 4}, {x + 5} {y + 2}, {x - 2} {y + 4}"), patch)
    with pen.inside(neck):
        for x, y in ((19, -60), (23, -66), (21, -73), (26, -78), (25, -85), (29, -90), (30, -97)):
            pen.flat(blob(f"{x - 3} {y - 2.5}, {x + 3} {y - 2.5}, {x + 3} {y + 2.5}, {x - 2.5} {y + 3}"), patch)
    for d in ("-20 -44, -22 -20, -23 -1", "19 -46, 21 -20, 21 -1"):
        pen.path(limb(d, "11 5 4.5"), coat)
    pen.line(bend("-26 -46, -30 -36, -28 -26"), patch, 1.8)
    pen.line("M29 -103L27 -111M34 -104L34 -112", patch, 2)
    pen.disc(27, -111, 1.8, _DARK)
    pen.disc(34, -112, 1.8, _DARK)
    pen.path(blob("26 -104, 36 -106, 46 -98, 48 -93, 40 -92, 30 -95"), coat)
    pen.path(blob("42 -98, 48 -95, 47 -92, 40 -92"), lighter(coat, 0.4))
    eye(pen, 36, -101, 1.6)


def pig(pen: Pen, skin: str) -> None:
    far = darker(skin, 0.2)
    pen.line("M-50 -50C-60 -52 -62 -62 -55 -62C-50 -62 -52 -54 -60 -55", far, 2.6)
    for x in (-22, 20):
        pen.path(limb(f"{x} -30, {x} -14, {x} -2", "13 10 9"), far)
    pen.path(blob("-52 -46, -40 -70, -6 -76, 26 -70, 40 -50, 30 -28, -4 -20, -38 -24"), skin)
    for x in (-34, 28):
        pen.path(limb(f"{x} -32, {x} -14, {x} -4", "16 12 11"), skin)
        pen.box(x - 5.5, -5, (11, 5), "#8a5a58", corner=2)
    pen.path(blob("22 -72, 42 -80, 58 -68, 62 -52, 50 -38, 32 -40, 20 -54"), skin)
    pen.path(corners("28 -72, 24 -92, 42 -78"), far)
    pen.path(corners("46 -76, 54 -93, 58 -72"), skin)
    pen.oval(61, -54, 7, 9.5, darker(skin, 0.1))
    for y in (-57, -51):
        pen.oval(63, y, 1.6, 2, "#9a5a58", relief=0)
    eye(pen, 48, -62, 2.6)


def turtle(pen: Pen, shell: str) -> None:
    skin = "#9bb868"
    for x, tone in ((-34, 0.25), (22, 0.25), (-20, 0.0), (38, 0.0)):
        pen.path(limb(f"{x} -26, {x + 3} -10, {x + 6} -4", "20 17 16"), darker(skin, tone))
    pen.path(corners("-62 -20, -84 -12, -62 -28"), skin)
    pen.path(limb("46 -28, 66 -40, 82 -46", "20 17 20"), skin)
    pen.path(blob("72 -58, 90 -60, 98 -48, 90 -38, 74 -38"), skin)
    eye(pen, 89, -51, 3)
    pen.line(bend("84 -42, 91 -42, 97 -45"), darker(skin, 0.5), 1.2)
    dome = "M-66 -20C-62 -70 -22 -86 0 -86C26 -86 60 -66 64 -20C30 -10 -34 -10 -66 -20Z"
    pen.path(dome, shell)
    with pen.inside(dome):
        for d in (
            "-14 -74, 14 -74, 22 -54, 0 -42, -22 -54",
            "24 -72, 44 -66, 52 -42, 36 -36, 28 -52",
            "-24 -72, -44 -66, -52 -42, -36 -36, -28 -52",
            "-26 -46, -2 -36, -4 -18, -32 -20",
            "26 -46, 2 -36, 4 -18, 32 -20",
        ):
            pen.path(corners(d), lighter(shell, 0.18))
    pen.line("M-66 -20C-34 -9 30 -9 64 -20", lighter(shell, 0.4), 5)


def frog(pen: Pen, skin: str) -> None:
    pale = "#e9f0b8"
    for side in (-1, 1):
        pen.path(blob(f"{side * 30} -44, {side * 62} -34, {side * 58} -8, {side * 30} -6"), darker(skin, 0.12))
        pen.path(limb(f"{side * 46} -8, {side * 60} -4, {side * 72} -3", "10 7 5"), skin)
    pen.path(blob("0 -78, 30 -70, 42 -40, 34 -6, -34 -6, -42 -40, -30 -70"), skin)
    pen.flat(blob("0 -48, 24 -44, 28 -22, 20 -8, -20 -8, -28 -22, -24 -44"), pale, opacity=0.85)
    for side in (-1, 1):
        pen.path(limb(f"{side * 24} -40, {side * 26} -18, {side * 22} -4", "13 10 9"), skin)
        pen.path(blob(f"{side * 14} -5, {side * 32} -6, {side * 36} 0, {side * 12} 0"), skin)
        pen.ball(side * 22, -84, 14, skin)
        pen.disc(side * 22, -86, 9, "#f4e9a0", relief=0.3)
        pen.oval(side * 22, -86, 6, 4.6, _DARK, relief=0)
        pen.disc(side * 22 + 2, -88, 1.7, "#ffffff", relief=0)
    pen.line(bend("-30 -58, -12 -50, 12 -50, 30 -58"), darker(skin, 0.5), 2)


def camel(pen: Pen, coat: str) -> None:
    for d in ("-24 -44, -22 -22, -24 -2", "16 -44, 18 -22, 18 -2"):
        pen.path(limb(d, "10 6 6"), darker(coat, 0.28))
    pen.path(
        "M-42 -52C-42 -66 -34 -66 -29 -70C-25 -86 -15 -88 -10 -70C-6 -66 -2 -66 1 -70C5 -86 15 -86 19 -70C28 -66 32 -58 28 -46C16 -34 -22 -34 -36 -40Z",
        coat,
    )
    pen.path(limb("24 -52, 40 -46, 48 -62, 50 -84", "22 14 11 10"), coat)
    for d in ("-32 -46, -33 -22, -35 -3", "22 -46, 24 -22, 25 -3"):
        pen.path(limb(d, "14 7 7"), coat)
    pen.path(blob("44 -92, 54 -95, 66 -86, 70 -80, 62 -77, 48 -80"), coat)
    pen.path(corners("46 -92, 45 -99, 51 -94"), coat)
    eye(pen, 55, -88, 1.9)
    pen.path(blob("-14 -70, 4 -70, 4 -56, -14 -56"), "#b8433a")
    pen.line("M-13 -57V-50M-8 -56V-49M-3 -56V-49M2 -57V-50", "#f0c65a", 1.6)


def dinosaur(pen: Pen, skin: str) -> None:
    """A long-necked giant."""
    for d in ("-20 -34, -20 -16, -18 -3", "18 -36, 20 -16, 20 -3"):
        pen.path(limb(d, "17 13 13"), darker(skin, 0.3))
    pen.path(limb("-96 -14, -66 -22, -38 -40, -4 -46, 24 -44, 40 -66, 48 -92, 58 -100", "2 9 24 34 30 17 12 12"), skin)
    for d in ("-28 -40, -30 -18, -30 -4", "22 -42, 24 -18, 24 -4"):
        pen.path(limb(d, "22 15 15"), skin)
    pen.path(blob("50 -106, 62 -108, 74 -100, 74 -94, 60 -92, 50 -96"), skin)
    eye(pen, 62, -102, 2)
    for x, y, r in ((-30, -52, 4), (-16, -56, 5), (0, -57, 5), (14, -53, 4), (-44, -42, 3)):
        pen.oval(x, y, r, r * 0.7, darker(skin, 0.25), relief=0)


def dragon(pen: Pen, scales: str) -> None:
    belly, wing, horn = "#f0d48a", darker(scales, 0.18), "#f4e8cf"
    pen.path(
        "M-2 -58C-14 -92 -34 -112 -66 -118C-56 -104 -54 -96 -56 -86C-46 -90 -40 -86 -38 -76C-30 -80 -22 -76 -20 -66Z",
        darker(wing, 0.25),
    )
    pen.path(
        limb("-92 -32, -78 -14, -52 -10, -30 -26, -8 -42, 14 -46, 30 -58, 36 -78, 46 -90", "2 8 15 24 34 32 22 16 15"),
        scales,
    )
    pen.path(corners("-92 -30, -108 -44, -90 -48"), wing)
    pen.flat(limb("-20 -22, -2 -32, 16 -36, 30 -50, 34 -66", "4 10 11 8 4"), belly, opacity=0.9)
    for x in (-22, 14):
        pen.path(limb(f"{x} -36, {x + 6} -18, {x + 2} -5", "22 13 11"), scales)
        pen.path(blob(f"{x - 5} -6, {x + 8} -7, {x + 18} -1, {x - 5} 0"), darker(scales, 0.15))
    for x, y, turn in ((-44, -22, -30), (-28, -38, -25), (-12, -56, -12), (2, -63, 0), (24, -80, -50)):
        with pen.moved(x, y, 1, turn):
            pen.path(corners("-6 3, 0 -10, 6 3"), horn)
    pen.path("M6 -54C4 -92 22 -122 58 -132C50 -120 50 -110 54 -102C42 -104 36 -98 36 -88C28 -90 22 -82 22 -72Z", wing)
    pen.line(
        "M8 -58C10 -92 26 -116 56 -130M10 -60C20 -84 34 -96 52 -102M12 -60C20 -72 26 -80 35 -87", darker(wing, 0.3), 1.8
    )
    pen.path(corners("40 -96, 28 -112, 48 -101"), horn)
    pen.path(blob("36 -92, 48 -104, 62 -98, 82 -90, 84 -82, 70 -80, 60 -76, 44 -78"), scales)
    pen.line(bend("58 -82, 70 -84, 82 -84"), darker(scales, 0.5), 1.3)
    pen.oval(81, -89, 1.8, 1.4, _DARK, relief=0)
    pen.oval(58, -94, 4, 4.4, "#ffdf5a", relief=0)
    pen.oval(58.6, -94, 1.4, 3.8, _DARK, relief=0)


def penguin(pen: Pen, coat: str) -> None:
    for x in (-11, 13):
        pen.path(blob(f"{x - 9} -4, {x + 8} -5, {x + 12} 0, {x - 10} 0"), "#ef9a2f")
    pen.path(limb("-24 -66, -36 -46, -34 -26", "12 12 5"), darker(coat, 0.1))
    pen.path(blob("0 -104, 20 -96, 26 -72, 32 -40, 24 -6, -22 -6, -31 -40, -26 -72, -20 -96"), coat)
    pen.path(blob("6 -70, 22 -62, 27 -36, 20 -8, -10 -8, -18 -36, -12 -62"), "#fbfaf5")
    pen.flat(blob("10 -98, 20 -90, 20 -76, 8 -70, -4 -78, -2 -92"), "#fbfaf5")
    pen.flat(blob("4 -74, 22 -70, 20 -60, -4 -60"), "#f6c34a", opacity=0.7)
    pen.path(limb("24 -66, 35 -48, 36 -28", "12 12 5"), coat)
    pen.path(corners("14 -86, 34 -81, 14 -77"), "#ef9a2f")
    eye(pen, 9, -87, 3)


def hedgehog(pen: Pen, spines: str) -> None:
    face = "#e9c9a0"
    for x in (-30, 30):
        pen.oval(x, -5, 12, 6, darker(face, 0.2))
    tips = []
    for at in range(17):
        share = at / 16
        tips.append(
            (
                -74 + 118 * share,
                -14 - 78 * (1 - (2 * share - 0.95) ** 2) ** 0.5 * 0.98 if abs(2 * share - 0.95) < 1 else -14,
            )
        )
        if at < 16:
            share += 1 / 32
            tips.append((-66 + 106 * share, -12 - 66 * max(0.0, 1 - (2 * share - 0.95) ** 2) ** 0.5))
    pen.path("M-60 -4L" + "L".join(f"{x:.1f} {y:.1f}" for x, y in tips) + "L44 -4Z", spines)
    for x, y in ((-40, -30), (-20, -50), (0, -36), (-26, -22), (10, -58), (-8, -18), (22, -40)):
        pen.line(f"M{x} {y}l-6 -12", lighter(spines, 0.35), 2)
    pen.path(blob("24 -52, 40 -56, 58 -40, 82 -26, 80 -18, 54 -6, 26 -6, 20 -30"), face)
    pen.disc(82, -24, 5, _DARK)
    pen.disc(36, -52, 7, darker(face, 0.2))
    eye(pen, 54, -34, 4)


def mouse(pen: Pen, coat: str) -> None:
    pen.line(bend("-38 -10, -66 -6, -78 -24, -98 -22"), "#e0a49b", 4)
    pen.path(blob("-44 -12, -36 -46, -6 -60, 24 -50, 40 -30, 30 -4, -34 -4"), coat)
    pen.disc(14, -66, 18, darker(coat, 0.15))
    pen.path(blob("16 -58, 40 -62, 62 -40, 74 -26, 60 -14, 30 -12"), coat)
    pen.disc(30, -70, 19, coat)
    pen.disc(31, -69, 13, "#eeb7ae")
    pen.disc(73, -27, 5, "#d9797a")
    eye(pen, 54, -40, 4.5)
    for x in (-16, 36):
        pen.oval(x, -4, 12, 5, "#eeb7ae")


WILD = {
    "rabbit": Thing(draw=rabbit, colour="#b89878", size=0.4, width=72),
    "bear": Thing(draw=bear, colour="#6e4a32", size=1.6, width=134, seat=(-8, -76)),
    "polar bear": Thing(draw=bear, colour="#f1f3f2", size=1.7, width=134, seat=(-8, -76)),
    "panda": Thing(draw=panda, colour="#f4f3ee", size=1.3, width=72),
    "deer": Thing(draw=deer, colour="#b0713c", size=1.6, width=90),
    "elephant": Thing(draw=elephant, colour="#9098a6", size=3.0, width=138, seat=(-12, -85)),
    "cow": Thing(draw=cow, colour="#f6f1e7", size=1.6, width=122, seat=(-6, -70)),
    "sheep": Thing(draw=sheep, colour="#f4efe4", size=1.0, width=102),
    "lion": Thing(draw=lion, colour="#d9a04e", size=1.2, width=134, seat=(-14, -64)),
    "giraffe": Thing(draw=giraffe, colour="#eec276", size=5.0, width=84, seat=(-6, -54)),
    "pig": Thing(draw=pig, colour="#f0a9a2", size=0.9, width=130, seat=(-8, -74)),
    "turtle": Thing(draw=turtle, colour="#5d7d42", size=0.4, width=184, seat=(0, -85)),
    "frog": Thing(draw=frog, colour="#5fa845", size=0.25, width=146),
    "camel": Thing(draw=camel, colour="#cf9f62", size=2.2, width=116, seat=(-4, -68)),
    "dinosaur": Thing(draw=dinosaur, colour="#6fa05a", size=5.0, width=176, seat=(-2, -60)),
    "dragon": Thing(draw=dragon, colour="#3f9a5f", size=4.0, width=190, seat=(-6, -58)),
    "penguin": Thing(draw=penguin, colour="#2b3040", size=0.9, width=74),
    "hedgehog": Thing(draw=hedgehog, colour="#6f5138", size=0.25, width=164),
    "mouse": Thing(draw=mouse, colour="#a39a96", size=0.15, width=176),
}
