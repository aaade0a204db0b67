"""Colours are "#rrggbb"; these functions mix them."""

from __future__ import annotations

import colorsys
from functools import lru_cache

Triple = tuple[float, float, float]


@lru_cache(4096)
def parts(colour: str) -> Triple:
    """Red, green and blue, 0…255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def joined(triple: Triple) -> str:
    red, green, blue = (min(255, max(0, round(part))) for part in triple)
    return f"#{red:02x}{green:02x}{blue:02x}"


@lru_cache(8192)
def mix(first: str, second: str, share: float) -> str:
    """`share` 0 is the first colour, 1 the second."""
    a, b = parts(first), parts(second)
    return joined((a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share))


def lighter(colour: str, share: float) -> str:
    """Towards sunlight: a warm white."""
    return mix(colour, "#fffaec", share)


@lru_cache(8192)
def darker(colour: str, share: float) -> str:
    """Towards shade: darker, a little bluer and no greyer."""
    red, green, blue = parts(colour)
    kept = 1 - share
    return joined((red * kept, green * kept * (1 - share * 0.08) + 2 * share, blue * kept + 22 * share))


@lru_cache(8192)
def lit(colour: str, light: Triple) -> str:
    """The colour under a light (factors; 1, 1, 1 is white daylight)."""
    red, green, blue = parts(colour)
    return joined((red * light[0], green * light[1], blue * light[2]))


@lru_cache(1024)
def turned(colour: str, degrees: float) -> str:
    """The same colour further round the wheel."""
    red, green, blue = (part / 255 for part in parts(colour))
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    red, green, blue = colorsys.hls_to_rgb((hue + degrees / 360) % 1, lightness, saturation)
    return joined((red * 255, green * 255, blue * 255))
