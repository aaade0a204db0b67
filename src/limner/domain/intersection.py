"""What several engines all can: a request that fits this fits each of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from typing import Any

from limner.domain.capabilities import Capabilities
from limner.domain.input import InputLimits


def intersection(capabilities: Sequence[Capabilities]) -> Capabilities:
    """Where there is a choice, the first one's. Raises ValueError for what no request could fit."""
    shared = reduce(_both, capabilities)
    if not shared.formats:
        raise ValueError("they have no format in common")
    width, height = shared.size(None, None) if shared.sizes else _default_size(shared)
    options = _options([one.options for one in capabilities])
    return replace(shared, default_width=width, default_height=height, options=options)


def _default_size(can: Capabilities) -> tuple[int, int]:
    return (
        _fitting("width", can.default_width, can.min_width, can.max_width, can.size_multiple),
        _fitting("height", can.default_height, can.min_height, can.max_height, can.size_multiple),
    )


def _both(one: Capabilities, other: Capabilities) -> Capabilities:
    return replace(
        one,
        models=(),
        variants={},
        min_width=max(one.min_width, other.min_width),
        max_width=min(one.max_width, other.max_width),
        min_height=max(one.min_height, other.min_height),
        max_height=min(one.max_height, other.max_height),
        size_multiple=math.lcm(one.size_multiple, other.size_multiple),
        sizes=_sizes(one, other),
        max_ratio=_least(one.max_ratio, other.max_ratio),
        max_pixels=_least(one.max_pixels, other.max_pixels),
        max_count=min(one.max_count, other.max_count),
        formats=tuple(name for name in one.formats if name in other.formats),
        max_prompt=min(one.max_prompt, other.max_prompt),
        negative_prompt=one.negative_prompt and other.negative_prompt,
        seeds=one.seeds and other.seeds,
        steps=_overlap(one.steps, other.steps),
        guidance=_overlap(one.guidance, other.guidance),
        inputs=_inputs(one.inputs, other.inputs),
        strength=_overlap(one.strength, other.strength),
        previews=one.previews and other.previews,
        charges=one.charges or other.charges,
    )


def _sizes(one: Capabilities, other: Capabilities) -> tuple[tuple[int, int], ...]:
    """Those that both paint, where one has only some. Raises ValueError where there is none."""
    listed = one.sizes or other.sizes
    shared = tuple(size for size in listed if one.paints(*size) and other.paints(*size))
    if listed and not shared:
        raise ValueError("they have no size in common")
    return shared


def _least(one: Any, other: Any) -> Any:
    """The stricter of two limits that may be absent."""
    return min((limit for limit in (one, other) if limit is not None), default=None)


def _overlap(one: tuple[Any, Any] | None, other: tuple[Any, Any] | None) -> tuple[Any, Any] | None:
    if one is None or other is None:
        return None
    low, high = max(one[0], other[0]), min(one[1], other[1])
    return (low, high) if low <= high else None


def _inputs(one: Mapping[str, InputLimits], other: Mapping[str, InputLimits]) -> dict[str, InputLimits]:
    """By role; formats are the first one's, since each engine is given what it takes."""
    shared = {role: _both_limits(one[role], other[role]) for role in one if role in other}
    usable = {role: limits for role, limits in shared.items() if _is_usable(limits)}
    for role, limits in (*one.items(), *other.items()):
        if limits.min_count and role not in usable:
            raise ValueError(f"not all take the {role} that one needs")
    return usable


def _both_limits(one: InputLimits, other: InputLimits) -> InputLimits:
    most = [limit for limit in (one.max_bytes, other.max_bytes) if limit is not None]
    return replace(
        one,
        min_count=max(one.min_count, other.min_count),
        max_count=min(one.max_count, other.max_count),
        min_side=max(one.min_side, other.min_side),
        max_side=min(one.max_side, other.max_side),
        max_bytes=min(most, default=None),
    )


def _is_usable(limits: InputLimits) -> bool:
    return limits.min_count <= limits.max_count and limits.min_side <= limits.max_side


def _fitting(name: str, wanted: int, low: int, high: int, multiple: int) -> int:
    """The largest size up to `wanted` that all take, else the smallest."""
    smallest = low + -low % multiple
    if smallest > high:
        raise ValueError(f"they have no {name} in common")
    within = min(wanted, high)
    return max(smallest, within - within % multiple)


def _options(schemas: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A schema of the options that all know, each held to every one's rules."""
    known = [schema.get("properties", {}) for schema in schemas]
    names = [name for name in known[0] if all(name in properties for properties in known)]
    return {"type": "object", "properties": {name: _rules(properties[name] for properties in known) for name in names}}


def _rules(rules: Iterable[Any]) -> Any:
    first, *others = rules
    different = [rule for rule in others if rule != first]
    return {"allOf": [first, *different]} if different else first
