"""What lives in water."""

from __future__ import annotations

from limner.engines.painter.colour import darker, lighter
from limner.engines.painter.curves import bend, blob, limb, star
from limner.engines.painter.subjects.animals import eye
from limner.engines.painter.subjects.thing import Thing
from limner.engines.painter.svg import Pen

_DARK = "#241b19"


def fish(pen: Pen, scales: str) -> None:
    fin = darker(scales, 0.18)
    pen.path(
        "M-40 -46C-58 -52 -76 -76 -86 -84C-84 -60 -78 -50 -78 -46C-80 -38 -86 -26 -86 -10C-70 -18 -54 -34 -40 -44Z", fin
    )
    pen.path("M-24 -70C-14 -96 16 -100 34 -92C30 -82 28 -76 26 -72Z", fin)
    pen.path("M-10 -20C-12 -6 2 2 14 2C14 -8 18 -16 22 -22Z", fin)
    body = "M-50 -46C-36 -78 10 -88 46 -70C64 -62 76 -52 80 -44C72 -34 60 -24 44 -18C6 -6 -36 -16 -50 -46Z"
    pen.path(body, scales)
    with pen.inside(body):
        pen.path("M-20 -96C-6 -66 -6 -26 -20 4L-2 4C12 -26 12 -66 -2 -96Z", lighter(scales, 0.62))
        pen.path("M28 -96C40 -66 40 -26 28 4L40 4C54 -26 54 -66 40 -96Z", lighter(scales, 0.62))
        pen.flat("M-60 -20C-20 -2 40 -4 80 -24V10H-60Z", "#ffffff", opacity=0.18)
    pen.path("M4 -42C-8 -34 -14 -24 -12 -16C0 -18 12 -26 18 -36Z", fin)
    pen.disc(60, -53, 7.5, "#ffffff", relief=0)
    eye(pen, 61, -53, 4.8)
    pen.line(bend("70 -40, 74 -41, 78 -43"), darker(scales, 0.5), 1.8)


def whale(pen: Pen, skin: str) -> None:
    pen.path(
        "M-66 -34C-82 -42 -90 -60 -106 -74C-92 -76 -82 -72 -76 -64C-74 -74 -66 -82 -52 -84C-58 -68 -54 -52 -50 -44Z",
        darker(skin, 0.12),
    )
    body = "M-70 -36C-48 -44 -34 -66 2 -76C44 -86 92 -72 98 -40C100 -18 70 0 26 0C-22 0 -52 -16 -70 -36Z"
    pen.path(body, skin)
    with pen.inside(body):
        pen.flat("M-40 -4C0 -22 60 -22 104 -32V20H-40Z", "#e8eef2")
        for y in (-14, -9, -4, 1):
            pen.line(f"M10 {y}C40 {y - 8} 70 {y - 10} 98 {y - 14}", "#b4c3ce", 1.4)
    pen.line(bend("64 -26, 80 -28, 97 -36"), darker(skin, 0.45), 1.6)
    eye(pen, 66, -38, 3)
    pen.path("M26 -16C20 0 8 12 -8 14C-6 2 0 -12 8 -20Z", darker(skin, 0.2))
    for d in ("44 -78, 40 -94, 26 -102", "46 -78, 48 -98, 60 -106", "45 -78, 44 -98, 43 -110"):
        pen.line(bend(d), "#e6f6ff", 3.4, opacity=0.85)


def dolphin(pen: Pen, skin: str) -> None:
    """Leaping."""
    pen.path(
        "M-70 -12C-84 -6 -92 6 -94 16C-80 14 -72 8 -66 2C-66 12 -60 20 -50 24C-50 10 -54 -4 -60 -14Z",
        darker(skin, 0.15),
    )
    pen.path("M-8 -76C-14 -90 -24 -98 -36 -100C-34 -88 -32 -78 -30 -70Z", darker(skin, 0.15))
    pen.path(
        "M-68 -8C-56 -44 -26 -78 18 -78C36 -78 48 -70 54 -60L76 -50C80 -46 78 -43 74 -43L52 -44C40 -38 30 -40 18 -42C-18 -42 -44 -26 -62 -4Z",
        skin,
    )
    pen.flat(
        "M-54 -12C-36 -34 -10 -46 18 -46C34 -44 44 -44 52 -46L50 -43C40 -36 30 -38 18 -40C-18 -40 -40 -28 -54 -12Z",
        "#eef3f6",
        opacity=0.9,
    )
    pen.path("M20 -46C18 -32 8 -22 -4 -18C-4 -28 0 -38 6 -46Z", darker(skin, 0.2))
    eye(pen, 42, -58, 2.4)
    pen.line(bend("54 -48, 64 -48, 74 -47"), darker(skin, 0.4), 1.1)


