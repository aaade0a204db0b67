import asyncio
from dataclasses import replace

import pytest

from limner.actions.cancel_job import cancel_job
from limner.actions.collect_orphans import collect_orphans
from limner.actions.delete_input import delete_input
from limner.actions.retry_job import retry_job
from limner.actions.submit_job import fingerprint, submit_job
from limner.contracts.repository import Idempotency
from limner.domain.errors import InvalidRequest, NotFound
from limner.domain.identity import new_id
from limner.domain.input import InputReference
from limner.domain.policy import Policy
from limner.domain.request import Ask
from tests.actions.asking import ANN, submitted
from tests.actions.test_collect_orphans import LATER
from tests.actions.uploads import darkroom


@pytest.fixture
async def room(tmp_path):
    async with darkroom(tmp_path) as room:
        yield room


def named(upload, role="image"):
    return {"role": role, "input": upload.id}


async def faults(room, *inputs, **ask):
    with pytest.raises(InvalidRequest) as raised:
        await submitted(room.submit, inputs=list(inputs), **ask)
    return [fault.detail for fault in raised.value.errors]


async def ended(room, job):
    needs = room.submit
    return await cancel_job(job.id, ANN, repository=room.repository, notifier=needs.notifier, observer=needs.observer)


async def delete(room, upload):
    await delete_input(upload.id, ANN, repository=room.repository, storage=room.storage)


async def test_a_job_remembers_what_it_starts_from_as_it_was_asked(room):
    upload = await room.upload()
    job = await submitted(room.submit, inputs=[named(upload)], strength=0.6)
    assert job.request.inputs == (InputReference(role="image", input=upload.id),)
    assert (job.requested["inputs"], job.requested["strength"]) == ([named(upload)], 0.6)
    assert await room.repository.find_job(job.id) == job


async def test_a_job_that_starts_from_nothing_says_nothing_of_it(room):
    assert "inputs" not in (await submitted(room.submit, inputs=[])).requested


@pytest.mark.parametrize(
    ("asked", "painted"),
    [
        ({}, (128, 96)),
        ({"width": 100}, (100, 512)),
        ({"height": 100}, (768, 100)),
    ],
)
async def test_the_first_image_says_how_large_the_picture_is(room, asked, painted):
    image, other = await room.upload(128, 96), await room.upload(32, 32)
    job = await submitted(room.submit, inputs=[named(image), named(other)], **asked)
    assert (job.request.width, job.request.height) == painted


async def test_what_is_not_the_owners_is_not_there(room):
    foreign = await room.upload(owner="ben")
    assert await faults(
        room, named(foreign), {"role": "image", "input": "x"}, {"role": "image", "image": new_id()}
    ) == [
        "There is no such input; upload it with POST /inputs.",
        "There is no such input; upload it with POST /inputs.",
        "There is no such image.",
    ]


async def test_pictures_that_do_not_fit_are_told_with_what_would(room):
    assert await faults(room, named(await room.upload(300, 48))) == [
        "The picture is 300 × 48; painter takes sides of 1 to 256."
    ]


async def test_a_hook_may_add_what_a_job_starts_from(tmp_path):
    def add(ask, owner):
        return replace(ask, inputs=[named(upload)])

    async with darkroom(tmp_path, add) as room:
        upload = await room.upload()
        job = await submitted(room.submit)
        assert [one.reference.input for one in await room.repository.inputs_of(job.id)] == [upload.id]
        assert (await retry_job((await ended(room, job)).id, ANN, needs=room.submit)).job.request == job.request


async def test_a_retry_keeps_its_inputs_though_they_were_deleted(room):
    upload = await room.upload()
    job = await ended(room, await submitted(room.submit, inputs=[named(upload)], strength=0.6))
    await delete(room, upload)
    again = (await retry_job(job.id, ANN, needs=room.submit)).job
    assert again.request == job.request
    assert await room.repository.inputs_of(again.id) == await room.repository.inputs_of(job.id)
    assert await room.keys() == [upload.key]


async def test_the_same_key_gives_the_same_job_though_its_input_was_deleted(room):
    upload = await room.upload()
    ask = Ask(prompt="a fox", inputs=[named(upload)])
    key = Idempotency(key="k", fingerprint=fingerprint(ask))
    first = await submit_job(ask, "ann", idempotency=key, needs=room.submit)
    await delete(room, upload)
    again = await submit_job(ask, "ann", idempotency=key, needs=room.submit)
    assert (again.job.id, again.replayed) == (first.job.id, True)


async def test_a_fingerprint_is_bound_to_the_inputs():
    asks = [Ask(prompt="a fox", inputs=[{"role": role, "input": "a"}]) for role in ("image", "mask")]
    asks += [Ask(prompt="a fox"), Ask(prompt="a fox", strength=0.5)]
    assert len({fingerprint(ask) for ask in asks}) == 4


async def test_a_submit_and_a_delete_at_once_leave_a_job_with_its_bytes_or_no_job(room):
    """Which of them comes first is chance; what must not be is a job whose bytes went."""
    for _ in range(20):
        upload = await room.upload()
        submitting = submitted(room.submit, inputs=[named(upload)])
        outcome, gone = await asyncio.gather(submitting, delete(room, upload), return_exceptions=True)
        assert gone is None or isinstance(gone, NotFound)
        if isinstance(outcome, InvalidRequest):
            assert upload.key not in await room.keys()
        else:
            (held,) = await room.repository.inputs_of(outcome.id)
            assert await room.storage.read(held.key)
            await ended(room, outcome)


async def test_orphans_are_what_neither_an_upload_nor_a_job_names(room):
    kept, held = await room.upload(), await room.upload()
    await submitted(room.submit, inputs=[named(held)])
    await delete(room, held)
    await room.storage.write(f"{new_id()}/input.png", b"of a crash before the row")
    await collect_orphans(repository=room.repository, storage=room.storage, policy=Policy(), now=LATER)
    assert await room.keys() == sorted([kept.key, held.key])
