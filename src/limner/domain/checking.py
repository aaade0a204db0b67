"""What an ask must hold to before it is queued: every fault at once, each with the limit and the remedy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from limner.domain.capabilities import Capabilities
from limner.domain.checking_inputs import naming_faults, references_of, taking_faults
from limner.domain.errors import FieldError
from limner.domain.input import IMAGE
from limner.domain.plain_json import object_faults, text_fault
from limner.domain.request import SEED_LIMIT, Ask
from limner.domain.wording import kind_of, listed, meant, shown

MAX_REFERENCE = 255
MAX_OWNER = 128
MAX_PRIORITY = 9
MAX_IDEMPOTENCY_KEY = 255


def ask_faults(ask: Ask) -> Iterator[FieldError]:
    """What is wrong whichever engine paints."""
    yield from _prompt_faults(ask.prompt)
    if ask.seed is not None:
        yield from _number_faults("seed", ask.seed, 0, SEED_LIMIT - 1)
    yield from _number_faults("priority", ask.priority, 0, MAX_PRIORITY)
    if ask.reference is not None:
        yield from _text_faults("reference", ask.reference, MAX_REFERENCE, one_line=True)
    yield from naming_faults(ask.inputs)
    yield from object_faults("options", ask.options)
    yield from object_faults("metadata", ask.metadata)


def fit_faults(ask: Ask, who: str, capabilities: Capabilities) -> Iterator[FieldError]:
    """What the model called `who` cannot paint."""
    yield from _length_faults("prompt", ask.prompt, capabilities.max_prompt, who)
    yield from _size_faults(ask, who, capabilities)
    if ask.count is not None:
        yield from _number_faults("count", ask.count, 1, capabilities.max_count, who)
    if ask.negative_prompt:
        yield from _negative_prompt_faults(ask.negative_prompt, who, capabilities)
    if ask.steps is not None:
        yield from _optional_faults("steps", ask.steps, capabilities.steps, who)
    if ask.guidance is not None:
        yield from _optional_faults("guidance", ask.guidance, capabilities.guidance, who)
    if ask.seed is not None and not capabilities.seeds:
        yield _not_supported("seed", who)
    if not any(naming_faults(ask.inputs)):
        yield from _input_faults(ask, who, capabilities)
    if ask.format is not None and ask.format not in capabilities.formats:
        yield _unknown_format(ask.format, who, capabilities)


def idempotency_key_fault(key: Any) -> str | None:
    """Why something cannot be an idempotency key, as the second half of a sentence."""
    if not isinstance(key, str):
        return f"is {kind_of(key)}; it must be text"
    if 1 <= len(key) <= MAX_IDEMPOTENCY_KEY and key.isascii() and key.isprintable():
        return None
    return f"takes 1 to {MAX_IDEMPOTENCY_KEY} printable ASCII characters"


def owner_fault(owner: Any) -> str | None:
    """Why some text cannot be an owner, as the second half of a sentence."""
    if not isinstance(owner, str):
        return f"is {kind_of(owner)}; it must be text"
    if not owner:
        return "is empty"
    if len(owner) > MAX_OWNER:
        return f"has {len(owner)} characters; the limit is {MAX_OWNER}"
    return text_fault(owner, one_line=True)


def _prompt_faults(prompt: Any) -> Iterator[FieldError]:
    if isinstance(prompt, str) and not prompt.strip():
        yield FieldError("/prompt", "required", "prompt is empty; say what to paint.")
    else:
        yield from _text_faults("prompt", prompt)


def _negative_prompt_faults(text: Any, who: str, capabilities: Capabilities) -> Iterator[FieldError]:
    if not capabilities.negative_prompt:
        yield _not_supported("negative_prompt", who)
        return
    yield from _text_faults("negative_prompt", text)
    yield from _length_faults("negative_prompt", text, capabilities.max_prompt, who)


def _size_faults(ask: Ask, who: str, can: Capabilities) -> Iterator[FieldError]:
    """Each side for itself, then both together."""
    faults = list(_side_faults(ask, who, can))
    yield from faults
    if not faults:
        yield from _shape_faults(ask, who, can)


def _side_faults(ask: Ask, who: str, can: Capabilities) -> Iterator[FieldError]:
    for name, value, low, high in (
        ("width", ask.width, can.min_width, can.max_width),
        ("height", ask.height, can.min_height, can.max_height),
    ):
        if value is None:
            continue
        faults = list(_number_faults(name, value, low, high, who))
        if not faults and value % can.size_multiple:
            multiple = can.size_multiple
            fitting = max(value - value % multiple, low + -low % multiple)
            detail = f"{name} is {value}; {who} takes multiples of {multiple}, such as {fitting}."
            faults.append(FieldError(f"/{name}", "out_of_range", detail, {"multiple_of": multiple}))
        yield from faults


def _input_faults(ask: Ask, who: str, capabilities: Capabilities) -> Iterator[FieldError]:
    references = references_of(ask.inputs)
    yield from taking_faults(references, who, capabilities)
    if ask.strength is not None:
        yield from _optional_faults("strength", ask.strength, capabilities.strength, who)
        if capabilities.strength and all(reference.role != IMAGE for reference in references):
            yield FieldError("/strength", "not_supported", "strength needs an image in inputs; leave it out.")


def _shape_faults(ask: Ask, who: str, can: Capabilities) -> Iterator[FieldError]:
    width, height = can.size(ask.width, ask.height)
    ratio = max(width / height, height / width)
    pointer = "/width" if ask.width is not None else "/height"
    told = f"The size is {width} × {height}; {who} allows"
    if can.sizes and (width, height) not in can.sizes:
        allowed = [f"{one} × {other}" for one, other in can.sizes]
        yield FieldError(pointer, "out_of_range", f"{told} {listed(allowed)}.", {"allowed": allowed})
    if can.max_ratio and ratio > can.max_ratio:
        detail = f"{told} sides of {can.max_ratio:g} : 1 at most."
        yield FieldError(pointer, "out_of_range", detail, {"max_ratio": can.max_ratio})
    if can.max_pixels and width * height > can.max_pixels:
        detail = f"{told} {can.max_pixels} pixels at most."
        yield FieldError(pointer, "out_of_range", detail, {"max_pixels": can.max_pixels})


def _number_faults(name: str, value: Any, low: float, high: float, who: str = "") -> Iterator[FieldError]:
    """A whole number from `low` to `high`; of any kind where a limit is a float."""
    whole = isinstance(low, int) and isinstance(high, int)
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        kind = "whole number" if whole else "number"
        told = value if isinstance(value, float) else kind_of(value)
        yield FieldError(f"/{name}", "wrong_type", f"{name} is {told}; it must be a {kind}.")
    elif not low <= value <= high:
        allows = f"{who} allows" if who else "it may be"
        detail = f"{name} is {shown(value)}; {allows} {low} to {high}."
        yield FieldError(f"/{name}", "out_of_range", detail, {"minimum": low, "maximum": high})


def _optional_faults(name: str, value: Any, limits: tuple[float, float] | None, who: str) -> Iterator[FieldError]:
    if limits is None:
        yield _not_supported(name, who)
    else:
        yield from _number_faults(name, value, *limits, who)


def _text_faults(name: str, text: Any, limit: int | None = None, *, one_line: bool = False) -> Iterator[FieldError]:
    if not isinstance(text, str):
        yield FieldError(f"/{name}", "wrong_type", f"{name} is {kind_of(text)}; it must be text.")
        return
    if fault := text_fault(text, one_line=one_line):
        yield FieldError(f"/{name}", "bad_text", f"{name} {fault}.")
    if limit is not None:
        yield from _length_faults(name, text, limit)


def _length_faults(name: str, text: Any, limit: int, who: str = "") -> Iterator[FieldError]:
    if isinstance(text, str) and len(text) > limit:
        allows = f"{who} allows" if who else "the limit is"
        detail = f"{name} has {len(text)} characters; {allows} {limit}."
        yield FieldError(f"/{name}", "too_long", detail, {"maximum": limit})


def _not_supported(name: str, who: str) -> FieldError:
    return FieldError(f"/{name}", "not_supported", f"{who} takes no {name}; leave it out.")


def _unknown_format(name: Any, who: str, capabilities: Capabilities) -> FieldError:
    formats = capabilities.formats
    near = meant(name, formats) if isinstance(name, str) else ""
    detail = f"format is {shown(name)}; {who} writes {listed(formats)}.{near}"
    return FieldError("/format", "unknown_format", detail, {"allowed": formats})
