"""Pictures as a program has them become inputs of an ask: bytes and files are uploaded, what is kept already is named."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from limner.actions.add_input import InputNeeds, add_input
from limner.domain.errors import FieldError, InvalidRequest
from limner.domain.image import Image
from limner.domain.input import Input

Source = bytes | str | Path | Image | Input
"""The bytes of a picture, the path of one, a painted one or an uploaded one."""
Sources = Mapping[str, Source | Sequence[Source]]
"""By role."""

Reference = dict[str, str]
"""One of an ask's `inputs`."""


@dataclass(frozen=True, slots=True)
class Given:
    """One picture, read. `reference` is what the ask will name, or for bytes, until they are uploaded, what stands for
    them: the same for the same bytes.
    """

    reference: Reference
    data: bytes | None = field(default=None, repr=False)


async def read_sources(sources: Sources) -> list[Given]:
    """Raises InvalidRequest for files that cannot be read."""
    pairs = [(role, source) for role, given in sources.items() for source in _listed(given)]
    return [await asyncio.to_thread(_given, place, *pair) for place, pair in enumerate(pairs)]


async def upload_inputs(given: Sequence[Given], owner: str, *, needs: InputNeeds) -> list[Reference]:
    """What the ask names. Raises what adding an input raises."""
    return [await _reference(one, owner, needs) for one in given]


async def _reference(one: Given, owner: str, needs: InputNeeds) -> Reference:
    if one.data is None:
        return one.reference
    return {"role": one.reference["role"], "input": (await add_input(one.data, owner, needs=needs)).id}


def _listed(given: Source | Sequence[Source]) -> Sequence[Source]:
    return [given] if isinstance(given, bytes | str | Path | Image | Input) else given


def _given(place: int, role: str, source: Source) -> Given:
    match source:
        case Image():
            return Given({"role": role, "image": source.id})
        case Input():
            return Given({"role": role, "input": source.id})
        case bytes():
            return Given({"role": role, "input": hashlib.sha256(source).hexdigest()}, source)
        case _:
            return _given(place, role, _read(place, Path(source)))


def _read(place: int, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        detail = f"{path} cannot be read ({error.strerror})."
        raise InvalidRequest([FieldError(f"/inputs/{place}", "unknown_input", detail)]) from error
