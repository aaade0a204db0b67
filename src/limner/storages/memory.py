"""This process's memory: for tests and demonstrations, gone with the process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

from limner.contracts.storage import StoredObject
from limner.domain.errors import NotFound
from limner.storages.key import checked, is_below


class MemoryStorage:
    """Bytes of one instance, under `memory://`."""

    def __init__(self, url: str = "memory://") -> None:
        self.url = url
        self._kept: dict[str, tuple[bytes, datetime]] = {}

    async def open(self) -> None:
        """Nothing to open."""

    async def close(self) -> None:
        """Nothing to close: what was written can still be read."""

    async def write(self, key: str, data: bytes) -> None:
        self._kept[checked(key)] = data, datetime.now(UTC)

    async def read(self, key: str) -> bytes:
        kept = self._kept.get(checked(key))
        if kept is None:
            raise NotFound
        return kept[0]

    async def delete(self, key: str) -> None:
        self._kept.pop(checked(key), None)

    async def list(self, prefix: str = "") -> AsyncIterator[StoredObject]:
        for key, (data, modified_at) in sorted(self._kept.items()):
            if is_below(key, prefix):
                yield StoredObject(key=key, size=len(data), modified_at=modified_at)
