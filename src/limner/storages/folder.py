"""A folder of this machine: durable when `write` returns, without symbolic links, in plain system calls.

A key `job/ordinal/epoch.png` lies in `XX/job,ordinal,epoch.png`, where XX is one of 256 shelves chosen by the job:
no directory is made or synced per job, none grows with more than 1/256 of the pictures, and a job's pictures lie
together. Staging files start with a dot, which no key does, and lie on the shelf where they will stay: a rename
within one directory takes no lock of the whole filesystem.

obstore has no part in it: its local store never syncs, follows links (one loop ends every listing) and reads slower.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import secrets
import stat
import urllib.parse
import zlib
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from limner.contracts.storage import StoredObject
from limner.domain.errors import NotFound, SettingsError, StorageFull, StorageUnavailable
from limner.storages.key import checked, is_below, is_key

WRITERS = 16
"""Threads that wait for the disk: commits that wait together are made together."""

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_ABSENT = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP})


class FolderStorage:
    """Bytes in files below the folder of a `file:///absolute/path` URL."""

    def __init__(self, url: str) -> None:
        self._root = _root_of(url)
        self._synced_shelves: set[Path] = set()
        self._writers: ThreadPoolExecutor | None = None

    async def open(self) -> None:
        """Makes the folder, readable by its owner only. Raises SettingsError where that cannot be."""
        await asyncio.to_thread(self._prepare)
        self._writers = ThreadPoolExecutor(WRITERS, thread_name_prefix="limner-storage")

    async def close(self) -> None:
        if self._writers is not None:
            await asyncio.to_thread(self._writers.shutdown)
            self._writers = None

    async def write(self, key: str, data: bytes) -> None:
        path = self._path(key)
        await asyncio.get_running_loop().run_in_executor(self._writers, self._write, path, data)

    async def read(self, key: str) -> bytes:
        return await asyncio.to_thread(_read, self._path(key))

    async def delete(self, key: str) -> None:
        await asyncio.to_thread(_remove, self._path(key))

    async def list(self, prefix: str = "") -> AsyncIterator[StoredObject]:
        for shelf in await asyncio.to_thread(_shelves, self._root):
            for stored in await asyncio.to_thread(_objects_on, shelf):
                if is_below(stored.key, prefix):
                    yield stored

    async def clear_staged(self, *, before: datetime) -> int:
        return await asyncio.to_thread(_clear_staged, self._root, before.timestamp())

    def local_path(self, key: str) -> Path:
        path = self._path(key)
        with _as_limner_errors(_ABSENT):
            if not stat.S_ISREG(path.lstat().st_mode):
                raise NotFound
        return path

    def free_space(self) -> int:
        with _as_limner_errors():
            facts = os.statvfs(self._root)
        return facts.f_bavail * facts.f_frsize

    def _path(self, key: str) -> Path:
        job, _, _ = checked(key).partition("/")
        return self._root / f"{zlib.crc32(job.encode()) & 0xFF:02x}" / key.replace("/", ",")

    def _prepare(self) -> None:
        try:
            _make_durable(self._root)
            linked = [shelf for shelf in self._root.glob("[0-9a-f][0-9a-f]") if shelf.is_symlink()]
        except OSError as error:
            raise SettingsError(f"Pictures cannot be kept in {self._root}: {error.strerror}.") from error
        if linked:
            raise SettingsError(f"{linked[0]} is a symbolic link. Link or mount the whole storage folder instead.")

    def _write(self, path: Path, data: bytes) -> None:
        staged = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        with _as_limner_errors():
            self._make_shelf(path.parent)
            try:
                _write_synced(staged, data)
                staged.replace(path)
            except BaseException:
                staged.unlink(missing_ok=True)
                raise
            _sync_directory(path.parent)

    def _make_shelf(self, shelf: Path) -> None:
        # Another process may have made it and not synced it yet, so each process syncs each shelf's entry once.
        if shelf not in self._synced_shelves or not shelf.exists():
            shelf.mkdir(mode=0o700, exist_ok=True)
            _sync_directory(self._root)
            self._synced_shelves.add(shelf)


def _root_of(url: str) -> Path:
    parts = urllib.parse.urlsplit(url)
    root = Path(urllib.parse.unquote(parts.path))
    if parts.scheme != "file" or parts.netloc not in {"", "localhost"} or not root.is_absolute() or "\0" in str(root):
        raise SettingsError(f"{url!r} is not a folder: write file:///absolute/path, with three slashes.")
    return root


@contextlib.contextmanager
def _as_limner_errors(absent: frozenset[int] = frozenset()) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull("The disk is full; the picture was not kept.") from error
        if error.errno in absent:
            raise NotFound from error
        raise StorageUnavailable(f"The storage does not work: {error.strerror}.") from error


def _make_durable(folder: Path) -> None:
    if not folder.is_dir():
        _make_durable(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        _sync_directory(folder.parent)


def _write_synced(path: Path, data: bytes) -> None:
    with open(path, "xb", opener=_private) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, mode=0o600)


def _sync_directory(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path) -> bytes:
    with _as_limner_errors(_ABSENT), open(path, "rb", opener=_private) as file:
        return file.read()


def _remove(path: Path) -> None:
    with _as_limner_errors():
        path.unlink(missing_ok=True)


def _shelves(root: Path) -> list[Path]:
    with _as_limner_errors():
        return sorted(shelf for shelf in root.glob("[0-9a-f][0-9a-f]") if shelf.is_dir() and not shelf.is_symlink())


def _objects_on(shelf: Path) -> list[StoredObject]:
    return [
        StoredObject(key=key, size=facts.st_size, modified_at=datetime.fromtimestamp(facts.st_mtime, UTC))
        for name, facts in _files_on(shelf)
        if is_key(key := name.replace(",", "/"))
    ]


def _clear_staged(root: Path, before: float) -> int:
    stale = [
        shelf / name
        for shelf in _shelves(root)
        for name, facts in _files_on(shelf)
        if name.startswith(".") and facts.st_mtime < before
    ]
    for path in stale:
        _remove(path)
    return len(stale)


def _files_on(shelf: Path) -> Iterator[tuple[str, os.stat_result]]:
    with _as_limner_errors(), os.scandir(shelf) as entries:
        for entry in entries:
            with contextlib.suppress(FileNotFoundError):
                facts = entry.stat(follow_symlinks=False)
                if stat.S_ISREG(facts.st_mode):
                    yield entry.name, facts
