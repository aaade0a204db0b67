"""From where a watcher goes on who was away for long, or whose place nobody knows."""

from contextlib import closing

import psycopg
import pytest

from limner.repositories.sql import positions
from limner.repositories.sql.positions import SETTLED
from tests.repositories.making import execute, opened, submitted

on_postgres = pytest.mark.parametrize("place", ["postgres"], indirect=True)


async def test_who_follows_everybody_from_a_foreign_position_is_told_what_is_new(repository, clock):
    old = await submitted(repository)
    clock.pass_(SETTLED + 1)
    new = await submitted(repository)
    changes, reached = await repository.changes_after("999")
    assert [change.job_id for change in changes] == [new.id]
    assert await repository.changes_after(reached) == ((), reached)
    changes, _ = await repository.changes_after("999", owner="ann")
    assert [change.job_id for change in changes] == [old.id, new.id]


@on_postgres
@pytest.mark.parametrize("owner", [None, "ann"])
async def test_who_was_away_for_long_does_not_walk_over_all_that_happened(repository, clock, monkeypatch, owner):
    """Once a page, to find up to where nothing can come any more."""
    jobs = [await submitted(repository) for _ in range(6)]
    clock.pass_(SETTLED + 1)
    jobs.append(await submitted(repository))
    monkeypatch.setattr(positions, "SCANNED", 3)
    monkeypatch.delattr(positions, "_FIRST_YOUNG")
    position, told = "1", []
    for _ in range(2):
        changes, position = await repository.changes_after(position, owner=owner, limit=2)
        told += [change.job_id for change in changes]
    assert (told, position) == ([job.id for job in jobs[1:5]], "5")
    monkeypatch.undo()
    changes, position = await repository.changes_after(position, owner=owner)
    assert ([change.job_id for change in changes], position) == ([job.id for job in jobs[5:]], "7")


@on_postgres
async def test_what_commits_late_is_heard_of_though_many_positions_were_lost_meanwhile(place):
    """A group that is undone takes its positions with it."""
    async with opened(place) as repository:
        first = await submitted(repository)
        _, position = await repository.changes_after(None)
        with closing(psycopg.connect(place)) as late:
            late.execute(
                "INSERT INTO limner_events (job_id, owner, seq, at, changes) "
                "SELECT job_id, owner, 2, at, changes FROM limner_events"
            )
            execute(place, "SELECT nextval('limner_events_position_seq') FROM generate_series(1, 20 * 256)")
            second = await submitted(repository, owner="ben")
            changes, position = await repository.changes_after(position)
            assert [change.job_id for change in changes] == [second.id]
            late.commit()
        changes, _ = await repository.changes_after(position)
        assert [(change.job_id, change.seq) for change in changes] == [(first.id, 2)]
