"""Any history of submits, claims, deaths, zombies, cancels and sweeps keeps the promises."""

import asyncio
import json
from collections import Counter
from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from limner.contracts.repository import Idempotency, Onward, Requeue
from limner.domain.budget import Allowance, Budgets
from limner.domain.errors import BudgetExhausted, LeaseLost, OutOfMoney, RateLimited, Transient
from limner.domain.job import FINAL_STATES, CallPhase, JobError, JobState, Note
from limner.repositories.sql import SqlRepository
from tests.repositories.making import POLICY, Eye, NewPlaces, SetClock, new_call, new_image, submitted

SHARE = 2
SHORT = replace(POLICY, running_per_owner=SHARE, max_lease_losses=4, restore_window=60)
BUDGETS = Budgets(per_owner=Allowance(day=0.5))
ALLOWED = 500_000
BROKEN = JobError(code="engine_failed", title="The engine failed", detail="It broke.", retryable=True)
ENGINES = ("painter", "openai")
TRUTH = """
SELECT owner, engine, count(*) FILTER (WHERE state = 'queued' AND not_before IS NULL) AS queued,
 count(*) FILTER (WHERE state = 'queued' AND not_before IS NULL AND urgent = 1) AS urgent,
 count(*) FILTER (WHERE state = 'queued') AS waiting, count(*) FILTER (WHERE state = 'running') AS running
 FROM limner_jobs WHERE finished_at IS NULL GROUP BY owner, engine
"""

owners = st.sampled_from(["ann", "ben", "cleo"])
engines = st.sampled_from(ENGINES)
delays = st.sampled_from([None, timedelta(seconds=5), timedelta(seconds=90)])


