"""Copies every picture that a row names to another storage, verified, beside whatever runs; as often as you like."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from limner.contracts.repository import ImageRepository
from limner.contracts.storage import Storage
from limner.domain.errors import NotFound, StorageUnavailable
from limner.domain.image import Image

PAGE = 500
AT_ONCE = 8
"""Pictures under way together; each is held in memory."""


@dataclass(slots=True)
class Moved:
    """What became of the pictures. `missing` and `damaged` are ids: the source has no such bytes, or other ones."""

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
    async for images in _pages(repository):
        for start in range(0, len(images), AT_ONCE):
            await asyncio.gather(*map(mover.move, images[start : start + AT_ONCE]))
            if told:
                told(moved)
    return moved


async def _pages(repository: ImageRepository) -> AsyncIterator[tuple[Image, ...]]:
    after = None
    while images := await repository.all_images(after=after, limit=PAGE):
        yield images
        after = images[-1].id


@dataclass(frozen=True, slots=True)
class _Mover:
    repository: ImageRepository
    source: Storage
    target: Storage
    delete_source: bool
    sizes: dict[str, int]
    moved: Moved

    async def move(self, image: Image) -> None:
        if await self._is_there(image):
            self.moved.there += 1
        elif not await self._copy(image):
            return
        if self.delete_source:
            await self.source.delete(image.key)
            self.moved.deleted += 1

    async def _is_there(self, image: Image) -> bool:
        if self.sizes.get(image.key) != image.bytes:
            return False
        return not self.delete_source or _is_picture(image, await self.target.read(image.key))

    async def _copy(self, image: Image) -> bool:
        try:
            data = await self.source.read(image.key)
        except NotFound:
            if await self.repository.find_image(image.id):  # else it went meanwhile, row and bytes
                self.moved.missing.append(image.id)
            return False
        if not _is_picture(image, data):
            self.moved.damaged.append(image.id)
            return False
        await self.target.write(image.key, data)
        if not _is_picture(image, await self.target.read(image.key)):
            raise StorageUnavailable("The storage returns other bytes than were written.")
        self.moved.copied += 1
        self.moved.bytes += len(data)
        return True


def _is_picture(image: Image, data: bytes) -> bool:
    return hashlib.sha256(data).hexdigest() == image.sha256
