import pytest

from limner.actions.find_image import find_image
from limner.actions.restore_image import restore_image
from limner.domain.errors import NotFound
from tests.actions.gallery import ANN, BEN, NOW, Gallery, Megaphone


async def test_a_restored_picture_can_be_found_and_watchers_hear_of_it():
    gallery, megaphone = Gallery(), Megaphone()
    image = gallery.add("ann", deleted_at=NOW)
    restored = await restore_image(image.id, ANN, repository=gallery, notifier=megaphone)
    assert restored == await find_image(image.id, ANN, repository=gallery)
    assert [signal.job_id for signal in megaphone.heard] == [image.job_id]


async def test_nobody_restores_what_is_not_theirs():
    gallery, megaphone = Gallery(), Megaphone()
    image = gallery.add("ann", deleted_at=NOW)
    with pytest.raises(NotFound):
        await restore_image(image.id, BEN, repository=gallery, notifier=megaphone)
    assert gallery.images[image.id].deleted_at == NOW


async def test_once_the_time_is_over_it_is_gone():
    gallery, megaphone = Gallery(), Megaphone()
    gallery.restorable = False
    image = gallery.add("ann", deleted_at=NOW)
    with pytest.raises(NotFound):
        await restore_image(image.id, ANN, repository=gallery, notifier=megaphone)


async def test_what_was_never_deleted_stays_as_it_is_and_nobody_hears_of_it():
    gallery, megaphone = Gallery(), Megaphone()
    image = gallery.add("ann")
    assert await restore_image(image.id, ANN, repository=gallery, notifier=megaphone) == image
    assert megaphone.heard == []
