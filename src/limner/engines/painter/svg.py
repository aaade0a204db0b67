"""A small writer of SVG. No text of the prompt ever comes here: only numbers, paths and colours of our own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from limner.engines.painter.colour import Triple, darker, lighter, lit, mix


@dataclass(frozen=True, slots=True)
class Light:
    """How the light of the picture falls on a thing.

    `haze_share` grows with distance; `side` is where the light comes from (-1 left, 1 right).
    `contrast` 0 gives flat paper cut-outs.
    """

    ambient: Triple = (1.0, 1.0, 1.0)
    haze: str = "#c6def0"
    haze_share: float = 0.0
    side: int = -1
    contrast: float = 1.0
    night: bool = False

    def on(self, colour: str) -> str:
        return mix(lit(colour, self.ambient), self.haze, self.haze_share)


def number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


class Pen:
    """Draws shapes one over another. Coordinates are SVG's: x to the right, y down; things stand on y = 0."""

    def __init__(self, light: Light | None = None) -> None:
        self.light = light or Light()
        self._parts: list[str] = []
        self._known: dict[str, tuple[str, str]] = {}
        self._mirrored = False

    @property
    def empty(self) -> bool:
        return not self._parts

    def document(self, width: float, height: float) -> str:
        size = f"{number(width)} {number(height)}"
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" preserveAspectRatio="none">'
            f"<defs>{''.join(markup for _, markup in self._known.values())}</defs>{''.join(self._parts)}</svg>"
        )

    def path(self, d: str, colour: str, *, relief: float = 1.0, opacity: float = 1.0) -> None:
        """A filled shape, lighter on the side of the light and darker below. `relief` 0 fills it evenly."""
        self._add(f'<path d="{d}" fill="{self._volume(colour, relief)}"{_faded(opacity)}/>')

    def flat(self, d: str, colour: str, *, opacity: float = 1.0) -> None:
        self.path(d, colour, relief=0, opacity=opacity)

    def line(self, d: str, colour: str, width: float, *, opacity: float = 1.0) -> None:
        """A stroke with round ends."""
        ink = self.light.on(colour)
        self._add(
            f'<path d="{d}" fill="none" stroke="{ink}" stroke-width="{number(width)}" '
            f'stroke-linecap="round" stroke-linejoin="round"{_faded(opacity)}/>'
        )

    def limb(self, d: str, colour: str, width: float) -> None:
        """A stroke with a lighter core, for legs, stalks and cables."""
        self.line(d, darker(colour, 0.22 * self.light.contrast), width)
        if self.light.contrast:
            shift = width * 0.12 * (-self.light.side if self._mirrored else self.light.side)
            with self.moved(shift, 0):
                self.line(d, lighter(colour, 0.06), width * 0.55)

    def oval(
        self, x: float, y: float, rx: float, ry: float, colour: str, *, turn: float = 0, relief: float = 1
    ) -> None:
        turned = f' transform="rotate({number(turn)} {number(x)} {number(y)})"' if turn else ""
        fill = self._volume(colour, relief)
        at = f'cx="{number(x)}" cy="{number(y)}" rx="{number(rx)}" ry="{number(ry)}"'
        self._add(f'<ellipse {at} fill="{fill}"{turned}/>')

    def disc(self, x: float, y: float, radius: float, colour: str, *, relief: float = 1) -> None:
        self.oval(x, y, radius, radius, colour, relief=relief)

    def box(
        self, x: float, y: float, size: tuple[float, float], colour: str, *, corner: float = 0, relief: float = 1
    ) -> None:
        fill = self._volume(colour, relief)
        at = f'x="{number(x)}" y="{number(y)}" width="{number(size[0])}" height="{number(size[1])}"'
        self._add(f'<rect {at} rx="{number(corner)}" fill="{fill}"/>')

    def ball(self, x: float, y: float, radius: float, colour: str) -> None:
        """A sphere: the highlight sits on the side of the light."""
        focus = 0.5 + 0.18 * self._light_side
        base = self.light.on(colour)
        contrast = self.light.contrast
        stops = (
            _stop(0, lighter(base, 0.45 * contrast)),
            _stop(0.45, base),
            _stop(1, darker(base, 0.42 * contrast)),
        )
        fill = self._gradient(f'radialGradient cx="{focus:.2f}" cy="0.3" r="0.75"', "".join(stops))
        self._add(f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(radius)}" fill="{fill}"/>')

    def glow(self, x: float, y: float, radius: float, colour: str, opacity: float = 1.0) -> None:
        """Light of its own: the light of the picture does not change its colour."""
        stops = (
            _stop(0, colour, opacity),
            _stop(0.25, colour, opacity * 0.5),
            _stop(0.55, colour, opacity * 0.16),
            _stop(1, colour, 0),
        )
        fill = self._gradient("radialGradient", "".join(stops))
        self._add(f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(radius)}" fill="{fill}"/>')

    def shine(self, d: str, colour: str, *, opacity: float = 1.0) -> None:
        """A shape that gives light itself: windows at night, flames, lamps."""
        self._add(f'<path d="{d}" fill="{colour}"{_faded(opacity)}/>')

    def veil(self, d: str, colour: str, opacities: tuple[float, float]) -> None:
        """A shape that fades from its top to its bottom."""
        stops = _stop(0, colour, opacities[0]) + _stop(1, colour, opacities[1])
        fill = self._gradient('linearGradient x1="0" y1="0" x2="0" y2="1"', stops)
        self._add(f'<path d="{d}" fill="{fill}"/>')

    def fade(self, d: str, colours: tuple[str, str], *, across: bool = False) -> None:
        """A shape that goes from one colour to another, downwards or across."""
        end = 'x2="1" y2="0"' if across else 'x2="0" y2="1"'
        stops = _stop(0, self.light.on(colours[0])) + _stop(1, self.light.on(colours[1]))
        fill = self._gradient(f'linearGradient x1="0" y1="0" {end}', stops)
        self._add(f'<path d="{d}" fill="{fill}"/>')

    def shadow(self, x: float, y: float, rx: float, ry: float, opacity: float = 0.35) -> None:
        """The soft shadow of something that touches the ground."""
        dark = lit(mix("#101528", self.light.haze, self.light.haze_share * 0.5), (1, 1, 1))
        stops = _stop(0, dark, opacity) + _stop(0.5, dark, opacity * 0.6) + _stop(1, dark, 0)
        fill = self._gradient("radialGradient", stops)
        at = f'cx="{number(x)}" cy="{number(y)}" rx="{number(rx)}" ry="{number(ry)}"'
        self._add(f'<ellipse {at} fill="{fill}"/>')

    @contextmanager
    def moved(
        self, x: float, y: float, scale: float = 1.0, turn: float = 0.0, *, mirror: bool = False
    ) -> Iterator[None]:
        """What is drawn inside is scaled, turned (degrees) and put at x, y."""
        across = -scale if mirror else scale
        spin = f" rotate({number(turn)})" if turn else ""
        self._add(f'<g transform="translate({number(x)} {number(y)}){spin} scale({across:.4f} {scale:.4f})">')
        before = self._mirrored
        self._mirrored = before != mirror
        yield
        self._mirrored = before
        self._add("</g>")

    @contextmanager
    def stretched(self, x: float, y: float, across: float, down: float) -> Iterator[None]:
        """What is drawn inside is put at x, y and scaled unequally; a negative `down` turns it over."""
        self._add(f'<g transform="translate({number(x)} {number(y)}) scale({across:.4f} {down:.4f})">')
        yield
        self._add("</g>")

    @contextmanager
    def faded(self, opacity: float) -> Iterator[None]:
        self._add(f'<g opacity="{opacity:.3f}">')
        yield
        self._add("</g>")

    @contextmanager
    def inside(self, d: str) -> Iterator[None]:
        """What is drawn inside shows only within the path."""
        name = self._name(d)
        self._known[d] = (name, f'<clipPath id="{name}"><path d="{d}"/></clipPath>')
        self._add(f'<g clip-path="url(#{name})">')
        yield
        self._add("</g>")

    @contextmanager
    def under(self, light: Light) -> Iterator[None]:
        """What is drawn inside stands in another light."""
        before, self.light = self.light, light
        yield
        self.light = before

    @property
    def _light_side(self) -> int:
        return -self.light.side if self._mirrored else self.light.side

    def _add(self, element: str) -> None:
        self._parts.append(element)

    def _volume(self, colour: str, relief: float) -> str:
        base = self.light.on(colour)
        depth = relief * self.light.contrast
        if not depth:
            return base
        start, end = (0.15, 0.75) if self._light_side < 0 else (0.85, 0.25)
        stops = _stop(0, lighter(base, 0.2 * depth)) + _stop(0.45, base) + _stop(1, darker(base, 0.3 * depth))
        return self._gradient(f'linearGradient x1="{start}" y1="0" x2="{end}" y2="1"', stops)

    def _gradient(self, head: str, stops: str) -> str:
        kind, _, attributes = head.partition(" ")
        name = self._name(head + stops)
        self._known[head + stops] = (name, f'<{kind} id="{name}" {attributes}>{stops}</{kind}>')
        return f"url(#{name})"

    def _name(self, key: str) -> str:
        return self._known[key][0] if key in self._known else f"d{len(self._known)}"


def _stop(offset: float, colour: str, opacity: float = 1.0) -> str:
    see_through = f' stop-opacity="{opacity:.3f}"' if opacity < 1 else ""
    return f'<stop offset="{offset}" stop-color="{colour}"{see_through}/>'


def _faded(opacity: float) -> str:
    return f' opacity="{opacity:.3f}"' if opacity < 1 else ""
