"""One picture of the caller's own."""

from __future__ import annotations

from limner.contracts.repository import ImageRepository
from limner.domain.errors import NotFound
from limner.domain.identity import Principal, is_id
from limner.domain.image import Image

NO_SUCH_IMAGE = "There is no such picture."


async def find_image(image_id: str, principal: Principal, *, repository: ImageRepository) -> Image:
    """Raises NotFound, in one and the same way for absent, foreign, malformed and deleted ones."""
    image = await find_own_image(image_id, principal, repository=repository)
    if image.deleted_at is not None:
        raise NotFound(NO_SUCH_IMAGE)
    return image


async def find_own_image(image_id: str, principal: Principal, *, repository: ImageRepository) -> Image:
    """Also one that is deleted and can still be restored."""
    image = await repository.find_image(image_id) if is_id(image_id) else None
    if image is None or image.owner != principal.user_id:
        raise NotFound(NO_SUCH_IMAGE)
    return image
