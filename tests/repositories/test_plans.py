"""What keeps claims and lists fast is that they walk indexes; a changed word in a statement can lose that silently."""

import re
from dataclasses import replace

import pytest

from limner.domain.job import JobState
from limner.repositories.sql import (
    charging,
    claiming,
    deleting,
    engine_states,
    events,
    expiring,
    holding,
    images,
    inputs,
    jobs,
    keeping,
    lanes,
    leases,
    left_calls,
    outbox,
    outcomes,
    passing_on,
    promises,
    stored,
    submitting,
    sweeping,
    tables,
    usage,
)
from limner.repositories.sql.sqlite import writing_engine
from tests.repositories.making import POLICY, claimed, submitted

SEARCHES = {
    "the next lane": (claiming._NEXT_LANES, "limner_lanes_claimable (engine=?)"),
    "the next job of a lane": (claiming._TAKE, "limner_jobs_ready (owner=? AND engine=?)"),
    "an owner's finished jobs": (
        jobs._STATE_PAGES[JobState.SUCCEEDED],
        "COVERING INDEX limner_jobs_of_owner (owner=? AND state=? AND id<?)",
    ),
    "an owner's queued jobs": (jobs._STATE_PAGES[JobState.QUEUED], "COVERING INDEX limner_jobs_ready (owner=?)"),
    "an owner's delayed jobs": (
        jobs._STATE_PAGES[JobState.QUEUED],
        "limner_jobs_of_owner (owner=? AND state=? AND id<?)",
    ),
    "a reference": (jobs._REFERENCE_PAGE, "limner_jobs_reference (owner=? AND reference=? AND id<?)"),
    "images of jobs": (jobs._IMAGES, "limner_images_of_job (job_id=?)"),
    "an owner's images": (images._PAGE, "limner_images_of_owner (owner=? AND id<?)"),
    "known keys of images": (stored._KNOWN, "limner_images_key (key=?)"),
    "known keys of inputs": (stored._KNOWN, "limner_inputs_key (key=?)"),
    "known keys of what jobs hold": (stored._KNOWN, "limner_job_inputs_key (key=?)"),
    "an owner's unused inputs": (inputs._WAITING, "limner_inputs_of_owner (owner=? AND expires_at>?)"),
    "an owner's jobs that came to nothing": (inputs._WAITING, "limner_jobs_of_owner (owner=? AND state=?)"),
    "what they hold": (inputs._WAITING, "limner_job_inputs USING PRIMARY KEY (job_id=?)"),
    "what else holds it": (inputs._WAITING, "limner_job_inputs_source (source_id=?)"),
    "an owner's inputs": (inputs._DELETE_OF_OWNER, "limner_inputs_of_owner (owner=?)"),
    "expired inputs": (inputs._EXPIRE, "limner_inputs_expiring (expires_at<?)"),
    "calls with a handle": (left_calls._FIND, "limner_calls USING INDEX limner_calls_submitted"),
    "calls that are taken": (left_calls._TAKE, "limner_calls USING PRIMARY KEY (job_id=?)"),
    "inputs of a job": (holding._HELD_BY, "limner_job_inputs USING PRIMARY KEY (job_id=?)"),
    "inputs of dropped jobs": (holding._HELD_BY_ALL, "limner_job_inputs USING PRIMARY KEY (job_id=?)"),
    "jobs that hold an input": (inputs._DROP_LEFT, "limner_job_inputs_source (source_id=?)"),
    "what jobs hold of an upload": (holding._FIND, "limner_job_inputs_source (source_id=?)"),
    "bytes that images name": (stored._NAMED, "limner_images_key (key>?)"),
    "bytes that inputs name": (stored._NAMED, "limner_inputs_key (key>?)"),
    "bytes that jobs hold": (stored._NAMED, "limner_job_inputs_key (key>?)"),
    "known keys of unfinished jobs": (stored._KNOWN, "sqlite_autoindex_limner_jobs_1 (id=?)"),
    "a job's events": (events._OF_JOB, "limner_events_of_job (job_id=? AND seq>?)"),
    "changes after a position": (events._OF_ALL, "INTEGER PRIMARY KEY (rowid>?)"),
    "due delays": (sweeping._PROMOTE, "limner_jobs_delayed (not_before>? AND not_before<?)"),
    "passed deadlines": (sweeping._LATE, "limner_jobs_deadline (deadline_at<?)"),
    "lost leases": (sweeping._LOST, "limner_jobs_leased"),
    "due hooks": (outbox._TAKE_DUE, "limner_outbox_due (due_at<?)"),
    "old idempotency keys": (expiring._OLD_KEYS, "limner_idempotency_age (created_at<?)"),
    "aged jobs": (expiring._AGED, "limner_jobs_expiring (expires_at<?)"),
    "purged images": (expiring._PURGE, "limner_images_deleted (deleted_at<?)"),
    "the places of routes": (passing_on._NEXT_PLACE, "limner_jobs_routed (engine=? AND (route,route_index)>(?,?))"),
    "jobs that can go on": (passing_on._MOVABLE, "limner_jobs_routed (engine=? AND route=? AND route_index=?)"),
    "what an owner's jobs cost": (
        promises._PROMISED[True, False],
        "COVERING INDEX limner_jobs_expensive (engine=? AND owner=?",
    ),
    "what an engine's jobs cost": (promises._PROMISED[False, True], "COVERING INDEX limner_jobs_expensive (engine=?"),
    "what an owner's jobs with an engine cost": (
        promises._PROMISED[True, True],
        "COVERING INDEX limner_jobs_expensive (engine=? AND owner=?",
    ),
    "what was spent": (usage._SPENT, "PRIMARY KEY (owner=? AND day>?)"),
    "usage": (usage._BETWEEN, "PRIMARY KEY (owner=? AND day>? AND day<?)"),
    "all jobs of an owner": (deleting._OF_OWNER, "limner_jobs_of_owner (owner=?)"),
}
POINTED = {
    "submit: lanes": lanes._GROW,
    "submit: new lanes": lanes._JOIN_REST,
    "submit: keys": submitting._USED_KEYS,
    "serve": claiming._SERVE,
    "renew": leases._RENEW,
    "progress": leases._SAVE_PROGRESS,
    "call": leases._WRITE_CALL,
    "keep": keeping._KEEP,
    "keep the last": keeping._KEEP_LAST,
    "end": outcomes._END,
    "requeue": outcomes._REQUEUE,
    "go on": outcomes._REQUEUE_ONWARD,
    "pass on": passing_on._GO_ON,
    "a call that is open": leases._CALL,
    "calls under way": charging._UNDER_WAY,
    "what is expected": charging._EXPECT,
    "ledger": usage._ADD,
    "engine": engine_states._FIND,
    "cancel": outcomes._END_QUEUED,
    "lane": lanes._CHANGE,
    "cancels": jobs._CANCELS,
    "delete: lanes": deleting._UNFINISHED,
    **{name: statement for name, (statement, _) in SEARCHES.items()},
}
WALKED_WHOLE = ("limner_jobs_leased", "limner_calls_submitted", "anon_", "VIRTUAL TABLE")
"""What is small: running jobs, open calls, what a statement made itself, what it was given."""


