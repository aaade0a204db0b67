"""What one item that cannot be written does to those that were asked for at the same time."""

import asyncio
import threading
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text

from limner.contracts.repository import Idempotency
from tests.repositories.making import POLICY, execute, new_job, opened, submitted

on_postgres = pytest.mark.parametrize("place", ["postgres"], indirect=True)


@asynccontextmanager
async def one_group(repository, size):
    """What is asked for inside waits until all of it is there."""
    begun, goes_on = threading.Event(), threading.Event()

    def hold(connection):
        begun.set()
        return goes_on.wait(10)

    held = asyncio.create_task(repository._writer.write(hold))
    await asyncio.to_thread(begun.wait, 10)
    yield
    async with asyncio.timeout(10):
        while repository._writer._commands.qsize() < size:
            await asyncio.sleep(0.001)
    goes_on.set()
    await held


class Bulk:
    """Work that an item called `bad` spoils; remembers in which transaction it was done with which items."""

    def __init__(self):
        self.done = []

    def do(self, connection, items):
        (transaction,) = connection.execute(text("SELECT pg_current_xact_id()::text")).one()
        self.done.append((transaction, list(items)))
        if "bad" in items:
            raise ValueError("a bug")
        return items


@on_postgres
async def test_no_transaction_does_bulk_work_twice_for_that_would_take_locks_in_any_order(repository):
    work = Bulk()
    names = ["a", "b", "bad", "c", "d"]
    async with one_group(repository, len(names)):
        asked = [asyncio.create_task(repository._writer.write_item(work.do, name)) for name in names]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(answer) for answer in answers] == [str, str, ValueError, str, str]
    assert work.done[0][1] == names
    assert len({transaction for transaction, _ in work.done}) == len(work.done) > 1


async def unwritable(repository):
    """No caller gets so far: submit_job refuses such a key."""
    job = new_job(repository.now(), owner="zoe")
    await repository.submit(job, idempotency=Idempotency(key="\x00", fingerprint="f"), policy=POLICY)


@on_postgres
async def test_groups_of_two_processes_with_such_an_item_do_not_lock_each_other_out(place):
    owners = [f"u{number}" for number in range(40)]

    async def group(repository, names):
        async with one_group(repository, len(names) + 1):
            bad = asyncio.create_task(unwritable(repository))
            asked = [asyncio.create_task(submitted(repository, owner=name)) for name in names]
        with pytest.raises(Exception, match="u0000"):
            await bad
        await asyncio.gather(*asked)

    async with opened(place) as here, opened(place) as there:
        for _ in range(3):
            await asyncio.gather(group(here, owners), group(there, owners[::-1]))
    deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    assert execute(place, deadlocks) == [(0,)]
    assert execute(place, "SELECT count(*) FROM limner_jobs") == [(240,)]
