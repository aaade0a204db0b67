"""Hides a picture at once; until the sweep takes its bytes it can be restored."""

from __future__ import annotations

from limner.actions.find_image import find_image, find_own_image
from limner.contracts.notifier import Notifier
from limner.contracts.repository import ImageRepository
from limner.domain.identity import Principal
from limner.domain.image import Image


async def delete_image(
    image_id: str, principal: Principal, *, repository: ImageRepository, notifier: Notifier
) -> Image:
    """The picture as it is afterwards. Raises NotFound, also for one that is deleted already."""
    image = await find_image(image_id, principal, repository=repository)
    if change := await repository.delete_image(image.id):
        notifier.publish((change,))
    return await find_own_image(image_id, principal, repository=repository)