@pytest.fixture(scope="module")
def plan_of(tmp_path_factory):
    with writing_engine(tmp_path_factory.mktemp("plans") / "limner.db").connect() as connection:
        tables.metadata.create_all(connection)
        connection.commit()

        def plan_of(statement):
            sql = statement.sql(connection.dialect)
            given = dict.fromkeys(re.findall(r":(\w+)", sql), 1)
            cursor = connection.connection.cursor()
            return [row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {sql}", given)]

        yield plan_of


@pytest.mark.parametrize("what", SEARCHES)
def test_it_is_found_by_its_index(plan_of, what):
    statement, index = SEARCHES[what]
    plan = plan_of(statement)
    assert any(index in step for step in plan), plan


@pytest.mark.parametrize("what", POINTED)
def test_no_table_is_walked_through(plan_of, what):
    plan = plan_of(POINTED[what])
    assert [step for step in plan if "SCAN" in step and not any(small in step for small in WALKED_WHOLE)] == []


@pytest.mark.parametrize("what", ["the next lane", "the next job of a lane", "a reference", "an owner's images"])
def test_nothing_is_sorted_to_find_the_first(plan_of, what):
    assert not any("TEMP B-TREE" in step for step in plan_of(SEARCHES[what][0]))


async def test_owners_who_run_all_they_may_are_not_looked_at_again(repository, place, monkeypatch):
    """A claim behind many of them looks at as many lanes as it takes jobs."""
    policy = replace(POLICY, running_per_owner=1)
    for number in range(50):
        for _ in range(2):
            await submitted(repository, owner=f"u{number}")
    await claimed(repository, slots=50, policy=policy)
    await submitted(repository, owner="ann")
    looks = []
    looking = claiming._FREE_LANE if place.startswith("postgres") else claiming._NEXT_LANES
    rows = looking.rows
    monkeypatch.setattr(looking, "rows", lambda *given, **named: looks.append(1) or rows(*given, **named))
    assert [claim.job.owner for claim in await claimed(repository, policy=policy)] == ["ann"]
    assert len(looks) == 1


async def test_on_good_days_a_claim_looks_once_whether_engines_have_trouble(repository, monkeypatch):
    for number in range(5):
        await submitted(repository, owner=f"u{number}")
    looks = []
    rows = engine_states._ALL.rows
    monkeypatch.setattr(engine_states._ALL, "rows", lambda *given, **named: looks.append(1) or rows(*given, **named))
    assert len(await claimed(repository, slots=5)) == 5
    assert len(looks) == 1
