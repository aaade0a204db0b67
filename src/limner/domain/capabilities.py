"""What an engine can paint."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from limner.domain.input import InputLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """Declared data, checked before a request is queued. Sizes are pixels, times are seconds.

    `models` are the names behind `engine/model`; an engine without a choice leaves it empty and is named alone.
    `variants` say what differs for one of them: names and values of fields.
    `sizes` are the only (width, height) there are, where only some are painted; `max_ratio` is that of the longer side to
    the shorter, `max_pixels` of width × height.
    `options` is a JSON Schema (type object) of what `options` may hold.
    `inputs` are the roles of pictures that a paint may start from, and what is taken in each; `strength` is the range of how
    far it may leave the image (0 keeps it, 1 paints anew). With `transparent_masks` a mask reaches the engine transparent
    where it paints, without it white there and black elsewhere.
    `charges` says that a call costs money, so an ambiguous loss fails instead of being tried again.
    `concurrency` is how many paints may run at once; a local engine may merge them.
    `isolated` asks for a child process (blocking or crash-prone code).
    """

    models: tuple[str, ...] = ()
    variants: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    min_width: int = 64
    max_width: int = 2048
    min_height: int = 64
    max_height: int = 2048
    size_multiple: int = 1
    default_width: int = 1024
    default_height: int = 1024
    sizes: tuple[tuple[int, int], ...] = ()
    max_ratio: float | None = None
    max_pixels: int | None = None
    max_count: int = 8
    formats: tuple[str, ...] = ("png", "jpeg", "webp")
    max_prompt: int = 4000
    negative_prompt: bool = False
    seeds: bool = True
    steps: tuple[int, int] | None = None
    guidance: tuple[float, float] | None = None
    inputs: Mapping[str, InputLimits] = field(default_factory=dict)
    strength: tuple[float, float] | None = None
    transparent_masks: bool = False
    options: Mapping[str, Any] = field(default_factory=lambda: {"type": "object", "properties": {}})
    previews: bool = False
    charges: bool = False
    concurrency: int = 1
    paint_timeout: float = 300.0
    silence_timeout: float = 60.0
    isolated: bool = False
    description: str = ""
    examples: tuple[str, ...] = ()

    def of(self, model: str) -> Self:
        """What this model can paint."""
        return replace(self, **self.variants.get(model, {}))

    def paints(self, width: int, height: int) -> bool:
        """Whether it takes this size."""
        return (
            self.min_width <= width <= self.max_width
            and self.min_height <= height <= self.max_height
            and width % self.size_multiple == height % self.size_multiple == 0
            and (not self.sizes or (width, height) in self.sizes)
            and (self.max_ratio is None or max(width / height, height / width) <= self.max_ratio)
            and (self.max_pixels is None or width * height <= self.max_pixels)
        )

    def size(self, width: int | None, height: int | None) -> tuple[int, int]:
        """The size that is painted where one or both sides are left open; a size that fits, where any does."""
        wanted = (width or self.default_width, height or self.default_height)
        if not self.sizes or wanted in self.sizes:
            return wanted
        fitting = [one for one in self.sizes if width in (None, one[0]) and height in (None, one[1])]
        return fitting[0] if fitting else wanted

    def size_like(self, width: int, height: int) -> tuple[int, int]:
        """The size of a picture as near as the engine paints it, in its proportions where the limits allow."""
        if self.sizes:
            return min(self.sizes, key=lambda size: abs(math.log(size[0] * height / (size[1] * width))))
        enlarged = max(1.0, self.min_width / width, self.min_height / height)
        most = math.inf if self.max_pixels is None else math.sqrt(self.max_pixels / (width * height))
        scale = min(enlarged, self.max_width / width, self.max_height / height, most)
        near = (
            _fitting(width * scale, self.min_width, self.max_width, self.size_multiple),
            _fitting(height * scale, self.min_height, self.max_height, self.size_multiple),
        )
        return near if self.paints(*near) else (self.default_width, self.default_height)


def _fitting(side: float, least: int, most: int, multiple: int) -> int:
    """The multiple nearest below `side`, within the limits."""
    lowest, highest = least + -least % multiple, most - most % multiple
    return min(max(int(side) - int(side) % multiple, lowest), highest)
