"""One place for pictures, one installation: a second one's orphan collection would find that no row of its own names them."""

from __future__ import annotations

from limner.contracts.repository import StorageFacts
from limner.contracts.storage import Storage
from limner.domain.errors import NotFound, SettingsError

MARK = "limner-installation"
"""The key that says whose pictures lie here."""


async def claim_storage(storage: Storage, *, repository: StorageFacts, shared: bool) -> None:
    """Marks the installation's first storage. Raises SettingsError for another installation's, and where processes of other
    machines share the rows (`shared`), for one that bears no mark though there is one that does: a folder of this machine,
    say, while the pictures are in a folder of another one.
    """
    installation = await repository.installation()
    if await _holder(storage) is None:
        if shared and await repository.has_storage() and await _holder(storage) is None:  # nobody marked it meanwhile
            raise SettingsError(
                "The pictures of this database are in another storage: this one does not bear their mark. Name the same "
                "bucket or shared folder on every machine (LIMNER_STORAGE); to change it, run `limner move-storage` first. If "
                f"the pictures are gone for good, write {installation} to `{MARK}` there."
            )
        await mark_storage(storage, installation=installation)
    elif await _holder(storage) != installation:
        raise _is_anothers()
    await repository.note_storage()


async def mark_storage(storage: Storage, *, installation: str) -> None:
    """Raises SettingsError where it is another installation's."""
    if await _holder(storage) is None:
        await storage.write(MARK, installation.encode())
    if await _holder(storage) != installation:
        raise _is_anothers()


def _is_anothers() -> SettingsError:
    return SettingsError(
        "The storage keeps another installation's pictures, and each would collect the other's as orphans. Give "
        f"this one a bucket, prefix or folder of its own; if the other is gone for good, delete `{MARK}` there."
    )


async def _holder(storage: Storage) -> str | None:
    try:
        return (await storage.read(MARK)).decode(errors="replace")
    except NotFound:
        return None
