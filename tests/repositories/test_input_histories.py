"""Any history of uploads, paints, submits, retries, deletes and expiries: bytes go exactly when the last row that names them goes."""

import asyncio
from dataclasses import replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from limner.domain.errors import InvalidRequest
from limner.repositories.sql import SqlRepository
from tests.repositories.making import POLICY, Eye, NewPlaces, SetClock, named, start_from, uploaded
from tests.repositories.test_inputs import DAY, painted

SHORT = replace(POLICY, restore_window=60)
NAMED = " UNION ".join(f"SELECT key FROM limner_{table}" for table in ("images", "inputs", "job_inputs"))

owners = st.sampled_from(["ann", "ben"])


class InputHistories(RuleBasedStateMachine):
    """`things` are uploads and images, long after some are gone: a request may name them all the same."""

    things = Bundle("things")
    jobs = Bundle("jobs")
    places: NewPlaces

    @initialize(target=things)
    def open(self):
        self.place = self.places.make()
        self.clock = SetClock()
        self.loop = asyncio.new_event_loop()
        self.repository = SqlRepository(self.place, clock=self.clock)
        self.do(self.repository.open())
        self.eye = Eye(self.place)
        self.written, self.freed, self.held = set(), [], {}
        return self.upload("ann")

    def teardown(self):
        self.eye.close()
        self.do(self.repository.close())
        self.loop.close()
        self.places.drop(self.place)

    def do(self, work):
        return self.loop.run_until_complete(work)

    def free(self, keys):
        self.freed += keys

    def upload(self, owner):
        thing = self.do(uploaded(self.repository, owner=owner))
        self.written.add(thing.key)
        return thing

    @rule(target=things, owner=owners)
    def upload_one(self, owner):
        return self.upload(owner)

    @rule(target=things, owner=owners)
    def paint_one(self, owner):
        thing = self.do(painted(self.repository, owner=owner, route=(f"engine-{len(self.written)}",)))
        self.written.add(thing.key)
        return thing

    @rule(target=jobs, named_things=st.lists(things, min_size=1, max_size=3), foreign=st.booleans())
    def start(self, named_things, foreign):
        owner = named_things[0].owner
        mine = [thing for thing in named_things if foreign or thing.owner == owner]
        return self.submit(mine, owner=owner)

    @rule(target=jobs, job=jobs)
    def retry(self, job):
        """A job that is there holds all that a retry needs."""
        there = job is not None and self.do(self.repository.find_job(job[0].id)) is not None
        again = self.submit(job[1], owner=job[0].owner, retry_of=job[0].id) if job else None
        assert again is not None or not there
        return again

    def submit(self, named_things, **facts):
        try:
            job = self.do(start_from(self.repository, *named_things, **facts))
        except InvalidRequest:
            return None
        self.held.setdefault(job.id, [named(thing).key for thing in named_things])
        self.do(self.repository.cancel(job.id))
        return job, named_things

    @rule(thing=things)
    def delete_thing(self, thing):
        if thing.key.endswith("input.png"):
            self.free(self.do(self.repository.delete_input(thing.id)))
        else:
            self.do(self.repository.delete_image(thing.id))

    @rule(thing=things)
    def delete_job_of_image(self, thing):
        self.free(self.do(self.repository.delete_job(getattr(thing, "job_id", ""))) or ())

    @rule(job=jobs)
    def delete_job(self, job):
        if job is not None:
            self.free(self.do(self.repository.delete_job(job[0].id)))
            self.held.pop(job[0].id, None)

    @rule(seconds=st.sampled_from([61, DAY]))
    def expire(self, seconds):
        self.clock.pass_(seconds)
        self.free(self.do(self.repository.expire(policy=SHORT))[1])

    @rule()
    def delete_ben(self):
        jobs = [row["id"] for row in self.eye.rows("SELECT id FROM limner_jobs WHERE owner = 'ben'")]
        self.free(self.do(self.repository.delete_owner("ben")))
        for job_id in jobs:
            self.held.pop(job_id, None)
        for table in ("images", "inputs", "job_inputs"):
            assert self.eye.rows(f"SELECT * FROM limner_{table} WHERE owner = 'ben'") == []

    @invariant()
    def bytes_go_once_when_nothing_names_them_and_not_before(self):
        named_now = {row["key"] for row in self.eye.rows(NAMED)}
        assert len(self.freed) == len(set(self.freed))
        assert named_now | set(self.freed) == self.written
        assert not named_now & set(self.freed)

    @invariant()
    def every_job_holds_what_it_started_from(self):
        for job_id, keys in self.held.items():
            assert [held.key for held in self.do(self.repository.inputs_of(job_id))] == keys

    @invariant()
    def an_upload_is_dated_exactly_while_it_was_never_used(self):
        """One that lost its last job went with it."""
        stray = "SELECT id FROM limner_inputs WHERE (expires_at IS NULL) <> (id IN (SELECT source_id FROM limner_job_inputs))"
        assert self.eye.rows(stray) == []


def test_bytes_go_with_the_last_row_that_names_them(new_places):
    InputHistories.places = new_places
    run_state_machine_as_test(
        InputHistories,
        settings=settings(
            max_examples=new_places.histories,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
