"""Copies every picture that a row names to another storage, verified, beside whatever runs; as often as you like."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any

from limner.contracts.repository import ImageRepository, NamedBytes
from limner.contracts.storage import Storage
from limner.domain.errors import NotFound, StorageUnavailable

PAGE = 500
AT_ONCE = 8
"""Pictures under way together; each is held in memory."""


@dataclass(slots=True)
class Moved:
    """What became of the pictures. `missing` and `damaged` are keys: the source has no such bytes, or other ones."""

    copied: int = 0
    bytes: int = 0
    there: int = 0
    deleted: int = 0
    missing: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        return not self.missing and not self.damaged


async def move_pictures(
    *,
    repository: ImageRepository,
    source: Storage,
    target: Storage,
    delete_source: bool = False,
    told: Callable[[Moved], None] | None = None,
) -> Moved:
    """A picture counts as there once the target lists it in its size. With `delete_source` it leaves the source, after
    the target's bytes were read and matched the row. `told` hears how far it is.
    """
    moved = Moved()
    sizes = {stored.key: stored.size async for stored in target.list()}
    mover = _Mover(repository, source, target, delete_source, sizes, moved)
    async for page in _pages(repository):
        for start in range(0, len(page), AT_ONCE):
            await _all_of(map(mover.move, page[start : start + AT_ONCE]))
            if told:
                told(moved)
    return moved


async def _all_of(moves: Iterable[Coroutine[Any, Any, None]]) -> None:
    """The first that fails stops the others: none goes on while the storages close."""
    try:
        async with asyncio.TaskGroup() as group:
            for move in moves:
                group.create_task(move)
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None


async def _pages(repository: ImageRepository) -> AsyncIterator[tuple[NamedBytes, ...]]:
    after = ""
    while page := await repository.named_bytes(after=after, limit=PAGE):
        yield page
        after = page[-1].key


@dataclass(frozen=True, slots=True)
class _Mover:
    repository: ImageRepository
    source: Storage
    target: Storage
    delete_source: bool
    sizes: dict[str, int]
    moved: Moved

    async def move(self, named: NamedBytes) -> None:
        if await self._is_there(named):
            self.moved.there += 1
        elif not await self._copy(named):
            return
        if self.delete_source:
            await self.source.delete(named.key)
            self.moved.deleted += 1

    async def _is_there(self, named: NamedBytes) -> bool:
        if self.sizes.get(named.key) != named.size:
            return False
        return not self.delete_source or _matches(named, await self.target.read(named.key))

    async def _copy(self, named: NamedBytes) -> bool:
        try:
            data = await self.source.read(named.key)
        except NotFound:
            if await self.repository.known_keys([named.key]):  # else row and bytes went meanwhile
                self.moved.missing.append(named.key)
            return False
        if not _matches(named, data):
            self.moved.damaged.append(named.key)
            return False
        await self.target.write(named.key, data)
        if not _matches(named, await self.target.read(named.key)):
            raise StorageUnavailable("The storage returns other bytes than were written.")
        self.moved.copied += 1
        self.moved.bytes += len(data)
        return True


def _matches(named: NamedBytes, data: bytes) -> bool:
    return hashlib.sha256(data).hexdigest() == named.sha256
