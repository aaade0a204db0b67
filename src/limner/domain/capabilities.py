"""What an engine can paint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from limner.domain.input import InputLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """Declared data, checked before a request is queued. Sizes are pixels, times are seconds.

    `models` are the names behind `engine/model`; an engine without a choice leaves it empty and is named alone.
    `options` is a JSON Schema (type object) of what `options` may hold.
    `inputs` are the roles of pictures that a paint may start from, and what is taken in each; `strength` is the range of how
    far it may leave the image (0 keeps it, 1 paints anew). With `transparent_masks` a mask reaches the engine transparent
    where it paints, without it white there and black elsewhere.
    `charges` says that a call costs money, so an ambiguous loss fails instead of being tried again.
    `concurrency` is how many paints may run at once; a local engine may merge them.
    `isolated` asks for a child process (blocking or crash-prone code).
    """

    models: tuple[str, ...] = ()
    min_width: int = 64
    max_width: int = 2048
    min_height: int = 64
    max_height: int = 2048
    size_multiple: int = 1
    default_width: int = 1024
    default_height: int = 1024
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

    def size_like(self, width: int, height: int) -> tuple[int, int]:
        """The size of a picture as near as the engine paints it, in its proportions where the limits allow."""
        enlarged = max(1.0, self.min_width / width, self.min_height / height)
        scale = min(enlarged, self.max_width / width, self.max_height / height)
        return (
            _fitting(width * scale, self.min_width, self.max_width, self.size_multiple),
            _fitting(height * scale, self.min_height, self.max_height, self.size_multiple),
        )


def _fitting(side: float, least: int, most: int, multiple: int) -> int:
    """The multiple nearest below `side`, within the limits."""
    lowest, highest = least + -least % multiple, most - most % multiple
    return min(max(int(side) - int(side) % multiple, lowest), highest)
