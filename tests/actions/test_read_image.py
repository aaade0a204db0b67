import pytest

from limner.actions.picture_cache import PictureCache
from limner.actions.read_image import Converted, Original, Thumbnail, etag_of, read_image
from limner.codecs.pillow import PillowCodec
from limner.domain.errors import NotFound
from limner.storages.folder import FolderStorage
from limner.storages.memory import MemoryStorage
from tests.actions.gallery import Gallery
from tests.codecs.pictures import encoded, opened, paint


@pytest.fixture
async def needs():
    storage = MemoryStorage()
    data = encoded("png", paint((400, 300)))
    image = Gallery().add(bytes=len(data), key="job/0/1.png")
    await storage.write(image.key, data)
    return {"image": image, "storage": storage, "codec": PillowCodec(), "cache": PictureCache()}


async def test_the_original_is_what_was_kept(needs):
    served = await read_image(**needs, variant=Original())
    assert served.data == await needs["storage"].read("job/0/1.png")
    assert served.size == len(served.data)


async def test_a_conversion_to_its_own_format_is_the_original(needs):
    same = await read_image(**needs, variant=Converted("png"))
    assert same == await read_image(**needs, variant=Original())


@pytest.mark.parametrize(
    ("variant", "kind", "size"),
    [
        (Converted("jpeg"), "jpeg", (400, 300)),
        (Converted("webp"), "webp", (400, 300)),
        (Thumbnail(256), "webp", (256, 192)),
    ],
)
async def test_other_variants_are_made(needs, variant, kind, size):
    served = await read_image(**needs, variant=variant)
    image = opened(served.data)
    assert (image.format.lower(), image.size) == (kind, size)


async def test_every_variant_has_a_strong_tag_of_its_own(needs):
    variants = [Original(), Converted("jpeg"), Converted("webp"), Thumbnail(256), Thumbnail(512)]
    tags = [etag_of(needs["image"], variant) for variant in variants]
    assert tags[0] == f'"{needs["image"].sha256}"'
    assert len(set(tags)) == len(tags)
    assert all(tag.startswith('"') for tag in tags)


async def test_what_was_read_once_is_not_read_again(needs):
    first = [(await read_image(**needs, variant=variant)).data for variant in (Original(), Thumbnail(256))]
    await needs["storage"].delete("job/0/1.png")
    assert first == [(await read_image(**needs, variant=variant)).data for variant in (Original(), Thumbnail(256))]


async def test_bytes_that_are_gone_are_not_found_and_found_again_once_they_are_back(needs):
    data = await needs["storage"].read("job/0/1.png")
    await needs["storage"].delete("job/0/1.png")
    with pytest.raises(NotFound):
        await read_image(**needs, variant=Thumbnail(256))
    await needs["storage"].write("job/0/1.png", data)
    assert (await read_image(**needs, variant=Thumbnail(256))).data


async def test_a_file_too_large_to_be_held_is_named_instead(needs, tmp_path):
    storage = FolderStorage(f"file://{tmp_path}")
    await storage.open()
    await storage.write("job/0/1.png", b"x" * needs["image"].bytes)
    small = {**needs, "storage": storage, "cache": PictureCache(limit=1000)}
    served = await read_image(**small, variant=Original())
    assert (served.data, served.path) == (None, storage.local_path("job/0/1.png"))
    assert served.size == needs["image"].bytes
    await storage.close()


async def test_a_large_object_of_a_storage_without_files_is_read(needs):
    served = await read_image(**{**needs, "cache": PictureCache(limit=1000)}, variant=Original())
    assert served.data == await needs["storage"].read("job/0/1.png")
