"""A storage keeps bytes under keys. Proof that one is right: `limner.testing.StorageSuite`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol, runtime_checkable

PLUGIN_API = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """What a listing says of one key."""

    key: str
    size: int
    modified_at: datetime


@runtime_checkable
class Storage(Protocol):
    """Keys are relative paths of [a-z0-9._-] segments that Limner makes; no client string is ever a key.

    `write` returns only when the bytes are durable and replaces what was there. `read` and `local_path` raise
    NotFound for absent keys; `delete` does not mind them. A full disk raises StorageFull and leaves no partial key;
    a storage that does not work raises StorageUnavailable. Anything that is no key raises ValueError.
    `list` tells, in any order, the keys whose first segments are `prefix`'s.
    The constructor takes the storage's URL and does no I/O.
    """

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def write(self, key: str, data: bytes) -> None: ...

    async def read(self, key: str) -> bytes: ...

    async def delete(self, key: str) -> None: ...

    def list(self, prefix: str = "") -> AsyncIterator[StoredObject]: ...


@runtime_checkable
class LocalStorage(Protocol):
    """Offered by storages whose bytes lie in files of this machine."""

    def local_path(self, key: str) -> Path: ...

    def free_space(self) -> int:
        """Bytes that can still be written."""
        ...


@runtime_checkable
class StagingStorage(Protocol):
    """Offered by storages in which a write that never finished may leave something behind."""

    async def clear_staged(self, *, before: datetime) -> int:
        """Removes what unfinished writes left before then; returns how many."""
        ...


@runtime_checkable
class SigningStorage(Protocol):
    """Offered by storages that can serve their objects themselves."""

    async def signed_url(self, key: str, expires_in: timedelta) -> str:
        """A URL that anybody may GET for so long: the bytes, as the type of picture that the key's suffix names."""
        ...
