import io

import pytest
from PIL import Image

from limner.actions.given_inputs import GivenInputs
from limner.codecs.pillow import PillowCodec
from limner.domain.capabilities import Capabilities
from limner.domain.errors import BadParameter, StorageUnavailable, Transient
from limner.domain.input import HeldInput, InputLimits, InputReference
from limner.storages.memory import MemoryStorage
from limner.testing.instant import checkerboard

PNG = checkerboard(16, 8, 1)


class Counting(MemoryStorage):
    """A storage that counts what is read, and can be away."""

    def __init__(self):
        super().__init__("memory://")
        self.reads, self.away = 0, False

    async def read(self, key):
        self.reads += 1
        if self.away:
            raise StorageUnavailable
        return await super().read(key)


@pytest.fixture
async def storage():
    storage = Counting()
    await storage.open()
    return storage


async def given(storage, *roles, data=PNG, fetch=True, **capabilities):
    usual = {"inputs": {"image": InputLimits(max_count=9), "mask": InputLimits()}}
    held = []
    for place, role in enumerate(roles):
        await storage.write(f"job/{place}.png", data)
        reference = InputReference(role=role, input=str(place))
        facts = {"width": 16, "height": 8, "format": "png", "bytes": len(data), "sha256": "ab" * 32}
        held.append(HeldInput(reference=reference, key=f"job/{place}.png", **facts))
    found = GivenInputs(held, Capabilities(**(usual | capabilities)), storage=storage, codec=PillowCodec())
    if fetch:
        await found.fetch()
    return found


async def test_an_engine_is_told_what_it_may_read(storage):
    found = await given(storage, "image", "mask", "image")
    told = [(one.name, one.role, one.format, one.width, one.height) for one in found.task_inputs]
    assert told == [
        ("image", "image", "png", 16, 8),
        ("mask", "mask", "png", 16, 8),
        ("image-2", "image", "png", 16, 8),
    ]


async def test_a_picture_in_a_format_that_the_engine_takes_is_read_as_it_was_kept(storage):
    assert await (await given(storage, "image")).read("image") == PNG


async def test_another_format_is_converted_to_the_engines_first(storage):
    found = await given(storage, "image", inputs={"image": InputLimits(formats=("webp", "jpeg"))})
    assert found.task_inputs[0].media_type == "image/webp"
    assert Image.open(io.BytesIO(await found.read("image"))).format == "WEBP"


@pytest.mark.parametrize(("transparent", "mode"), [(True, "RGBA"), (False, "L")])
async def test_a_mask_comes_as_the_engine_marks(storage, transparent, mode):
    found = await given(storage, "mask", transparent_masks=transparent)
    assert Image.open(io.BytesIO(await found.read("mask"))).mode == mode


async def test_another_name_is_a_key_error(storage):
    with pytest.raises(KeyError):
        await (await given(storage, "image")).read("mask")


async def test_what_was_fetched_is_read_though_the_storage_is_away(storage):
    found = await given(storage, "image")
    storage.away = True
    assert await found.read("image") == PNG


async def test_fetching_goes_on_where_it_was_broken_off(storage):
    found = await given(storage, "image", "image", fetch=False)
    storage.away = True
    with pytest.raises(StorageUnavailable):
        await found.fetch()
    storage.away = False
    await found.fetch()
    await found.fetch()
    assert storage.reads == 3


async def test_who_reads_twice_fetches_again_and_may_fail_as_a_passing_fault(storage):
    found = await given(storage, "image")
    assert await found.read("image") == await found.read("image")
    storage.away = True
    with pytest.raises(Transient):
        await found.read("image")


async def test_bytes_that_are_gone_are_nothing_to_wait_for(storage):
    found = await given(storage, "image", fetch=False)
    await storage.delete("job/0.png")
    with pytest.raises(BadParameter, match="The image that this starts from is gone"):
        await found.fetch()


async def test_what_cannot_be_converted_is_told(storage):
    found = await given(storage, "image", data=b"junk", inputs={"image": InputLimits(formats=("jpeg",))})
    with pytest.raises(BadParameter, match="The image cannot be converted"):
        await found.read("image")


async def test_what_grows_beyond_the_engines_limit_is_told(storage):
    found = await given(storage, "image", inputs={"image": InputLimits(formats=("jpeg",), max_bytes=100)})
    with pytest.raises(BadParameter, match="the engine allows 100"):
        await found.read("image")


async def test_an_engine_that_takes_none_any_more_fails_the_job(storage):
    with pytest.raises(BadParameter, match="takes no image any more"):
        await given(storage, "image", inputs={})
