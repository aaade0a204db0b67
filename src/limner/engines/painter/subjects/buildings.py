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


BUILDINGS = {
    "house": Thing(draw=house, colour="#b9503a", size=6, width=104),
    "lighthouse": Thing(draw=lighthouse, colour="#d23c36", size=22, width=62),
}