def shark(pen: Pen, skin: str) -> None:
    pen.path(
        "M-72 -40C-88 -50 -96 -70 -104 -88C-86 -80 -76 -66 -66 -50C-78 -32 -84 -22 -98 -12C-90 -36 -80 -38 -72 -40Z",
        darker(skin, 0.1),
    )
    pen.path("M-12 -62C-10 -82 -18 -96 -30 -104C-2 -102 20 -84 28 -64Z", darker(skin, 0.1))
    body = "M-76 -42C-44 -62 -4 -72 40 -66C68 -62 88 -52 100 -42C88 -32 70 -24 44 -20C0 -16 -46 -30 -76 -42Z"
    pen.path(body, skin)
    with pen.inside(body):
        pen.flat("M-60 -34C-10 -40 50 -38 104 -36V0H-60Z", "#eef2f4")
    pen.path("M26 -30C20 -10 4 2 -16 4C-6 -10 -2 -20 2 -30Z", darker(skin, 0.2))
    pen.line("M46 -48V-34M40 -48V-35M34 -48V-36", darker(skin, 0.4), 1.4)
    pen.line(bend("62 -30, 76 -34, 88 -34"), darker(skin, 0.55), 1.6)
    eye(pen, 76, -48, 2.6)


def octopus(pen: Pen, skin: str) -> None:
    arms = (
        "-20 -44, -46 -34, -58 -12, -76 -8",
        "-14 -38, -30 -18, -46 2, -58 -2",
        "-4 -36, -10 -14, -22 2, -32 -2",
        "20 -44, 46 -34, 58 -12, 76 -8",
        "14 -38, 30 -18, 46 2, 58 -2",
        "4 -36, 10 -14, 22 2, 32 -2",
    )
    for at, d in enumerate(arms):
        pen.path(limb(d, "15 12 8 4"), skin if at % 3 else darker(skin, 0.18))
    for x, y in ((-44, -30), (-54, -18), (44, -30), (54, -18), (-28, -14), (28, -14)):
        pen.disc(x, y, 2.4, lighter(skin, 0.5), relief=0)
    pen.path(blob("0 -104, 26 -96, 36 -72, 28 -48, 20 -34, -20 -34, -28 -48, -36 -72, -26 -96"), skin)
    pen.flat(blob("-14 -94, -2 -98, -8 -84, -20 -80"), "#ffffff", opacity=0.3)
    for x in (-12, 14):
        pen.disc(x, -60, 8, "#ffffff", relief=0)
        eye(pen, x + 1, -59, 4.6)
    pen.line(bend("-6 -44, 1 -41, 8 -44"), darker(skin, 0.5), 1.8)


def jellyfish(pen: Pen, bell: str) -> None:
    pen.glow(0, -66, 70, bell, 0.5)
    for at, x in enumerate((-26, -16, -6, 4, 14, 24)):
        sway = 9 if at % 2 else -9
        pen.line(
            bend(f"{x} -56, {x + sway} -38, {x - sway} -18, {x + sway * 0.5} 2"), lighter(bell, 0.3), 2.2, opacity=0.7
        )
    for x in (-10, 8):
        pen.path(limb(f"{x} -56, {x + 8} -38, {x - 7} -22, {x + 4} -8", "12 10 7 2"), lighter(bell, 0.45))
    pen.path(
        "M-40 -54C-42 -88 -22 -104 0 -104C22 -104 42 -88 40 -54C34 -60 28 -60 22 -53C16 -60 8 -60 2 -53C-4 -60 -12 -60 -18 -53C-26 -60 -34 -60 -40 -54Z",
        bell,
    )
    pen.flat(blob("-26 -74, -18 -92, -2 -98, -10 -82, -18 -66"), "#ffffff", opacity=0.4)
    for x, y, r in ((8, -76, 5), (22, -70, 3.6), (16, -88, 3.4), (-4, -70, 3.4)):
        pen.disc(x, y, r, lighter(bell, 0.5), relief=0)


