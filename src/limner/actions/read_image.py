"""The bytes of a picture: as it was kept, in another format, or small."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import assert_never

from limner.actions.picture_cache import PictureCache
from limner.contracts.codec import Codec
from limner.contracts.storage import LocalStorage, Storage
from limner.domain.image import Image
from limner.domain.input import Input

THUMBNAIL_FORMAT = "webp"


@dataclass(frozen=True, slots=True)
class Original:
    """As it was kept."""


@dataclass(frozen=True, slots=True)
class Converted:
    """In another of our formats."""

    format: str


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A WebP that fits into size × size."""

    size: int


Kept = Image | Input
"""What has bytes to be read."""

Variant = Original | Converted | Thumbnail


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Either `data`, or the `path` of a file too large to be held. `size` is in bytes."""

    data: bytes | None
    path: Path | None
    size: int


def settled(image: Kept, variant: Variant) -> Variant:
    """The variant that is really served: a conversion to the format that it has is the original."""
    return Original() if variant == Converted(image.format) else variant


def etag_of(image: Kept, variant: Variant) -> str:
    """Known from the row alone, so that nothing is read for a client that has it."""
    match settled(image, variant):
        case Original():
            return f'"{image.sha256}"'
        case Converted(format):
            return f'"{image.sha256}-{format}"'
        case Thumbnail(size):
            return f'"{image.sha256}-{size}"'
        case other:
            assert_never(other)


def format_of(image: Kept, variant: Variant) -> str:
    """The format that is served."""
    match variant:
        case Original():
            return image.format
        case Converted(format):
            return format
        case Thumbnail():
            return THUMBNAIL_FORMAT
        case other:
            assert_never(other)


async def read_image(
    image: Kept, *, storage: Storage, codec: Codec, variant: Variant, cache: PictureCache | None = None
) -> Served:
    """Raises NotFound where the bytes are gone. Who may see `image` was decided by whoever found it."""
    variant, cache = settled(image, variant), cache or PictureCache()
    data, path = None, None
    if variant == Original() and image.bytes > cache.largest and isinstance(storage, LocalStorage):
        path = storage.local_path(image.key)
    else:
        data = await cache.get((image.sha256, variant), partial(_made, image, storage, codec, variant, cache))
    return Served(
        data=data,
        path=path,
        size=image.bytes if data is None else len(data),
    )


async def _made(image: Kept, storage: Storage, codec: Codec, variant: Variant, cache: PictureCache) -> bytes:
    if isinstance(variant, Original):
        return await storage.read(image.key)
    async with cache.turn_to_compute():
        data = await storage.read(image.key)
        return await asyncio.to_thread(_derived, data, codec, variant)


def _derived(data: bytes, codec: Codec, variant: Converted | Thumbnail) -> bytes:
    if isinstance(variant, Converted):
        return codec.convert(data, format=variant.format)
    return codec.thumbnail(data, size=variant.size)
