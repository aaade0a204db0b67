"""This process's memory: for tests and demonstrations, gone with the process."""

from __future__ import annotations

from collections.abc import AsyncIterator

from obstore.store import MemoryStore

from limner.contracts.storage import StoredObject
from limner.domain.errors import NotFound
from limner.storages.key import checked, is_below


class MemoryStorage:
    """Bytes of one instance, under `memory://`."""

    def __init__(self, url: str = "memory://") -> None:
        self.url = url
        self._store = MemoryStore()

    async def open(self) -> None:
        """Nothing to open."""

    async def close(self) -> None:
        """Nothing to close: what was written can still be read."""

    async def write(self, key: str, data: bytes) -> None:
        self._store.put(checked(key), data)

    async def read(self, key: str) -> bytes:
        try:
            return bytes(self._store.get(checked(key)).bytes())
        except FileNotFoundError as error:
            raise NotFound from error

    async def delete(self, key: str) -> None:
        self._store.delete(checked(key))

    async def list(self, prefix: str = "") -> AsyncIterator[StoredObject]:
        for found in self._store.list().collect():
            if is_below(found["path"], prefix):
                yield StoredObject(key=found["path"], size=found["size"], modified_at=found["last_modified"])
