"""Object stores through obstore: S3 and what speaks it, Google Cloud Storage, Azure Blob Storage.

Each call waits in a thread of ours. obstore's own coroutines are finished by its threads, and a process that exits right
after one aborts about one time in eight (PyO3/pyo3-async-runtimes, issue 40); its blocking calls leave nothing behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

from limner.contracts.storage import StoredObject
from limner.domain.errors import LimnerError, NotFound, SettingsError, StorageUnavailable
from limner.domain.image import MEDIA_TYPES
from limner.storages.key import checked, is_key
from limner.storages.object_place import ObjectPlace

TRANSFERS = 32
"""Calls under way together; each holds a thread that waits."""
PAGE = 1000

T = TypeVar("T")

_CODE = re.compile(r"<Code>(\w+)</Code>")
_NO_BUCKET = frozenset({"NoSuchBucket", "ContainerNotFound"})
_NO_CONTAINER = "container does not exist"
"""What Azure says of it to a deletion, without a code."""
_REFUSALS = frozenset(
    {
        "AccessDenied",
        "AuthenticationFailed",
        "AuthenticationRequired",
        "AuthorizationFailure",
        "AuthorizationHeaderMalformed",
        "AuthorizationPermissionMismatch",
        "InvalidAccessKeyId",
        "PermanentRedirect",
        "SignatureDoesNotMatch",
    }
)
"""obstore tells them from outages in some calls only."""
_METADATA = "169.254.169.254"
"""Where a cloud's machines ask for the credentials of their role, when nothing else names any."""


class ObjectStorage:
    """Bytes in a bucket, below the prefix of an `s3://bucket/prefix`, `gs://…` or `az://…` URL."""

    def __init__(self, url: str) -> None:
        self._place = ObjectPlace.from_url(url)
        self._threads: ThreadPoolExecutor | None = None
        self._store: Any = None

    async def open(self) -> None:
        """Raises SettingsError where the store turns us away; one that is away now may come back."""
        self._store = await asyncio.to_thread(self._place.connect)
        self._threads = ThreadPoolExecutor(TRANSFERS, thread_name_prefix="limner-storage")
        try:
            await self._call(self._store.get, "absent")
        except _TurnedAway as refusal:
            await self.close()
            raise SettingsError(f"{self._place}: {refusal.detail} {self._place.remedy}") from None
        except (NotFound, StorageUnavailable):
            return

    async def close(self) -> None:
        if self._threads is not None:
            threads, self._threads = self._threads, None
            await asyncio.to_thread(threads.shutdown, cancel_futures=True)

    async def write(self, key: str, data: bytes) -> None:
        """Above 5 MiB in parts, which become the picture together or not at all."""
        try:
            await self._call(partial(self._store.put, attributes=_attributes_of(key)), checked(key), data)
        except NotFound:
            raise StorageUnavailable("The object store has no place for that.") from None

    async def read(self, key: str) -> bytes:
        return await self._call(self._read, checked(key))

    async def delete(self, key: str) -> None:
        with contextlib.suppress(NotFound):
            await self._call(self._store.delete, checked(key))

    async def list(self, prefix: str = "") -> AsyncIterator[StoredObject]:
        pages = self._store.list(prefix or None, chunk_size=PAGE)
        while page := await self._call(next, pages, ()):
            for found in page:
                if is_key(found["path"]):
                    yield StoredObject(key=found["path"], size=found["size"], modified_at=found["last_modified"])

    async def signed_url(self, key: str, expires_in: timedelta) -> str:
        return await self._call(partial(obstore.sign, self._store), "GET", checked(key), expires_in)

    def _read(self, key: str) -> bytes:
        return bytes(self._store.get(key).bytes())

    async def _call(self, deed: Callable[..., T], *arguments: Any) -> T:
        if self._threads is None:
            raise StorageUnavailable("The object store is closed.")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, _in_our_errors, deed, *arguments)


class _TurnedAway(StorageUnavailable):
    """The store answers, and will not do it for us."""


def _in_our_errors(deed: Callable[..., T], *arguments: Any) -> T:
    """What obstore says may hold signed addresses, so its words and its error stay here."""
    try:
        return deed(*arguments)
    except (BaseError, FileNotFoundError) as error:
        raised = _our_error(error)
    raise raised


def _our_error(error: Exception) -> LimnerError:
    words = str(error)
    found = _CODE.search(words)
    code = f" ({found[1]})" if found else ""
    if (found and found[1] in _NO_BUCKET) or _NO_CONTAINER in words:
        return _TurnedAway(f"There is no such bucket{code}.")
    if isinstance(error, FileNotFoundError):
        return NotFound()
    if isinstance(error, PermissionDeniedError | UnauthenticatedError) or (found and found[1] in _REFUSALS):
        return _TurnedAway(f"The object store refuses us{code}.")
    if _METADATA in words:
        return _TurnedAway("No credentials were found.")
    return StorageUnavailable(f"The object store failed{code}." if found else "The object store does not answer.")


def _attributes_of(key: str) -> dict[str, str]:
    """What the store says of a picture where it serves it itself; a key's bytes never change."""
    return {
        "Content-Type": MEDIA_TYPES.get(key.rpartition(".")[2], "application/octet-stream"),
        "Content-Disposition": "inline",
        "Cache-Control": "private, max-age=31536000, immutable",
    }
