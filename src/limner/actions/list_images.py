"""The caller's pictures, newest first."""

from __future__ import annotations

from limner.actions.page import Page, decode_cursor
from limner.contracts.repository import ImageRepository
from limner.domain.identity import Principal
from limner.domain.image import Image


async def list_images(
    principal: Principal, *, cursor: str | None = None, limit: int = 50, repository: ImageRepository
) -> Page[Image]:
    """Pages stay the same while new pictures arrive: a cursor names the last one seen. Raises BadCursor."""
    before = decode_cursor(cursor)
    images = await repository.page_of_images(principal.user_id, before=before, limit=limit + 1)
    return Page.cut(images, limit=limit, identify=lambda image: image.id)
