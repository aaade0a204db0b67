"""Things one can hold or put on a table."""

from __future__ import annotations

from limner.engines.painter.colour import darker, lighter
from limner.engines.painter.curves import bend, blob, corners, limb
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
    pen.path("M62 -88H72L73 26L67 18L61 26Z", "#e2b13c")


OBJECTS = {
    "book": Thing(draw=book, colour="#9b2f3a", size=0.12, width=212, home="table", top=-98),
}
