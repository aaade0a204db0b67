"""Which of Limner's fields a model takes under the service's usual names, where only the operator can know."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from limner.contracts.engine import PaintTask
from limner.domain.capabilities import Capabilities
from limner.domain.wording import listed

RATIOS: Mapping[tuple[int, int], str] = {
    (1024, 1024): "1:1",
    (1344, 768): "16:9",
    (768, 1344): "9:16",
    (1216, 832): "3:2",
    (832, 1216): "2:3",
    (1152, 896): "4:3",
    (896, 1152): "3:4",
}
"""A size of about a million pixels for each ratio; the model paints its own."""

_NAMES: Mapping[str, tuple[str, Callable[[PaintTask, int], Any]]] = {
    "seed": ("seed", lambda task, ordinal: task.request.seed_of(ordinal)),
    "negative_prompt": ("negative_prompt", lambda task, _: task.request.negative_prompt),
    "steps": ("num_inference_steps", lambda task, _: task.request.steps),
    "guidance": ("guidance_scale", lambda task, _: task.request.guidance),
    "width": ("width", lambda task, _: task.request.width),
    "height": ("height", lambda task, _: task.request.height),
    "aspect_ratio": ("aspect_ratio", lambda task, _: RATIOS.get((task.request.width, task.request.height))),
    "format": ("output_format", lambda task, _: task.request.format),
}

_CAPABILITIES: Mapping[str, Mapping[str, Any]] = {
    "seed": {"seeds": True},
    "negative_prompt": {"negative_prompt": True},
    "steps": {"steps": (1, 200)},
    "guidance": {"guidance": (0.0, 50.0)},
    "aspect_ratio": {"sizes": tuple(RATIOS)},
    "width": {"sizes": ()},
    "height": {"sizes": ()},
}


def names_of(models: Sequence[str]) -> tuple[str, ...]:
    """Raises ValueError for what is no list of names."""
    if isinstance(models, str) or not models or not all(isinstance(model, str) and model for model in models):
        raise ValueError(f'models is {models!r}; it must be a list of names, such as ["owner/name"]')
    return tuple(models)


def with_takes(
    capabilities: Capabilities, takes: Sequence[str], models: Sequence[str], *, said: Sequence[str]
) -> Capabilities:
    """What `models` can paint. Their own parameters are options, but not those in `said`, which the adapter writes, nor
    what the fields become. Raises ValueError for a field that there is not, and where no model is named.
    """
    changes: dict[str, Any] = {"models": names_of(models)}
    for name in takes:
        if name not in _NAMES:
            raise ValueError(f"takes has {name!r}; there are {listed(tuple(_NAMES))}")
        changes |= _CAPABILITIES.get(name, {})
    written = [*said, *(_NAMES[name][0] for name in takes)]
    options = {"type": "object", "additionalProperties": True, "propertyNames": {"not": {"enum": written}}}
    return replace(capabilities, options=options, **changes)


def fields_of(task: PaintTask, ordinal: int, takes: Sequence[str]) -> dict[str, Any]:
    """Their names and values, without those that the request leaves open."""
    found = {theirs: value(task, ordinal) for theirs, value in (_NAMES[name] for name in takes)}
    return {name: value for name, value in found.items() if value is not None}
