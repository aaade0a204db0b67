import pytest

from limner.actions.find_job import find_job
from limner.domain.errors import NotFound
from limner.domain.identity import new_id
from tests.actions.asking import ANN, BEN, studio, submitted


async def test_absent_foreign_and_malformed_ids_look_the_same(tmp_path):
    async with studio(tmp_path / "limner.db") as needs:
        job = await submitted(needs)
        assert (await find_job(job.id, ANN, repository=needs.repository)).id == job.id
        told = set()
        for job_id, who in ((job.id, BEN), (new_id(), ANN), ("7", ANN), ("\ud800", ANN), (job.id.upper(), ANN)):
            with pytest.raises(NotFound) as absent:
                await find_job(job_id, who, repository=needs.repository)
            told.add((absent.value.detail, tuple(absent.value.facts)))
        assert told == {("There is no such job.", ())}
