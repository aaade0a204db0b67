"""Brings a deleted picture back."""

from __future__ import annotations

from limner.actions.find_image import find_image, find_own_image
from limner.contracts.notifier import Notifier
from limner.contracts.repository import ImageRepository
from limner.domain.identity import Principal
from limner.domain.image import Image


async def restore_image(
    image_id: str, principal: Principal, *, repository: ImageRepository, notifier: Notifier
) -> Image:
    """The picture, also where it was never deleted. Raises NotFound once the time for it is over."""
    image = await find_own_image(image_id, principal, repository=repository)
    if image.deleted_at is not None and (change := await repository.restore_image(image.id)):
        notifier.publish((change,))
    return await find_image(image_id, principal, repository=repository)
