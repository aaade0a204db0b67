"""One place for pictures, one installation: a second one's orphan collection would find that no row of its own names them."""

from __future__ import annotations

from limner.contracts.storage import Storage
from limner.domain.errors import NotFound, SettingsError

MARK = "limner-installation"
"""The key that says whose pictures lie here."""


async def claim_storage(storage: Storage, *, installation: str) -> None:
    """Marks a storage that bears no mark. Raises SettingsError where it is another installation's."""
    if await _holder(storage) is None:
        await storage.write(MARK, installation.encode())
    if await _holder(storage) != installation:
        raise SettingsError(
            "The storage keeps another installation's pictures, and each would collect the other's as orphans. Give "
            f"this one a bucket, prefix or folder of its own; if the other is gone for good, delete `{MARK}` there."
        )


async def _holder(storage: Storage) -> str | None:
    try:
        return (await storage.read(MARK)).decode(errors="replace")
    except NotFound:
        return None