def crab(pen: Pen, shell: str) -> None:
    for side in (-1, 1):
        for x, y in ((46, -34), (50, -26), (46, -18)):
            pen.line(
                bend(f"{side * 30} {y - 6}, {side * (x + 14)} {y - 4}, {side * (x + 22)} {y + 18}"),
                darker(shell, 0.2),
                5,
            )
        pen.path(limb(f"{side * 38} -46, {side * 62} -56, {side * 64} -74", "11 9 10"), shell)
        pen.path(
            f"M{side * 64} -74C{side * 46} -84 {side * 48} -106 {side * 66} -108C{side * 60} -98 {side * 62} -94 {side * 66} -92C{side * 70} -98 {side * 78} -102 {side * 84} -98C{side * 86} -84 {side * 78} -74 {side * 64} -74Z",
            shell,
        )
        pen.limb(f"M{side * 14} -58V-74", shell, 4)
        pen.disc(side * 14, -76, 6, "#ffffff", relief=0)
        eye(pen, side * 14, -76, 3.6)
    pen.path(blob("-44 -38, -28 -60, 0 -64, 28 -60, 44 -38, 30 -18, 0 -12, -30 -18"), shell)
    pen.line(bend("-12 -34, 0 -29, 12 -34"), darker(shell, 0.5), 2)
    for x, y in ((-22, -48), (20, -50), (2, -54)):
        pen.disc(x, y, 3, lighter(shell, 0.35), relief=0)


def starfish(pen: Pen, skin: str) -> None:
    pen.path(star(0, -48, 56, 5, 0.45), darker(skin, 0.15))
    pen.path(star(0, -50, 50, 5, 0.44), skin)
    for x, y in (
        (0, -82),
        (0, -68),
        (27, -58),
        (15, -54),
        (-27, -58),
        (-15, -54),
        (17, -26),
        (9, -38),
        (-17, -26),
        (-9, -38),
        (0, -50),
    ):
        pen.disc(x, y, 2.6, lighter(skin, 0.5), relief=0)


def coral(pen: Pen, branch: str) -> None:
    for d, w in (
        ("0 0, -3 -26, -22 -50, -26 -80", "15 12 9 6"),
        ("0 0, 4 -34, 2 -66, 8 -100", "16 13 10 6"),
        ("2 -22, 22 -40, 32 -62, 34 -84", "12 10 8 5"),
        ("-8 -30, -28 -38, -42 -56", "10 8 5"),
        ("3 -60, -10 -76, -12 -94", "8 7 5"),
        ("24 -46, 42 -52, 52 -66", "8 6 4"),
    ):
        pen.path(limb(d, w), branch)
    pen.oval(0, 0, 26, 6, darker(branch, 0.35))


SEA_LIFE = {
    "fish": Thing(draw=fish, colour="#f28a2e", size=0.5, width=170, home="sea"),
    "whale": Thing(draw=whale, colour="#4a6f94", size=10, width=206, home="sea", top=-74),
    "dolphin": Thing(draw=dolphin, colour="#6f93ad", size=2.2, width=174, home="sea"),
    "shark": Thing(draw=shark, colour="#74879a", size=3, width=206, home="sea"),
    "octopus": Thing(draw=octopus, colour="#d0567a", size=1.2, width=150, home="sea"),
    "jellyfish": Thing(draw=jellyfish, colour="#d78ae6", size=0.7, width=84, home="sea"),
    "crab": Thing(draw=crab, colour="#dc4d35", size=0.3, width=170),
    "starfish": Thing(draw=starfish, colour="#f08a4a", size=0.25, width=108),
    "coral": Thing(draw=coral, colour="#ec6a6a", size=0.7, width=100),
}
