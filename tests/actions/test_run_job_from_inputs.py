from limner.actions.add_input import InputNeeds, add_input
from limner.codecs.pillow import PillowCodec
from limner.contracts.engine import Painted, Submitted, Submitting
from limner.domain.errors import StorageUnavailable, Transient
from limner.domain.input import HeldInput, InputLimits, InputReference
from limner.domain.job import JobState
from limner.engines.isolated import IsolatedEngine
from limner.testing.instant import InstantEngine, checkerboard
from tests.actions.workshop import Scripted, eventually, paints, polls, workshop

TAKES = {"image": InputLimits(max_count=2)}


async def held(shop, seed=1):
    """What a job holds of an upload."""
    needs = InputNeeds(repository=shop.rows, storage=shop.storage, codec=PillowCodec(), policy=shop.policy)
    upload = await add_input(checkerboard(32, 16, seed), "ann", needs=needs)
    facts = {name: getattr(upload, name) for name in ("width", "height", "format", "bytes", "sha256", "key")}
    return HeldInput(reference=InputReference(role="image", input=upload.id), **facts)


async def copies(task):
    yield Painted(ordinal=0, image=await task.read_input("image-2"))


async def test_an_engine_reads_what_the_job_starts_from(tmp_path):
    async with workshop(tmp_path, copier=Scripted(copies, inputs=TAKES)) as shop:
        first, second = await held(shop), await held(shop, seed=2)
        job = await shop.painted(inputs=(first, second))
        assert [(one.width, one.height) for one in job.images] == [(32, 16)]
        (task,) = shop.engines["copier"].tasks
        assert [one.name for one in task.inputs] == ["image", "image-2"]


async def test_an_engine_in_a_child_reads_what_the_job_starts_from(tmp_path):
    child = IsolatedEngine("limner.testing.instant:InstantEngine", {})
    async with workshop(tmp_path, instant=child) as shop:
        plain, started = await shop.painted(), await shop.painted(inputs=(await held(shop),))
        assert started.state is JobState.SUCCEEDED
        codec = PillowCodec()
        pixels = [codec.convert(await shop.storage.read(job.images[0].key), format="png") for job in (plain, started)]
        assert pixels[0] != pixels[1]


async def test_a_storage_that_is_away_is_waited_for_and_no_fault_of_the_engines(tmp_path, monkeypatch):
    async with workshop(tmp_path, scripted=Scripted(paints, inputs=TAKES)) as shop:
        asked, read = [], shop.storage.read

        async def away(key):
            asked.append(key)
            raise StorageUnavailable

        one = await held(shop)
        monkeypatch.setattr(shop.storage, "read", away)
        job_id = await shop.submit(inputs=(one,))
        await eventually(lambda: len(asked) > 1)
        assert shop.engines["scripted"].tasks == []
        monkeypatch.setattr(shop.storage, "read", read)
        job = await shop.end(job_id)
        assert (job.state, job.attempt) == (JobState.SUCCEEDED, 1)


async def test_a_job_whose_picture_is_gone_fails_and_says_so(tmp_path):
    async with workshop(tmp_path, instant=InstantEngine()) as shop:
        one = await held(shop)
        await shop.storage.delete(one.key)
        job = await shop.painted(inputs=(one,))
        assert (job.state, job.error.code, job.attempt) == (JobState.FAILED, "bad_parameter", 1)
        assert job.error.detail == "The image that this starts from is gone from the storage."


async def test_a_call_that_is_paid_for_needs_no_pictures_any_more(tmp_path):
    async def breaks_off(task):
        yield Submitting(ordinals=(0,), request_key="k")
        yield Submitted(ordinals=(0,), handle={"call": 1})
        await shop.storage.delete(one.key)
        raise Transient

    async with workshop(tmp_path, scripted=Scripted(breaks_off, polls, inputs=TAKES, charges=True)) as shop:
        one = await held(shop)
        job = await shop.painted(inputs=(one,))
        assert (job.state, job.attempt) == (JobState.SUCCEEDED, 2)
        assert shop.engines["scripted"].tasks[1].resume[0].handle == {"call": 1}


async def test_a_job_that_is_deleted_meanwhile_is_not_painted_without_what_it_held(tmp_path):
    async with workshop(tmp_path, scripted=Scripted(paints, inputs=TAKES)) as shop:
        asked = []

        async def gone(job_id):
            asked.append(job_id)
            await shop.rows.delete_owner("ann")
            return ()

        one, shop.rows.inputs_of = await held(shop), gone
        job_id = await shop.submit(inputs=(one,))
        await eventually(lambda: asked == [job_id])
        assert (await shop.painted(owner="ben")).state is JobState.SUCCEEDED
        assert [task.job_id for task in shop.engines["scripted"].tasks].count(job_id) == 0
