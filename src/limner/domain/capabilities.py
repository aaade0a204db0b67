"""What an engine can paint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """Declared data, checked before a request is queued. Sizes are pixels, times are seconds.

    `models` are the names behind `engine/model`; an engine without a choice leaves it empty and is named alone.
    `options` is a JSON Schema (type object) of what `options` may hold.
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
    options: Mapping[str, Any] = field(default_factory=lambda: {"type": "object", "properties": {}})
    previews: bool = False
    charges: bool = False
    concurrency: int = 1
    paint_timeout: float = 300.0
    silence_timeout: float = 60.0
    isolated: bool = False
    description: str = ""
    examples: tuple[str, ...] = ()
