from itertools import chain

import pytest

from limner.actions.list_jobs import list_jobs
from limner.domain.errors import BadCursor
from limner.domain.job import JobState
from tests.actions.asking import ANN, BEN, studio, submitted


@pytest.fixture
async def needs(tmp_path):
    async with studio(tmp_path / "limner.db") as needs:
        yield needs


async def pages(needs, *, limit, between=None):
    """The ids of every page, `between` being called after each."""
    cursor, seen = None, []
    while True:
        page = await list_jobs(ANN, cursor=cursor, limit=limit, repository=needs.repository)
        seen.append([job.id for job in page.items])
        cursor = page.next
        if cursor is None:
            return seen
        if between:
            await between()


async def test_pages_go_from_the_newest_to_the_oldest_and_end(needs):
    jobs = [await submitted(needs) for _ in range(7)]
    seen = await pages(needs, limit=3)
    assert [len(page) for page in seen] == [3, 3, 1]
    assert [*chain.from_iterable(seen)] == sorted((job.id for job in jobs), reverse=True)


async def test_pages_stay_the_same_while_jobs_arrive(needs):
    jobs = [await submitted(needs) for _ in range(9)]
    seen = await pages(needs, limit=2, between=lambda: submitted(needs))
    assert [*chain.from_iterable(seen)] == sorted((job.id for job in jobs), reverse=True)


async def test_a_full_last_page_has_no_successor(needs):
    for _ in range(4):
        await submitted(needs)
    assert [len(page) for page in await pages(needs, limit=2)] == [2, 2]


async def test_only_the_callers_own_jobs_are_listed(needs):
    await submitted(needs, owner="ben")
    mine = await submitted(needs)
    page = await list_jobs(ANN, repository=needs.repository)
    assert [job.id for job in page.items] == [mine.id]


async def test_state_and_reference_narrow_the_list(needs):
    wanted = await submitted(needs, reference="order-17")
    await submitted(needs, reference="order-18")
    page = await list_jobs(ANN, state=JobState.QUEUED, reference="order-17", repository=needs.repository)
    assert [job.id for job in page.items] == [wanted.id]
    assert (await list_jobs(ANN, state=JobState.FAILED, repository=needs.repository)).items == ()


async def test_a_cursor_that_is_not_ours_is_refused(needs):
    with pytest.raises(BadCursor):
        await list_jobs(BEN, cursor="nonsense", repository=needs.repository)
