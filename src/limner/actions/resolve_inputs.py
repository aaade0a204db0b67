"""The pictures that an ask starts from: found, measured, and the size that follows from them."""

from __future__ import annotations

from dataclasses import replace

from limner.contracts.repository import JobRepository
from limner.domain.capabilities import Capabilities
from limner.domain.checking_inputs import size_faults, unknown_input
from limner.domain.errors import InvalidRequest
from limner.domain.identity import is_id
from limner.domain.input import IMAGE, HeldInput, InputReference
from limner.domain.request import Ask, ImageRequest


async def resolve_inputs(
    ask: Ask, request: ImageRequest, owner: str, *, capabilities: Capabilities, repository: JobRepository
) -> tuple[ImageRequest, tuple[HeldInput, ...]]:
    """The request with its size, and what the job will hold. Raises InvalidRequest for pictures that are not the owner's,
    or not what the model takes. Whether the job may still have them is decided when its row is written.
    """
    held = await _found(request.inputs, owner, repository)
    if faults := list(size_faults(held, request.model, capabilities)):
        raise InvalidRequest(faults)
    return _sized(ask, request, held, capabilities), held


async def _found(
    references: tuple[InputReference, ...], owner: str, repository: JobRepository
) -> tuple[HeldInput, ...]:
    asked = [reference for reference in references if is_id(reference.input or reference.image or "")]
    known = dict(zip(asked, await repository.find_inputs(owner, asked), strict=True))
    held = [known.get(reference) for reference in references]
    if missing := [place for place, one in enumerate(held) if one is None]:
        raise InvalidRequest([unknown_input(place, references[place]) for place in missing])
    return tuple(one for one in held if one is not None)


def _sized(ask: Ask, request: ImageRequest, held: tuple[HeldInput, ...], capabilities: Capabilities) -> ImageRequest:
    """Whoever names a picture and no size wants that picture's."""
    first = next((one for one in held if one.reference.role == IMAGE), None)
    if first is None or ask.width is not None or ask.height is not None:
        return request
    width, height = capabilities.size_like(first.width, first.height)
    return replace(request, width=width, height=height)
