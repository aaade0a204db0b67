import hashlib

import pytest

from limner._version import __version__
from limner.actions.keep_image import keep_image
from limner.codecs.pillow import PillowCodec
from limner.contracts.engine import Painted
from limner.domain.errors import BadImage, LeaseLost, StorageFull
from limner.storages.memory import MemoryStorage
from tests.actions.gallery import Gallery, claim
from tests.codecs.pictures import encoded, opened, paint

CANARY = "canary-4711 Füchse"


@pytest.fixture
def needs():
    return {"repository": Gallery(), "storage": MemoryStorage(), "codec": PillowCodec()}


async def kept(needs, held, painted, **options):
    change = await keep_image(held, painted, finish=False, **needs, **options)
    (image,) = needs["repository"].images.values()
    return image, await needs["storage"].read(image.key), change


async def test_the_row_tells_the_truth_about_the_bytes(needs):
    image, data, _ = await kept(needs, claim(), Painted(ordinal=0, image=encoded("png")))
    assert (image.bytes, image.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert (image.width, image.height, image.format) == (96, 64, "png")


async def test_the_key_names_job_ordinal_and_epoch(needs):
    held = claim(wanted="webp")
    image, _, _ = await kept(needs, held, Painted(ordinal=1, image=encoded("png")))
    assert image.key == f"{held.job.id}/1/1.webp"


async def test_the_seed_is_the_requests_unless_the_engine_chose_another(needs):
    image, _, _ = await kept(needs, claim(), Painted(ordinal=1, image=encoded("png")))
    assert image.seed == 42
    needs["repository"].images.clear()
    image, _, _ = await kept(needs, claim(), Painted(ordinal=1, image=encoded("png"), seed=7))
    assert image.seed == 7


async def test_a_picture_of_an_engine_without_seeds_has_none(needs):
    image, data, _ = await kept(needs, claim(), Painted(ordinal=1, image=encoded("png")), seeds=False)
    assert (image.seed, "limner:seed" in opened(data).info) == (None, False)
    needs["repository"].images.clear()
    image, _, _ = await kept(needs, claim(), Painted(ordinal=1, image=encoded("png"), seed=7), seeds=False)
    assert image.seed == 7


@pytest.mark.parametrize("wanted", ["png", "jpeg", "webp"])
async def test_the_file_names_limner_job_and_seed_and_never_the_prompt(needs, wanted):
    held = claim(wanted=wanted, prompt=CANARY)
    _, data, _ = await kept(needs, held, Painted(ordinal=0, image=encoded(wanted)))
    for word in (f"Limner {__version__}", held.job.id, "41"):
        assert word.encode() in data
    assert b"canary" not in data


async def test_the_prompt_is_in_the_file_where_the_operator_wants_it(needs):
    _, data, _ = await kept(needs, claim(prompt=CANARY), Painted(ordinal=0, image=encoded("png")), embed_prompt=True)
    assert opened(data).info["limner:prompt"] == CANARY


async def test_a_picture_of_another_size_is_kept_as_it_is(needs):
    image, _, _ = await kept(needs, claim(), Painted(ordinal=0, image=encoded("png", paint((50, 40)))))
    assert (image.width, image.height) == (50, 40)


async def test_bad_bytes_leave_neither_row_nor_object(needs):
    with pytest.raises(BadImage):
        await keep_image(claim(), Painted(ordinal=0, image=b"<svg/>"), finish=False, **needs)
    assert needs["repository"].images == {}
    assert [found async for found in needs["storage"].list()] == []


async def test_no_row_names_bytes_that_could_not_be_written(needs, monkeypatch):
    async def full(key, data):
        raise StorageFull

    monkeypatch.setattr(needs["storage"], "write", full)
    with pytest.raises(StorageFull):
        await keep_image(claim(), Painted(ordinal=0, image=encoded("png")), finish=False, **needs)
    assert needs["repository"].images == {}


async def test_bytes_are_durable_before_a_row_names_them(needs, monkeypatch):
    order = []
    for mean, verb in ((needs["storage"], "write"), (needs["repository"], "keep_image")):
        real = getattr(mean, verb)

        async def noted(*args, real=real, verb=verb, **named):
            answer = await real(*args, **named)
            order.append(verb)
            return answer

        monkeypatch.setattr(mean, verb, noted)
    await keep_image(claim(), Painted(ordinal=0, image=encoded("png")), finish=True, **needs)
    assert order == ["write", "keep_image"]


async def test_after_a_lost_lease_the_bytes_wait_for_the_collector(needs):
    held = claim(epoch=0)
    with pytest.raises(LeaseLost):
        await keep_image(held, Painted(ordinal=0, image=encoded("png")), finish=False, **needs)
    assert needs["repository"].images == {}
    assert [found.key async for found in needs["storage"].list()] == [f"{held.job.id}/0/0.png"]
