"""Paths from a few points: smooth outlines, tapering limbs, ragged ridges. Points are written "x y, x y"."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from limner.engines.painter.dice import Dice

Point = tuple[float, float]


@lru_cache(2048)
def points(text: str) -> tuple[Point, ...]:
    pairs = (pair.split() for pair in text.split(","))
    return tuple((float(x), float(y)) for x, y in pairs)


@lru_cache(2048)
def blob(text: str) -> str:
    """A closed smooth outline through the points."""
    return closed(points(text))


@lru_cache(2048)
def bend(text: str) -> str:
    """An open smooth line through the points."""
    found = points(text)
    return _through((found[0], *found, found[-1]))


@lru_cache(2048)
def corners(text: str) -> str:
    """A closed outline with straight sides."""
    return polygon(points(text))


@lru_cache(2048)
def limb(text: str, widths: str) -> str:
    """A smooth limb along the points, as wide at each as `widths` says."""
    return ribbon(points(text), [float(width) for width in widths.split()])


def closed(found: Sequence[Point]) -> str:
    return _through((found[-1], *found, found[0], found[1])) + "Z"


def polygon(found: Sequence[Point]) -> str:
    return "M" + "L".join(_pair(point) for point in found) + "Z"


def ribbon(found: Sequence[Point], widths: Sequence[float]) -> str:
    """The outline of a line whose width changes."""
    last = len(found) - 1
    left, right = [], []
    for at, (x, y) in enumerate(found):
        before, after = found[max(0, at - 1)], found[min(last, at + 1)]
        along = math.hypot(after[0] - before[0], after[1] - before[1]) or 1
        across = ((before[1] - after[1]) / along, (after[0] - before[0]) / along)
        half = widths[at] / 2
        left.append((x + across[0] * half, y + across[1] * half))
        right.append((x - across[0] * half, y - across[1] * half))
    start, end = widths[0] / 2, widths[-1] / 2
    there = _through((left[0], *left, left[-1]))
    back = _through((right[-1], *reversed(right), right[0]))
    return f"{there}A{end:.2f} {end:.2f} 0 0 0 {_pair(right[-1])}{back[back.index('C') :]}A{start:.2f} {start:.2f} 0 0 0 {_pair(left[0])}Z"


def star(x: float, y: float, radius: float, tips: int, inner: float = 0.42) -> str:
    """A star with its first tip up; `inner` is the radius of the notches as a share."""
    found = []
    for at in range(tips * 2):
        reach = radius if at % 2 == 0 else radius * inner
        angle = math.pi * at / tips - math.pi / 2
        found.append((x + reach * math.cos(angle), y + reach * math.sin(angle)))
    return polygon(found)


def around(x: float, y: float, radius: float, count: int, start: float = -90) -> list[tuple[float, float, float]]:
    """Points on a circle, each with its angle in degrees."""
    angles = [start + 360 * at / count for at in range(count)]
    return [(x + radius * math.cos(math.radians(a)), y + radius * math.sin(math.radians(a)), a) for a in angles]


def ridge(dice: Dice, width: float, heights: tuple[float, float], rough: float, detail: int = 6) -> list[Point]:
    """A ragged line from x = 0 to `width`: `heights` are y of its highest and lowest; `rough` 0…1."""
    line = [dice.unit(), dice.unit(), dice.unit(), dice.unit()]
    spread = 0.5
    for _ in range(detail):
        line = [
            value
            for left, right in pairwise(line)
            for value in (left, (left + right) / 2 + dice.between(-1, 1) * spread * 0.5)
        ] + [line[-1]]
        spread *= rough
    low, high = min(line), max(line)
    top, bottom = heights
    step = width / (len(line) - 1)
    return [(at * step, bottom + (top - bottom) * (value - low) / (high - low or 1)) for at, value in enumerate(line)]


def _through(found: Sequence[Point]) -> str:
    """A Catmull-Rom spline as Bézier curves; the first and last points only steer."""
    path = [f"M{_pair(found[1])}"]
    for before, start, end, after in zip(found, found[1:], found[2:], found[3:], strict=False):
        first = (start[0] + (end[0] - before[0]) / 6, start[1] + (end[1] - before[1]) / 6)
        second = (end[0] - (after[0] - start[0]) / 6, end[1] - (after[1] - start[1]) / 6)
        path.append(f"C{_pair(first)} {_pair(second)} {_pair(end)}")
    return "".join(path)


def _pair(point: Point) -> str:
    return f"{point[0]:.2f} {point[1]:.2f}"
