"""One upload of the caller's own."""

from __future__ import annotations

from limner.contracts.repository import InputRepository
from limner.domain.errors import NotFound
from limner.domain.identity import Principal, is_id
from limner.domain.input import Input


async def find_input(input_id: str, principal: Principal, *, repository: InputRepository) -> Input:
    """Raises NotFound, in one and the same way for absent, foreign, malformed and expired ones."""
    found = await repository.find_input(input_id) if is_id(input_id) else None
    if found is None or found.owner != principal.user_id:
        raise NotFound("There is no such input.")
    return found
