"""The repository contract on SQL: what runs where. The statements lie beside this file, by topic."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from functools import cached_property
from pathlib import Path

from sqlalchemy import Connection

from limner.contracts.repository import (
    Idempotency,
    LeftCall,
    NamedBytes,
    NewImage,
    OutboxEntry,
    QueueFacts,
    Renewal,
    Requeue,
    Submission,
    SweepReport,
)
from limner.domain.engine_state import EngineState
from limner.domain.errors import EngineError, LimnerError
from limner.domain.event import JobChanged, JobEvent, ProgressTick
from limner.domain.identity import ApiKey
from limner.domain.image import Image
from limner.domain.input import HeldInput, Input, InputReference
from limner.domain.job import Call, Claim, Job, JobError, JobState, Lease
from limner.domain.policy import Policy
from limner.domain.route import engine_of
from limner.domain.usage import DayOfUsage
from limner.repositories.sql import (
    claiming,
    deleting,
    engine_states,
    events,
    expiring,
    holding,
    images,
    inputs,
    installation,
    jobs,
    keys,
    leases,
    left_calls,
    load,
    outbox,
    outcomes,
    recount,
    stored,
    sweeping,
    usage,
)
from limner.repositories.sql.gateway import Gateway
from limner.repositories.sql.keeping import Keep, keep_images
from limner.repositories.sql.locks import (
    both,
    lock_everybody_soon,
    lock_keys,
    lock_nothing,
    lock_owners,
    lock_purses,
    owner_named,
    owner_of_image,
    owner_of_input,
    owners_of,
    purse_of_job,
    share,
    troubles_of,
)
from limner.repositories.sql.submitting import Entry, Intake, entry_of
from limner.repositories.sql.upkeep import Upkeep

logger = logging.getLogger("limner.repository")

MOST_ROUNDS = 20
"""Batches after which the rest waits for the next time."""


class SqlRepository(Gateway):
    """The contract, command by command: with which locks each runs."""

    @cached_property
    def _intake(self) -> Intake:
        return Intake()

    @cached_property
    def _unanswered(self) -> set[str]:
        """Workers whose last claim may have taken what they never heard of."""
        return set()

    async def submit(
        self, job: Job, *, inputs: Sequence[HeldInput] = (), idempotency: Idempotency | None, policy: Policy
    ) -> Submission:
        return await self._writer.write_item(self._submit_all, entry_of(job, inputs, idempotency, policy))

    async def find_inputs(self, owner: str, references: Sequence[InputReference]) -> tuple[HeldInput | None, ...]:
        return await self._read(holding.find_held, owner, references)

    async def find_job(self, job_id: str) -> Job | None:
        return await self._read(jobs.find_job, job_id, self._moment())

    async def page_of_jobs(
        self, owner: str, *, state: JobState | None, reference: str | None, before: str | None, limit: int
    ) -> tuple[Job, ...]:
        return await self._read(
            jobs.page_of_jobs, owner, self._moment(), state=state, reference=reference, before=before, limit=limit
        )

    async def events_after(self, job_id: str, seq: int) -> tuple[JobEvent, ...]:
        return await self._read(events.events_after, job_id, seq)

    async def changes_after(
        self, position: str | None, *, owner: str | None = None, limit: int = 1000
    ) -> tuple[tuple[JobChanged, ...], str]:
        return await self._read(events.changes_after, position, owner, limit, self._moment())

    async def progress_of(self, job_ids: Collection[str]) -> tuple[ProgressTick, ...]:
        return await self._read(jobs.progress_of, job_ids)

    async def cancel(self, job_id: str) -> JobChanged | None:
        return await self._write(
            lambda connection: outcomes.cancel(connection, job_id, self._moment()), locks=owners_of([job_id])
        )

    async def delete_job(self, job_id: str) -> tuple[str, ...] | None:
        return await self._write(lambda connection: deleting.delete_job(connection, job_id), locks=owners_of([job_id]))

    async def delete_owner(self, owner: str) -> tuple[str, ...]:
        await self._write(lambda connection: keys.revoke_keys_of(connection, owner, self._moment()), locks=lock_keys)
        freed: list[str] = []
        more = True
        while more:
            some, more = await self._write(
                lambda connection: deleting.delete_some_of(connection, owner, self._moment()), locks=owner_named(owner)
            )
            freed += some
        return tuple(freed)

    async def claim(
        self, worker: str, free: Mapping[str, int], *, policy: Policy, held: Collection[Lease] = ()
    ) -> tuple[tuple[Claim, ...], tuple[JobChanged, ...]]:
        if worker in self._unanswered and (taken := await self._take_up(worker, held, policy)):
            return taken, ()
        claims: list[Claim] = []
        changes: list[JobChanged] = []
        again = True
        while again:
            left = _left(free, claims)
            try:
                picked = await self._claim(worker, left, policy)
            except Exception:
                if not claims:
                    raise
                logger.exception("the claim ended early")
                break  # what was claimed before has leases that nobody else would renew
            claims += picked.claims
            changes += picked.changes
            again = picked.again
        return tuple(claims), tuple(changes)

    def renew(self, leases_held: Collection[Lease], *, seconds: float) -> Renewal:
        return self._writer.write_blocking(
            lambda connection: leases.renew(connection, leases_held, seconds, self._moment())
        )

    async def inputs_of(self, job_id: str) -> tuple[HeldInput, ...]:
        return await self._read(holding.held_by, job_id)

    async def cancels_among(self, job_ids: Collection[str]) -> frozenset[str]:
        return await self._read(jobs.cancels_among, job_ids)

    async def save_progress(self, ticks: Sequence[ProgressTick]) -> None:
        await self._writer.write_item(leases.save_progress, ticks)

    async def open_call(self, lease: Lease, call: Call, *, fail_if_ambiguous: bool) -> None:
        await self._write(
            lambda connection: leases.open_call(
                connection, lease, call, self._moment(), fail_if_ambiguous=fail_if_ambiguous
            ),
            locks=both(owners_of([lease.job_id]), purse_of_job(lease.job_id, self._budgets.per_engine)),
        )

    async def hold_handle(self, lease: Lease, call: Call) -> None:
        await self._write(
            lambda connection: leases.hold_handle(connection, lease, call), locks=owners_of([lease.job_id])
        )

    async def keep_image(self, lease: Lease, image: NewImage, *, finish: bool) -> JobChanged:
        return await self._writer.write_item(self._keep_all, Keep(lease, image, finish))

    async def finish(self, lease: Lease, state: JobState, error: JobError | None, *, counters: Requeue) -> JobChanged:
        ending = outcomes.Ending(state=state, error=error, counters=counters)
        return await self._write(
            lambda connection: outcomes.close_if_over(
                connection, outcomes.finish(connection, lease, ending, self._moment())
            ),
            locks=owners_of([lease.job_id]),
        )

    async def requeue(self, lease: Lease, requeue: Requeue) -> JobChanged:
        return await self._write(
            lambda connection: outcomes.close_if_over(
                connection, outcomes.requeue(connection, lease, requeue, self._moment())
            ),
            locks=owners_of([lease.job_id]),
        )

    async def take_left_calls(self, engines: Collection[str]) -> tuple[LeftCall, ...]:
        found = await self._read(left_calls.find_left, engines)
        if not found:
            return ()
        return await self._write(
            lambda connection: left_calls.take_left(connection, found), locks=owners_of(list(found))
        )

    async def engine_states(self) -> Mapping[str, EngineState]:
        return await self._read(engine_states.engine_states, self._moment())

    async def note_trouble(
        self, engine: str, error: EngineError, *, probe: bool, policy: Policy
    ) -> tuple[EngineState, EngineState | None]:
        return await self._write(
            lambda connection: engine_states.note_trouble(
                connection, engine, error, self._moment(), probe=probe, policy=policy
            ),
            locks=troubles_of(engine),
        )

    async def note_recovery(self, engine: str, *, probe: bool) -> None:
        await self._write(
            lambda connection: engine_states.note_recovery(connection, engine, self._moment(), probe=probe),
            locks=troubles_of(engine),
        )

    async def usage(self, owner: str, *, first: date, last: date) -> tuple[DayOfUsage, ...]:
        return await self._read(usage.usage_between, owner, first, last)

    async def find_image(self, image_id: str) -> Image | None:
        return await self._read(images.find_image, image_id)

    async def page_of_images(self, owner: str, *, before: str | None, limit: int) -> tuple[Image, ...]:
        return await self._read(images.page_of_images, owner, before, limit)

    async def delete_image(self, image_id: str) -> JobChanged | None:
        return await self._write(
            lambda connection: images.delete_image(connection, image_id, self._moment()), locks=owner_of_image(image_id)
        )

    async def restore_image(self, image_id: str) -> JobChanged | None:
        return await self._write(
            lambda connection: images.restore_image(connection, image_id, self._moment()),
            locks=owner_of_image(image_id),
        )

    async def named_bytes(self, *, after: str, limit: int) -> tuple[NamedBytes, ...]:
        return await self._read(stored.named_bytes, after, limit)

    async def known_keys(self, keys_asked: Collection[str]) -> frozenset[str]:
        return await self._read(stored.known_keys, keys_asked)

    async def add_input(self, new: Input, *, policy: Policy) -> None:
        await self._write(
            lambda connection: inputs.add_input(connection, new, policy, self._moment()), locks=owner_named(new.owner)
        )

    async def find_input(self, input_id: str) -> Input | None:
        return await self._read(inputs.find_input, input_id, self._moment())

    async def delete_input(self, input_id: str) -> tuple[str, ...]:
        return await self._write(
            lambda connection: inputs.delete_input(connection, input_id), locks=owner_of_input(input_id)
        )

    async def installation(self) -> str:
        found = await self._read(installation.find_installation)
        return await self._write(installation.make_installation, locks=lock_nothing) if found is None else found

    async def first_storage(self) -> int | None:
        return await self._read(installation.first_storage)

    async def note_first_storage(self, number: int) -> int:
        return await self._write(
            lambda connection: installation.note_first_storage(connection, number), locks=lock_nothing
        )

    async def begin_collection(self, *, every: float) -> bool:
        return await self._write(
            lambda connection: installation.begin_collection(connection, self._moment(), every), locks=lock_nothing
        )

    async def sweep(self, *, policy: Policy, is_dead: Callable[[str], bool]) -> SweepReport:
        dead = await self._read(sweeping.dead_workers, is_dead)
        trusted = self._trust.look(policy.lease)
        more = await self._read(sweeping.may_find_work, policy, dead, self._moment(), expired_too=trusted)
        done = Upkeep(more=more)
        while done.more:
            done.more = False
            done.add(
                await self._upkeep(
                    lambda connection: sweeping.sweep(connection, policy, dead, self._moment(), expired_too=trusted)
                )
            )
        return done.report()

    async def expire(self, *, policy: Policy) -> tuple[SweepReport, tuple[str, ...]]:
        done, rounds = Upkeep(more=True), 0
        while done.more and not done.keys and rounds < MOST_ROUNDS:
            done.more, rounds = False, rounds + 1
            done.add(await self._upkeep(lambda connection: expiring.expire(connection, policy, self._moment())))
        if policy.owner_quota is not None and not done.keys:
            excess = await self._read(expiring.beyond_quota, policy.owner_quota)
            for first in range(0, len(excess), expiring.BATCH):
                done.add(await self._hide(excess[first : first + expiring.BATCH]))
        return done.report(), tuple(done.keys)

    async def outbox_due(self, *, limit: int, hold: float) -> tuple[OutboxEntry, ...]:
        return await self._write(
            lambda connection: outbox.outbox_due(connection, limit, hold, self._moment()), locks=lock_nothing
        )

    async def outbox_done(self, job_id: str) -> None:
        await self._writer.write_item(outbox.outbox_done, job_id)

    async def outbox_failed(self, job_id: str, *, delay: float) -> None:
        await self._write(
            lambda connection: outbox.outbox_failed(connection, job_id, delay, self._moment()), locks=lock_nothing
        )

    async def queue_facts(self) -> QueueFacts:
        return await self._read(load.queue_facts, self._moment())

    async def backup(self, path: str) -> None:
        await self._readers.outside_transaction(self._database.copy, Path(path))

    async def add_key(self, key: ApiKey) -> None:
        await self._write(lambda connection: keys.add_key(connection, key), locks=lock_keys)

    async def open_session(self, session: ApiKey, *, link: str | None = None) -> bool:
        return await self._write(
            lambda connection: keys.open_session(connection, session, link, self._moment()), locks=lock_keys
        )

    async def find_key(self, key_id: str) -> ApiKey | None:
        return await self._read(keys.find_key, key_id)

    async def list_keys(self) -> tuple[ApiKey, ...]:
        return await self._read(keys.list_keys)

    async def revoke_key(self, key_id: str) -> bool:
        return await self._write(
            lambda connection: keys.revoke_key(connection, key_id, self._moment()), locks=lock_keys
        )

    async def keys_version(self) -> int:
        return await self._read(keys.keys_version)

    def _submit_all(self, connection: Connection, entries: Sequence[Entry]) -> Sequence[Submission | LimnerError]:
        lock_owners(connection, {entry.job.owner for entry in entries})
        engines = {engine_of(model) for entry in entries for model in entry.job.route}
        lock_purses(connection, engines & self._budgets.per_engine.keys())  # all owners spend from those
        return self._intake.submit(connection, entries, self._moment())

    def _keep_all(self, connection: Connection, keeps: Sequence[Keep]) -> Sequence[JobChanged | LimnerError]:
        owners_of([keep.lease.job_id for keep in keeps])(connection)
        return keep_images(connection, keeps, self._moment())

    async def _hide(self, image_ids: Sequence[str]) -> Upkeep:
        return await self._upkeep(lambda connection: expiring.hide(connection, image_ids, self._moment()))

    async def _claim(self, worker: str, free: Mapping[str, int], policy: Policy) -> claiming.Picked:
        try:
            picked = await self._write(
                lambda connection: claiming.claim(connection, worker, free, policy, self._moment), locks=lock_nothing
            )
        except BaseException:
            self._unanswered.add(worker)
            raise
        if picked.skewed:
            await self._recount()
        return picked

    async def _take_up(self, worker: str, held: Collection[Lease], policy: Policy) -> tuple[Claim, ...]:
        """In a transaction of its own: a claim waits for owners, whose transactions may wait for these rows."""
        taken = await self._write(
            lambda connection: claiming.take_up(connection, worker, held, policy, self._moment), locks=share
        )
        self._unanswered.discard(worker)
        return taken

    async def _recount(self) -> None:
        """The next claim that meets such a lane tries again."""
        try:
            await self._write(lambda connection: recount.recount(connection, self._moment()), locks=lock_everybody_soon)
        except Exception:  # what was claimed must reach whoever paints it
            logger.exception("the lanes could not be counted again")


def _left(free: Mapping[str, int], claims: Sequence[Claim]) -> dict[str, int]:
    """The slots that no claim has taken yet."""
    taken = Counter(claim.job.engine for claim in claims)
    return {engine: slots - taken[engine] for engine, slots in free.items() if slots > taken[engine]}
