"""What the pictures that an ask starts from must hold to: how they are named, what the model takes, how large they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from limner.domain.capabilities import Capabilities
from limner.domain.errors import FieldError
from limner.domain.input import IMAGE, MASK, HeldInput, InputReference
from limner.domain.wording import kind_of, listed, meant, shown

MAX_INPUTS = 64
SOURCES = ("input", "image")
MEMBERS = ("role", *SOURCES)


def naming_faults(inputs: Any) -> Iterator[FieldError]:
    """What is wrong whichever engine paints."""
    if not isinstance(inputs, Sequence) or isinstance(inputs, str | bytes):
        yield FieldError("/inputs", "wrong_type", f"inputs is {kind_of(inputs)}; it must be a list.")
    elif len(inputs) > MAX_INPUTS:
        detail = f"inputs names {len(inputs)} pictures; the limit is {MAX_INPUTS}."
        yield FieldError("/inputs", "out_of_range", detail, {"maximum": MAX_INPUTS})
    else:
        for place, value in enumerate(inputs):
            yield from _naming_faults(f"/inputs/{place}", value)


def references_of(inputs: Sequence[Mapping[str, Any]]) -> tuple[InputReference, ...]:
    """Of inputs without naming faults."""
    return tuple(InputReference(**{name: value[name] for name in MEMBERS if value.get(name)}) for value in inputs)


def taking_faults(references: Sequence[InputReference], who: str, can: Capabilities) -> Iterator[FieldError]:
    """What the model called `who` does not take."""
    if references and not can.inputs:
        yield FieldError("/inputs", "not_supported", f"{who} takes no inputs; leave them out.")
        return
    for place, reference in enumerate(references):
        if reference.role not in can.inputs:
            yield _unknown_role(place, reference.role, who, can)
    counts = Counter(reference.role for reference in references)
    for role, limits in can.inputs.items():
        if counts[role] > limits.max_count:
            detail = f"inputs has {_many(counts[role], role)}; {who} takes up to {limits.max_count}."
            yield FieldError("/inputs", "out_of_range", detail, {"maximum": limits.max_count})
        if counts[role] < limits.min_count:
            detail = f"{who} needs {_many(limits.min_count, role)} in inputs; upload it with POST /inputs and name it."
            yield FieldError("/inputs", "required", detail, {"minimum": limits.min_count})
    if counts[MASK] and not counts[IMAGE]:
        yield FieldError("/inputs", "required", "A mask needs an image that it is for.")


def size_faults(held: Sequence[HeldInput], who: str, can: Capabilities) -> Iterator[FieldError]:
    """What about the pictures themselves does not fit."""
    first = next((one for one in held if one.reference.role == IMAGE), None)
    for place, one in enumerate(held):
        yield from _size_faults(f"/inputs/{place}", one, who, can)
        if one.reference.role == MASK and first and (one.width, one.height) != (first.width, first.height):
            detail = f"The mask is {_size(one)}; it must have the image's size, {_size(first)}."
            yield FieldError(f"/inputs/{place}", "out_of_range", detail, {"width": first.width, "height": first.height})


def unknown_input(place: int, reference: InputReference) -> FieldError:
    """One sentence for absent, foreign, malformed, expired and deleted ones."""
    if reference.image is not None:
        return FieldError(f"/inputs/{place}/image", "unknown_input", "There is no such image.")
    return FieldError(f"/inputs/{place}/input", "unknown_input", "There is no such input; upload it with POST /inputs.")


def _naming_faults(pointer: str, value: Any) -> Iterator[FieldError]:
    if not isinstance(value, Mapping):
        yield FieldError(pointer, "wrong_type", f"An input is an object with role and input, not {kind_of(value)}.")
        return
    for name in value:
        if name not in MEMBERS:
            detail = f"An input has no {shown(name)}; there are {listed(MEMBERS)}."
            yield FieldError(pointer, "unknown_field", detail, {"allowed": MEMBERS})
    for name in MEMBERS:
        if not isinstance(given := value.get(name), str | None):
            yield FieldError(f"{pointer}/{name}", "wrong_type", f"{name} is {kind_of(given)}; it must be text.")
    if not value.get("role"):
        yield FieldError(f"{pointer}/role", "required", "role is missing; say what the picture is for, such as image.")
    if sum(bool(value.get(name)) for name in SOURCES) != 1:
        detail = "Name one picture: the id of an upload as input, or of one of your images as image."
        yield FieldError(pointer, "required", detail)


def _unknown_role(place: int, role: str, who: str, can: Capabilities) -> FieldError:
    roles = tuple(can.inputs)
    detail = f"{who} takes no {shown(role)} in inputs; there are {listed(roles)}.{meant(role, roles)}"
    return FieldError(f"/inputs/{place}/role", "not_supported", detail, {"allowed": roles})


def _size_faults(pointer: str, one: HeldInput, who: str, can: Capabilities) -> Iterator[FieldError]:
    limits = can.inputs[one.reference.role]
    if not limits.min_side <= min(one.width, one.height) <= max(one.width, one.height) <= limits.max_side:
        detail = f"The picture is {_size(one)}; {who} takes sides of {limits.min_side} to {limits.max_side}."
        yield FieldError(pointer, "out_of_range", detail, {"minimum": limits.min_side, "maximum": limits.max_side})
    if limits.max_bytes is not None and one.bytes > limits.max_bytes:
        detail = f"The picture has {one.bytes} bytes; {who} takes up to {limits.max_bytes}."
        yield FieldError(pointer, "too_long", detail, {"maximum": limits.max_bytes})


def _size(one: HeldInput) -> str:
    return f"{one.width} × {one.height}"


def _many(count: int, role: str) -> str:
    return f"1 {role}" if count == 1 else f"{count} {role}s"
