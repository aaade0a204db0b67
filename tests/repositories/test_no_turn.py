"""Upkeep that others hold up is told of: where it never gets its turn, somebody should know."""

import asyncio
from contextlib import closing

import psycopg
import pytest

from tests.repositories.making import POLICY, nobody_is_dead, opened, submitted


@pytest.fixture
async def held_up(postgres_url):
    """A repository beside a machine that holds an owner."""
    async with opened(postgres_url) as repository:
        await submitted(repository, not_before=repository.now())
        with closing(psycopg.connect(postgres_url)) as other:
            other.execute("SELECT pg_advisory_xact_lock_shared(1818848622, 0)")
            yield repository


async def test_a_sweep_that_gets_no_turn_is_counted(held_up):
    report = await asyncio.wait_for(held_up.sweep(policy=POLICY, is_dead=nobody_is_dead), 15)
    assert report.counts == {"no_turn": 1}


async def test_so_is_expiry(held_up):
    report, keys = await asyncio.wait_for(held_up.expire(policy=POLICY), 15)
    assert (report.counts, keys) == ({"no_turn": 1}, ())
