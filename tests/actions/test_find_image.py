import pytest

from limner.actions.find_image import find_image
from limner.domain.errors import NotFound
from limner.domain.identity import new_id
from tests.actions.gallery import ANN, BEN, NOW, Gallery


async def test_an_owner_finds_the_picture():
    gallery = Gallery()
    image = gallery.add("ann")
    assert await find_image(image.id, ANN, repository=gallery) == image


async def test_absent_foreign_malformed_and_deleted_pictures_look_the_same():
    gallery = Gallery()
    mine, deleted = gallery.add("ann"), gallery.add("ben", deleted_at=NOW)
    told = set()
    for image_id in (mine.id, deleted.id, new_id(), "x", "", "../etc", mine.id.upper(), mine.id + "\n", "\ud800"):
        with pytest.raises(NotFound) as caught:
            await find_image(image_id, BEN, repository=gallery)
        told.add((type(caught.value), str(caught.value)))
    assert len(told) == 1


async def test_the_rows_are_not_asked_for_what_cannot_be_an_id():
    with pytest.raises(NotFound):
        await find_image("' OR 1=1", ANN, repository=None)
