"""Forgets an upload: no new job can start from it; jobs that do keep their bytes until they go."""

from __future__ import annotations

from limner.actions.delete_job import drop_bytes
from limner.actions.find_input import find_input
from limner.contracts.repository import InputRepository
from limner.contracts.storage import Storage
from limner.domain.identity import Principal


async def delete_input(input_id: str, principal: Principal, *, repository: InputRepository, storage: Storage) -> None:
    """Raises NotFound."""
    found = await find_input(input_id, principal, repository=repository)
    await drop_bytes(await repository.delete_input(found.id), storage=storage)
