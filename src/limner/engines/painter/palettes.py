"""The light of a picture: skies, haze and tints by time of day and weather."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from limner.engines.painter.colour import Triple, lit, mix


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """`altitude` is the height of the sun or moon over the horizon as a share of the sky."""

    zenith: str
    upper: str
    lower: str
    horizon: str
    glow: str
    disc: str
    ambient: Triple
    haze: str
    water: str
    cloud_light: str
    cloud_dark: str
    rim: str
    altitude: float
    stars: float = 0.0
    moonlit: bool = False
    glow_reach: float = 0.45
    glow_strength: float = 0.8


PALETTES: Mapping[str, Palette] = {
    "dawn": Palette(
        zenith="#41538c", upper="#8c83b4", lower="#eeb3ad", horizon="#ffdfb4", glow="#ffd7a0", disc="#fff6df",
        ambient=(1.0, 0.92, 0.9), haze="#e8bdb9", water="#6d7ba6", cloud_light="#ffdccb", cloud_dark="#a284a8",
        rim="#ffe0b8", altitude=0.12, stars=0.12,
    ),
    "day": Palette(
        zenith="#2a78c8", upper="#57a3e2", lower="#9fd0f2", horizon="#e3f3fb", glow="#fff6d8", disc="#fffdf0",
        ambient=(1.0, 1.0, 0.98), haze="#c3ddf0", water="#2b7fae", cloud_light="#ffffff", cloud_dark="#a9c1db",
        rim="#fffbe6", altitude=0.72, glow_reach=0.4, glow_strength=0.55,
    ),
    "noon": Palette(
        zenith="#155fb8", upper="#3f93dd", lower="#86c5f0", horizon="#d5effa", glow="#fffbe8", disc="#ffffff",
        ambient=(1.04, 1.03, 0.99), haze="#b9dcf2", water="#1877ad", cloud_light="#ffffff", cloud_dark="#a5c4e2",
        rim="#ffffff", altitude=0.86, glow_reach=0.4, glow_strength=0.6,
    ),
    "golden": Palette(
        zenith="#5a8fc0", upper="#9fbcc8", lower="#f0d3a0", horizon="#ffe7b0", glow="#ffcb6b", disc="#fff6d6",
        ambient=(1.06, 0.95, 0.78), haze="#f0d2a2", water="#6f93a0", cloud_light="#fff0d0", cloud_dark="#b79a92",
        rim="#ffe39a", altitude=0.3, glow_reach=0.6, glow_strength=0.85,
    ),
    "sunset": Palette(
        zenith="#2b2a66", upper="#7d3d84", lower="#ee6b62", horizon="#ffc063", glow="#ffb347", disc="#fff0c0",
        ambient=(0.98, 0.75, 0.68), haze="#e58a70", water="#5a3a72", cloud_light="#ffb27a", cloud_dark="#6b3a72",
        rim="#ffca80", altitude=0.1, stars=0.1, glow_reach=0.6, glow_strength=0.95,
    ),
    "dusk": Palette(
        zenith="#10183f", upper="#2d3470", lower="#7c5c96", horizon="#f0a58c", glow="#f7a98a", disc="#ffe3c8",
        ambient=(0.66, 0.62, 0.82), haze="#7a6796", water="#2f3768", cloud_light="#c98aa0", cloud_dark="#343465",
        rim="#f5b49a", altitude=0.03, stars=0.5, glow_reach=0.5, glow_strength=0.6,
    ),
    "night": Palette(
        zenith="#040a20", upper="#0b1a42", lower="#1b3768", horizon="#3a628f", glow="#9fc0f2", disc="#f5f6ff",
        ambient=(0.42, 0.5, 0.76), haze="#27456f", water="#0e2450", cloud_light="#5f7fb0", cloud_dark="#122448",
        rim="#cfe2ff", altitude=0.66, stars=1.0, moonlit=True, glow_reach=0.38, glow_strength=0.5,
    ),
    "space": Palette(
        zenith="#04040f", upper="#0a0a24", lower="#150f38", horizon="#1d1440", glow="#8f7dff", disc="#ffffff",
        ambient=(0.92, 0.92, 1.04), haze="#2a2250", water="#10103a", cloud_light="#b468d8", cloud_dark="#1d2a6e",
        rim="#bfe0ff", altitude=0.7, stars=1.6, glow_reach=0.4, glow_strength=0.3,
    ),
    "underwater": Palette(
        zenith="#bff3ee", upper="#4fc4cf", lower="#1a7fa8", horizon="#0b3f73", glow="#e0fff6", disc="#ffffff",
        ambient=(0.82, 0.95, 0.98), haze="#1f86ab", water="#0b3f73", cloud_light="#dffcf6", cloud_dark="#0d4a78",
        rim="#d8fff8", altitude=1.0, glow_reach=0.6, glow_strength=0.7,
    ),
    "indoor": Palette(
        zenith="#7a5c4c", upper="#9b7760", lower="#b98f70", horizon="#c99f7c", glow="#ffe2b0", disc="#fff3d6",
        ambient=(1.03, 0.97, 0.9), haze="#b58e72", water="#6f93a0", cloud_light="#fff0d0", cloud_dark="#7a5c4c",
        rim="#ffedc8", altitude=0.8, glow_reach=0.7, glow_strength=0.5,
    ),
}  # fmt: skip

_GREYS: Mapping[str, tuple[str, float, float]] = {
    "rain": ("#6f7f92", 0.66, 0.8),
    "storm": ("#46506a", 0.7, 0.82),
    "snow": ("#b9c7d8", 0.5, 0.97),
    "fog": ("#c9d1d6", 0.6, 0.96),
    "overcast": ("#98a6b4", 0.55, 0.92),
}
"""What a weather mixes into the sky: a grey, how much of it, and how much light is left."""


def under_weather(palette: Palette, weather: str) -> Palette:
    """The palette below that weather's clouds; unchanged where the weather has no clouds."""
    if weather not in _GREYS:
        return palette
    grey, share, left = _GREYS[weather]
    dim = 0.35 if palette.moonlit else sum(palette.ambient) / 3
    grey = lit(grey, (dim, dim, min(1.2, dim * 1.05)))
    red, green, blue = palette.ambient
    mean = (red + green + blue) / 3
    ambient = tuple((part + (mean - part) * 0.5) * left for part in (red, green, blue))
    return replace(
        palette,
        zenith=mix(palette.zenith, grey, share),
        upper=mix(palette.upper, grey, share),
        lower=mix(palette.lower, grey, share * 0.85),
        horizon=mix(palette.horizon, grey, share * 0.6),
        haze=mix(palette.haze, grey, share * 0.8),
        water=mix(palette.water, grey, share * 0.55),
        cloud_light=mix(palette.cloud_light, grey, 0.5),
        cloud_dark=mix(palette.cloud_dark, grey, 0.4) if weather != "storm" else lit(grey, (0.5, 0.5, 0.6)),
        ambient=(ambient[0], ambient[1], ambient[2]),
        glow_strength=palette.glow_strength * 0.5,
        stars=palette.stars * 0.15,
    )


GROUNDS: Mapping[str, tuple[str, str]] = {
    "meadow": ("#8cab45", "#476f2c"),
    "hills": ("#7fa84a", "#3f6e35"),
    "forest": ("#5f8a45", "#2c5130"),
    "mountains": ("#86a453", "#4a6f3d"),
    "desert": ("#eec07c", "#c58548"),
    "beach": ("#f3dca8", "#d3ac72"),
    "arctic": ("#f4f9ff", "#c3d6ea"),
    "snow": ("#f6faff", "#c9daec"),
    "autumn": ("#d09a45", "#8a5426"),
    "moon": ("#b9b8c4", "#737286"),
    "city": ("#7a8794", "#4b5663"),
    "village": ("#93b14e", "#527a33"),
}
"""The far and the near colour of the ground."""