class Histories(RuleBasedStateMachine):
    """`claims` holds what workers believe to have, long after it is true: each of them may come back as a zombie."""

    jobs = Bundle("jobs")
    claims = Bundle("claims")
    places: NewPlaces

    @initialize(target=jobs)
    def open(self):
        self.place = self.places.make()
        self.clock = SetClock()
        self.loop = asyncio.new_event_loop()
        self.repository = SqlRepository(self.place, clock=self.clock, budgets=BUDGETS)
        self.do(self.repository.open())
        self.eye = Eye(self.place)
        self.acknowledged, self.dropped, self.ended, self.epochs = set(), set(), {}, {}
        return multiple(*(self.submit(owner, "painter", 2, 5, None) for owner in ("ann", "ann", "ann", "ben")))

    def teardown(self):
        self.eye.close()
        self.do(self.repository.close())
        self.loop.close()
        self.places.drop(self.place)

    def do(self, work):
        return self.loop.run_until_complete(work)

    def row(self, job_id):
        found = self.eye.rows("SELECT * FROM limner_jobs WHERE id = ?", job_id)
        return found[0] if found else None

    def write(self, claim, work, *, allowed=True):
        """Succeeds if and only if the lease holds; otherwise nothing changes."""
        before = self.row(claim.job.id)
        holds = before is not None and (before["state"], before["lease_epoch"]) == ("running", claim.lease.epoch)
        try:
            self.do(work)
        except LeaseLost:
            assert not (holds and allowed)
            assert self.row(claim.job.id) == before
        else:
            assert holds
            assert allowed

    def has_picture(self, claim, ordinal, key=None):
        found = "SELECT key FROM limner_images WHERE job_id = ? AND ordinal = ?"
        return key in [row["key"] if key else None for row in self.eye.rows(found, claim.job.id, ordinal)]

    @rule(target=jobs, owner=owners, engine=engines, count=st.integers(1, 3), priority=st.integers(4, 6), delay=delays)
    def submit_one(self, owner, engine, count, priority, delay):
        return self.submit(owner, engine, count, priority, delay)

    def submit(self, owner, engine, count, priority, delay):
        not_before = None if delay is None else self.repository.now() + delay
        facts = {"count": count, "priority": priority, "not_before": not_before, "route": (engine, *ENGINES)}
        job = self.do(submitted(self.repository, owner=owner, policy=SHORT, **facts))
        self.acknowledged.add(job.id)
        return job.id

    @rule(owner=owners, key=st.sampled_from("kl"))
    def submit_with_key(self, owner, key):
        idempotency = Idempotency(key=key, fingerprint="f")
        route = ("painter", *ENGINES)
        job = self.do(submitted(self.repository, owner=owner, policy=SHORT, idempotency=idempotency, route=route))
        self.acknowledged.add(job.id)

    @rule(target=claims, engine=engines, slots=st.integers(1, 4), worker=st.sampled_from(["w1", "w2"]))
    def claim_some(self, engine, slots, worker):
        return self.claim(engine, slots, worker)

    def claim(self, engine, slots, worker):
        state = self.do(self.repository.engine_states()).get(engine)
        claims, changes = self.do(self.repository.claim(worker, {engine: slots}, policy=SHORT))
        assert len(claims) == len(changes)
        if state and state.is_blocked(self.repository.now()):
            assert state.code == OutOfMoney.code or not claims
            assert all(self.row(claim.job.id)["urgent"] for claim in claims)
        elif state and state.wants_probe(self.repository.now()):
            assert len(claims) <= 1
        for claim in claims:
            assert claim.lease.epoch > self.epochs.get(claim.job.id, 0)
            self.epochs[claim.job.id] = claim.lease.epoch
        return multiple(*claims)

    @rule(target=claims, worker=st.sampled_from(["w1", "w2"]))
    def claim_all(self, worker):
        return self.claim("painter", 9, worker)

    @rule(target=claims, worker=st.sampled_from(["w1", "w2"]))
    def lose_everything_and_claim_again(self, worker):
        """What makes zombies of all that is claimed."""
        self.sweep(("w1", "w2"))
        return self.claim("painter", 9, worker)

    @rule(claim=claims)
    def renew(self, claim):
        before = self.row(claim.job.id)
        holds = before is not None and (before["state"], before["lease_epoch"]) == ("running", claim.lease.epoch)
        renewal = self.repository.renew([claim.lease], seconds=SHORT.lease)
        assert renewal.lost == (frozenset() if holds else {claim.lease})
        assert holds or self.row(claim.job.id) == before

    @rule(claim=claims, ordinal=st.integers(0, 2), finish=st.booleans())
    def keep(self, claim, ordinal, finish):
        image = new_image(claim, ordinal)
        work = self.repository.keep_image(claim.lease, image, finish=finish)
        if self.has_picture(claim, ordinal, image.key):
            self.ask_again(claim, work, finish=finish)
        else:
            self.write(claim, work, allowed=not self.has_picture(claim, ordinal))

    def ask_again(self, claim, work, *, finish):
        """For a picture that this claim has kept: an answer while that holds, and in no case a change."""
        before = self.row(claim.job.id)
        holds = before["state"] in FINAL_STATES if finish else before["state"] == "running"
        try:
            self.do(work)
        except LeaseLost:
            assert not (holds and before["lease_epoch"] == claim.lease.epoch)
        else:
            assert holds
            assert before["lease_epoch"] == claim.lease.epoch
        assert self.row(claim.job.id) == before

    @rule(claim=claims, state=st.sampled_from(sorted(FINAL_STATES)))
    def finish(self, claim, state):
        error = BROKEN if state is JobState.FAILED else None
        self.write(claim, self.repository.finish(claim.lease, state, error, counters=Requeue(crashes=1)))

    @rule(
        claim=claims,
        delay=delays,
        uncounted=st.booleans(),
        urgent=st.booleans(),
        spent=st.sampled_from([(), (0,), (0, 2)]),
        uncharged=st.booleans(),
    )
    def requeue(self, claim, delay, uncounted, urgent, spent, uncharged):
        requeue = Requeue(delay=delay, uncounted=uncounted, urgent=urgent, spent=spent, uncharged=uncharged)
        self.write(claim, self.repository.requeue(claim.lease, requeue))

    @rule(claim=claims, uncharged=st.booleans())
    def go_on(self, claim, uncharged):
        before = self.row(claim.job.id)
        place = before["route_index"] + 1 if before else 1
        if place < len(claim.job.route):
            onward = Onward(place=place, note=Note(code="fallback", detail="Another took over."), tries=5)
            self.write(claim, self.repository.requeue(claim.lease, Requeue(onward=onward, uncharged=uncharged)))

    @rule(claim=claims, fail=st.booleans(), cost=st.sampled_from([None, 0.04, 0.3]), ordinal=st.integers(0, 2))
    def open_call(self, claim, fail, cost, ordinal):
        before = self.row(claim.job.id)
        call = new_call(claim, first_ordinal=ordinal, cost=cost)
        try:
            self.write(claim, self.repository.open_call(claim.lease, call, fail_if_ambiguous=fail))
        except BudgetExhausted:
            assert self.row(claim.job.id) == before

    @rule(engine=engines, make=st.sampled_from([RateLimited, OutOfMoney, Transient]), probe=st.booleans())
    def meet_trouble(self, engine, make, probe):
        self.do(self.repository.note_trouble(engine, make(), probe=probe, policy=SHORT))

    @rule(engine=engines, probe=st.booleans())
    def recover(self, engine, probe):
        self.do(self.repository.note_recovery(engine, probe=probe))

    @rule(claim=claims)
    def hold_handle(self, claim):
        held = new_call(claim, CallPhase.SUBMITTED, {"id": 1})
        self.write(claim, self.repository.hold_handle(claim.lease, held))

    @rule(job_id=jobs)
    def cancel(self, job_id):
        before = self.row(job_id)
        changed = self.do(self.repository.cancel(job_id))
        if before is None or before["finished_at"] or before["cancel_requested_at"]:
            assert (changed, self.row(job_id)) == (None, before)
        else:
            assert changed.seq == before["event_seq"] + 1

    @rule(seconds=st.sampled_from([1, 10, 31, 100]))
    def pass_time(self, seconds):
        self.clock.pass_(seconds)

    @rule(dead=st.sampled_from([(), ("w1",), ("w1", "w2")]))
    def sweep_once(self, dead):
        self.sweep(dead)

    def sweep(self, dead):
        self.do(self.repository.sweep(policy=SHORT, is_dead=lambda worker: worker in dead))
        held = self.eye.rows("SELECT lease_owner FROM limner_jobs WHERE state = 'running'")
        assert not {row["lease_owner"] for row in held} & set(dead)

    @rule(job_id=jobs)
    def delete(self, job_id):
        before = self.row(job_id)
        keys = self.do(self.repository.delete_job(job_id))
        assert (keys is None) == (before is not None and before["finished_at"] is None)
        if keys is not None:
            self.dropped.add(job_id)

    @rule(owner=st.sampled_from(["ben", "cleo"]))
    def delete_owner(self, owner):
        mine = {row["id"] for row in self.eye.rows("SELECT id FROM limner_jobs WHERE owner = ?", owner)}
        self.do(self.repository.delete_owner(owner))
        self.dropped |= mine

    @invariant()
    def nothing_acknowledged_is_lost(self):
        kept = {row["id"] for row in self.eye.rows("SELECT id FROM limner_jobs")}
        assert self.acknowledged - self.dropped == kept

    @invariant()
    def final_states_are_never_left(self):
        for row in self.eye.rows("SELECT id, state, finished_at, error FROM limner_jobs WHERE finished_at IS NOT NULL"):
            assert row["state"] in FINAL_STATES
            assert self.ended.setdefault(row["id"], row) == row

    @invariant()
    def events_have_no_gap_and_end_once(self):
        ends = Counter()
        for row in self.eye.rows(
            "SELECT j.id, j.event_seq, count(*) AS events, min(e.seq) AS first, max(e.seq) AS last,"
            " count(*) FILTER (WHERE substr(e.changes, 11, 6) NOT IN ('queued', 'runnin')) AS ends, j.finished_at"
            " FROM limner_jobs j JOIN limner_events e ON e.job_id = j.id GROUP BY j.id"
        ):
            assert (row["first"], row["last"], row["events"]) == (1, row["event_seq"], row["event_seq"])
            assert row["ends"] == (row["finished_at"] is not None)
            ends[row["id"]] += 1
        assert set(ends) == self.acknowledged - self.dropped

    @invariant()
    def nobody_runs_more_than_his_share(self):
        running = "SELECT count(*) AS jobs FROM limner_jobs WHERE state = 'running' GROUP BY owner"
        assert max((row["jobs"] for row in self.eye.rows(running)), default=0) <= SHARE

    @invariant()
    def lanes_tell_the_truth(self):
        kept = self.eye.rows("SELECT owner, engine, queued, urgent, waiting, running FROM limner_lanes")
        assert {tuple(row.values()) for row in kept} == {tuple(row.values()) for row in self.eye.rows(TRUTH)}

    @invariant()
    def a_job_is_where_its_route_says(self):
        for row in self.eye.rows("SELECT engine, route, route_index FROM limner_jobs WHERE finished_at IS NULL"):
            assert row["engine"] == json.loads(row["route"])[row["route_index"]]

    @invariant()
    def no_budget_is_exceeded_and_nothing_is_taken_back_twice(self):
        cost = "SELECT max(cost) AS most, min(cost) AS least FROM (SELECT sum(cost) AS cost FROM limner_usage WHERE {} GROUP BY owner, day)"
        (owners,) = self.eye.rows(cost.format("owner IN (SELECT owner FROM limner_jobs)"))
        assert 0 <= (owners["least"] or 0) <= (owners["most"] or 0) <= ALLOWED
        assert not self.eye.rows("SELECT * FROM limner_usage WHERE calls < 0 OR pictures < 0 OR cost < 0")

    @invariant()
    def a_lease_has_an_owner_exactly_while_the_job_runs(self):
        wrong = "SELECT id FROM limner_jobs WHERE (state = 'running') <> (lease_owner IS NOT NULL AND lease_until > 0)"
        assert self.eye.rows(wrong) == []

    @invariant()
    def every_end_is_announced(self):
        missing = (
            "SELECT id FROM limner_jobs WHERE (finished_at IS NOT NULL) <> (id IN (SELECT job_id FROM limner_outbox))"
        )
        assert self.eye.rows(missing) == []


def test_any_history_keeps_the_promises(new_places):
    Histories.places = new_places
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=new_places.histories,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
