import pytest

from limner.actions.list_images import list_images
from limner.domain.errors import BadCursor
from tests.actions.gallery import ANN, NOW, Gallery


async def test_pages_show_each_own_picture_once_newest_first():
    gallery = Gallery()
    own = sorted((gallery.add("ann") for _ in range(7)), key=lambda image: image.id, reverse=True)
    gallery.images = {image.id: image for image in reversed(own)}
    gallery.add("ben")
    seen, cursor = [], None
    while not seen or cursor:
        page = await list_images(ANN, cursor=cursor, limit=3, repository=gallery)
        seen, cursor = [*seen, *page.items], page.next
    assert seen == own


async def test_deleted_pictures_are_not_listed():
    gallery = Gallery()
    gallery.add("ann", deleted_at=NOW)
    assert (await list_images(ANN, cursor=None, limit=3, repository=gallery)).items == ()


async def test_a_cursor_of_somebody_elses_making_is_refused():
    with pytest.raises(BadCursor):
        await list_images(ANN, cursor="page2", limit=3, repository=Gallery())
