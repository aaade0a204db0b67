"""The limit of all jobs that wait, where several processes let jobs in."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from limner.domain.errors import QueueFull
from limner.repositories.sql.submitting import SHARE
from tests.repositories.making import POLICY, opened, submitted

PROCESSES = 4


async def filled(repository, policy):
    """How many jobs this process lets in."""
    count = 0
    try:
        while True:
            await submitted(repository, owner=f"u{count % 50}", policy=policy)
            count += 1
    except QueueFull:
        return count


async def test_several_processes_together_keep_to_the_limit_but_for_a_few(place):
    policy = replace(POLICY, queued_total=100, queued_per_owner=1000)
    async with AsyncExitStack() as stack:
        processes = [await stack.enter_async_context(opened(place)) for _ in range(PROCESSES)]
        let_in = await asyncio.gather(*(filled(process, policy) for process in processes))
    unseen = 100 // SHARE + 1  # let in without a look by one that last looked when nothing waited
    assert 100 <= sum(let_in) <= 100 + PROCESSES * unseen


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
async def test_far_from_the_limit_nobody_counts_again(place, monkeypatch):
    counted = []

    def waiting_in_all(connection):
        counted.append(1)
        return 0

    monkeypatch.setattr("limner.repositories.sql.submitting.waiting_in_all", waiting_in_all)
    monkeypatch.setattr("limner.repositories.sql.submitting.TOTAL_HOLDS", 600.0)
    async with opened(place) as repository:
        for _ in range(50):
            await submitted(repository)
    assert counted == [1]
