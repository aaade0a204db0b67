"""One place for pictures, one installation: a second one's orphan collection would find that no row of its own names them."""

from __future__ import annotations

import secrets

from limner.contracts.repository import StorageFacts
from limner.contracts.storage import Storage
from limner.domain.errors import NotFound, SettingsError

MARK = "limner-installation"
"""The key that says whose pictures lie here."""
WHERE = f"`{MARK}` there (in a folder `6c/{MARK}`)"


async def claim_storage(storage: Storage, *, repository: StorageFacts, shared: bool) -> None:
    """Marks the installation's first storage. Raises SettingsError for another installation's, and where processes of other
    machines share the rows (`shared`), for one that bears no mark though there is one that does, or is about to: a folder
    of this machine, say, while the pictures are in a folder of another one.
    """
    installation = await repository.installation()
    if shared and await _is_unmarked(storage):
        await _be_first(storage, repository, installation)
        return
    await mark_storage(storage, installation=installation)
    if await repository.first_storage() is None:
        await repository.note_first_storage(_new_number())


async def mark_storage(storage: Storage, *, installation: str) -> None:
    """Marks a storage that bears no mark. Raises SettingsError where it is another installation's."""
    if await _is_unmarked(storage):
        await storage.write(MARK, installation.encode())
    if await _holder(storage) != installation:
        raise SettingsError(
            "The storage keeps another installation's pictures, and each would collect the other's as orphans. Give "
            f"this one a bucket, prefix or folder of its own; if the other is gone for good, delete {WHERE}."
        )


async def _be_first(storage: Storage, repository: StorageFacts, installation: str) -> None:
    """Of all who come at once, only those go on who find the trace of the first in their own storage. It is there before it is
    noted, and until the mark is: whoever dies in between locks nobody out.
    """
    first = await repository.first_storage()
    if first is None:
        ours = _new_number()
        await storage.write(_trace(ours), b"limner")
        first = await repository.note_first_storage(ours)
        if first != ours:
            await storage.delete(_trace(ours))
    if not await _has_trace(storage, first) and await _is_unmarked(storage):
        raise SettingsError(
            "The pictures of this database are in another storage: this one does not bear their mark. Name the same "
            "bucket or shared folder on every machine (LIMNER_STORAGE); to change it, run `limner move-storage` first. If "
            f"the pictures are gone for good, write {installation} to {WHERE}."
        )
    await mark_storage(storage, installation=installation)
    await storage.delete(_trace(first))


def _new_number() -> int:
    return secrets.randbits(63)


async def _has_trace(storage: Storage, number: int) -> bool:
    try:
        await storage.read(_trace(number))
    except NotFound:
        return False
    return True


def _trace(number: int) -> str:
    return f"{MARK}-{number:016x}"


async def _is_unmarked(storage: Storage) -> bool:
    return await _holder(storage) is None


async def _holder(storage: Storage) -> str | None:
    try:
        return (await storage.read(MARK)).decode(errors="replace")
    except NotFound:
        return None
