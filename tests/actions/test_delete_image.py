import pytest

from limner.actions.delete_image import delete_image
from limner.actions.find_image import find_image
from limner.domain.errors import NotFound
from tests.actions.gallery import ANN, BEN, Gallery, Megaphone


async def test_a_deleted_picture_is_hidden_and_watchers_hear_of_it():
    gallery, megaphone = Gallery(), Megaphone()
    image = gallery.add("ann")
    deleted = await delete_image(image.id, ANN, repository=gallery, notifier=megaphone)
    assert deleted.deleted_at is not None
    assert [signal.job_id for signal in megaphone.heard] == [image.job_id]
    with pytest.raises(NotFound):
        await find_image(image.id, ANN, repository=gallery)


async def test_nobody_deletes_what_is_not_theirs():
    gallery, megaphone = Gallery(), Megaphone()
    image = gallery.add("ann")
    with pytest.raises(NotFound):
        await delete_image(image.id, BEN, repository=gallery, notifier=megaphone)
    assert (gallery.images[image.id], megaphone.heard) == (image, [])


async def test_deleting_it_again_finds_nothing():
    gallery, megaphone = Gallery(), Megaphone()
    image = gallery.add("ann")
    await delete_image(image.id, ANN, repository=gallery, notifier=megaphone)
    with pytest.raises(NotFound):
        await delete_image(image.id, ANN, repository=gallery, notifier=megaphone)
