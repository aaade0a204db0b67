"""The truth: rows of jobs, calls, images, events, keys. Task-shaped, no generic store.

Every method that changes a job does state, pictures, event and outbox in one durable transaction, and returns what
changed, so that the caller sends signals after the commit. Methods that take a Lease raise LeaseLost, and change
nothing, unless (id, running, epoch) still holds. All raise DatabaseUnavailable where the database does not answer.
Times are the repository's own clock.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from limner.contracts.trouble import TroubleRepository
from limner.contracts.usage import UsageRepository
from limner.domain.event import JobChanged, JobEvent, ProgressTick
from limner.domain.identity import ApiKey
from limner.domain.image import Image
from limner.domain.input import HeldInput, Input, InputReference
from limner.domain.job import Call, Claim, Job, JobError, JobState, Lease, Note
from limner.domain.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Idempotency:
    """The caller's key, and a fingerprint of the body it came with."""

    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """The job that answers a submit; `replayed`: it was there already under the same idempotency key."""

    job: Job
    replayed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewImage:
    """A picture whose bytes are already durable under `key`. `seed` is the one really used, None where the engine takes none."""

    id: str
    ordinal: int
    seed: int | None
    width: int
    height: int
    format: str
    bytes: int
    sha256: str
    color: str
    key: str
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Onward:
    """To a later place of the job's route, where it has `tries` of its own; `note` tells people why."""

    place: int
    note: Note
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Requeue:
    """Back to the queue after a failed try. Counters are what this try adds.

    `delay` None: ready at once. `uncounted`: the attempt is given back.
    `urgent`: before the owner's other jobs, for work that is already paid for. `spent`: first ordinals of calls whose
    handles are of no use any more. `uncharged`: calls that were on their way cost nothing. `onward`: another engine's
    turn.
    """

    delay: timedelta | None = None
    uncounted: bool = False
    urgent: bool = False
    uncharged: bool = False
    onward: Onward | None = None
    crashes: int = 0
    lease_losses: int = 0
    bad_images: int = 0
    ambiguous_calls: int = 0
    paid_bad_outputs: int = 0
    spent: tuple[int, ...] = ()


NOTHING_COUNTED = Requeue()


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """Answer to a heartbeat: the leases that are gone, the jobs whose cancel was asked for."""

    lost: frozenset[Lease]
    cancelled: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepReport:
    """What a sweep changed: signals to publish, engines to nudge, counts by kind for the metrics; `no_turn` is a
    round that others held up.
    """

    changes: tuple[JobChanged, ...] = ()
    engines: frozenset[str] = frozenset()
    counts: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftCall:
    """A call with a handle that nobody waits for: its job ended while no worker had it."""

    job_id: str
    engine: str
    call: Call


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxEntry:
    """A finished job that on_finished hooks have not all heard of."""

    job_id: str
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedBytes:
    """What a row says of bytes in the storage. `sha256` is hex."""

    key: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFacts:
    """The queue as the metrics and Retry-After see it. `drain_rate` is jobs finished a second, over the last minute.
    `blocked` are engines that are paused now, and why, as codes.
    """

    queued: Mapping[str, int]
    running: Mapping[str, int]
    oldest_claimable_at: datetime | None
    drain_rate: float
    blocked: Mapping[str, str] = field(default_factory=dict)


class JobRepository(Protocol):
    """Intake and reading: what the doors need."""

    def now(self) -> datetime:
        """The repository's clock; cheap, no round trip."""
        ...

    async def submit(
        self, job: Job, *, inputs: Sequence[HeldInput] = (), idempotency: Idempotency | None, policy: Policy
    ) -> Submission:
        """Durable when it returns; the job holds its `inputs` for good. Raises TooManyQueued, QueueFull, BudgetExhausted
        (with retry_after), IdempotencyKeyReused, and InvalidRequest for inputs that are gone since they were looked up.
        Processes that let jobs in at the same time may go a little beyond `queued_total`; an owner's limit is exact.
        """
        ...

    async def find_inputs(self, owner: str, references: Sequence[InputReference]) -> tuple[HeldInput | None, ...]:
        """What an owner's uploads and images are, in the order of `references`; None for what is not there. Also what
        only a job still holds, for a submit that is repeated or retried.
        """
        ...

    async def find_job(self, job_id: str) -> Job | None: ...

    async def page_of_jobs(
        self, owner: str, *, state: JobState | None, reference: str | None, before: str | None, limit: int
    ) -> tuple[Job, ...]:
        """Newest first, ids below `before`."""
        ...

    async def events_after(self, job_id: str, seq: int) -> tuple[JobEvent, ...]:
        """The durable events above `seq`, in order; fewer where they were expired."""
        ...

    async def changes_after(
        self, position: str | None, *, owner: str | None = None, limit: int = 1000
    ) -> tuple[tuple[JobChanged, ...], str]:
        """Changes committed after a position, in commit order, and the position reached. None: no changes, the
        position of now. Positions are opaque text; an old or foreign one starts at the oldest kept change. Without an
        `owner`, a foreign one starts a minute ago: so far back a server that takes over from another may have forgotten.
        """
        ...

    async def progress_of(self, job_ids: Collection[str]) -> tuple[ProgressTick, ...]:
        """What running jobs last recorded."""
        ...

    async def cancel(self, job_id: str) -> JobChanged | None:
        """Queued: cancelled now. Running: asked for. Final, absent or already asked: None, nothing changes."""
        ...

    async def delete_job(self, job_id: str) -> tuple[str, ...] | None:
        """Drops a final job with all its rows; returns the storage keys that are now orphans. None: not final."""
        ...

    async def delete_owner(self, owner: str) -> tuple[str, ...]:
        """Revokes an owner's keys of all kinds, cancels and drops all that he has, his usage too; returns the storage keys that
        are now orphans.
        """
        ...


class WorkRepository(Protocol):
    """What a worker needs."""

    async def claim(
        self, worker: str, free: Mapping[str, int], *, policy: Policy, held: Collection[Lease] = ()
    ) -> tuple[tuple[Claim, ...], tuple[JobChanged, ...]]:
        """Up to `free[engine]` jobs of each engine: fair among owners, none above policy.running_per_owner, none of an
        engine that is blocked, and one, the probe, of an engine whose breaker is half open. After a claim whose answer was
        lost, what that one took: all that is in the worker's name beside what it says that it has `held`.
        """
        ...

    async def inputs_of(self, job_id: str) -> tuple[HeldInput, ...]:
        """What a job holds, in the order of its request."""
        ...

    def renew(self, leases: Collection[Lease], *, seconds: float) -> Renewal:
        """Heartbeat. Blocking: called from a thread of its own."""
        ...

    async def cancels_among(self, job_ids: Collection[str]) -> frozenset[str]:
        """Those whose cancel was asked for, and those that are gone."""
        ...

    async def save_progress(self, ticks: Sequence[ProgressTick]) -> None:
        """Lossy; only jobs that still run."""
        ...

    async def open_call(self, lease: Lease, call: Call, *, fail_if_ambiguous: bool) -> None:
        """Commits `submitting`, and the call's cost as spent; what the sweep does should this worker vanish is decided by
        `fail_if_ambiguous`. Raises BudgetExhausted, and changes nothing, where the cost is more than is left.
        """
        ...

    async def hold_handle(self, lease: Lease, call: Call) -> None:
        """Commits `submitted` with the handle."""
        ...

    async def keep_image(self, lease: Lease, image: NewImage, *, finish: bool) -> JobChanged:
        """A picture, its event, its call's `done`; with `finish`, also succeeded. Asked for again because the answer was lost, it
        says what changed then; an ordinal that is there under another key: LeaseLost.
        """
        ...

    async def finish(self, lease: Lease, state: JobState, error: JobError | None, *, counters: Requeue) -> JobChanged:
        """A final state, with what the last try adds to the counters. A cancel that was asked for wins over failed. Calls
        that are open are the worker's to call off.
        """
        ...

    async def requeue(self, lease: Lease, requeue: Requeue) -> JobChanged:
        """Where a cancel was asked for, the job is over as if by `finish`."""
        ...

    async def take_left_calls(self, engines: Collection[str]) -> tuple[LeftCall, ...]:
        """A batch of what jobs of these engines left open that ended while no worker had them. Each is given to one caller
        only.
        """
        ...


class ImageRepository(Protocol):
    """Facts about pictures."""

    async def find_image(self, image_id: str) -> Image | None:
        """Also one that is deleted and can still be restored."""
        ...

    async def page_of_images(self, owner: str, *, before: str | None, limit: int) -> tuple[Image, ...]:
        """Newest first, ids below `before`, deleted ones left out."""
        ...

    async def delete_image(self, image_id: str) -> JobChanged | None: ...

    async def restore_image(self, image_id: str) -> JobChanged | None: ...

    async def named_bytes(self, *, after: str, limit: int) -> tuple[NamedBytes, ...]:
        """Everybody's, in the order of their keys, those above `after`; of deleted pictures, too, until they are purged, and
        of what requests start from.
        """
        ...

    async def known_keys(self, keys: Collection[str]) -> frozenset[str]:
        """Those of `keys` that a row names, of an image, an upload or a job that holds one, or may yet name, because their
        job (the first segment) has not ended.
        """
        ...


class StorageFacts(Protocol):
    """What all processes know of the storage that the rows' pictures are in."""

    async def installation(self) -> str:
        """An id of these rows, made when it is first asked for: whose bytes a storage holds."""
        ...

    async def first_storage(self) -> int | None:
        """The number of the storage that the installation began with."""
        ...

    async def note_first_storage(self, number: int) -> int:
        """The number that was noted first, though others do so at the same moment."""
        ...

    async def begin_collection(self, *, every: float) -> bool:
        """Whether orphans are this process's to collect: one of all processes may begin in so many seconds."""
        ...


class InputRepository(Protocol):
    """Uploaded pictures. The bytes of one go with the last row, of an upload or of a job, that names their key."""

    async def add_input(self, new: Input, *, policy: Policy) -> None:
        """Its bytes are already durable. Raises TooManyInputs."""
        ...

    async def find_input(self, input_id: str) -> Input | None:
        """None for an expired one, too."""
        ...

    async def delete_input(self, input_id: str) -> tuple[str, ...]:
        """The storage keys that are now orphans: none while a job holds it."""
        ...


class MaintenanceRepository(Protocol):
    """What the sweeper and the operator need."""

    async def open(self) -> None:
        """Connects, migrates what is older (SQLite, after a backup copy), refuses what is newer or broken: DatabaseError."""
        ...

    async def close(self) -> None: ...

    async def ping(self) -> None:
        """Raises DatabaseUnavailable."""
        ...

    async def sweep(self, *, policy: Policy, is_dead: Callable[[str], bool]) -> SweepReport:
        """Expired leases, dead local workers (`is_dead` is asked by their names), due delays, passed deadlines, jobs
        that another engine of their route can take sooner.
        """
        ...

    async def expire(self, *, policy: Policy) -> tuple[SweepReport, tuple[str, ...]]:
        """Old events, idempotency keys, sessions, links, settled outbox, purged pictures, unused inputs, retention by age
        and quota; returns a batch of storage keys whose bytes may go. Where there are some, there may be more: call it
        again.
        """
        ...

    async def outbox_due(self, *, limit: int, hold: float) -> tuple[OutboxEntry, ...]:
        """Entries to deliver now, each held for `hold` seconds so that other processes leave them."""
        ...

    async def outbox_done(self, job_id: str) -> None: ...

    async def outbox_failed(self, job_id: str, *, delay: float) -> None: ...

    async def queue_facts(self) -> QueueFacts: ...

    async def backup(self, path: str) -> None:
        """A consistent copy of a running installation's rows."""
        ...


class KeyRepository(Protocol):
    """API keys, and what is kept like them: sessions and links."""

    async def add_key(self, key: ApiKey) -> None: ...

    async def open_session(self, session: ApiKey, *, link: str | None = None) -> bool:
        """Adds a session while its parent holds, or in exchange for `link`, which is gone then. False: the key or link
        does not hold any more, and nothing was added.
        """
        ...

    async def find_key(self, key_id: str) -> ApiKey | None: ...

    async def list_keys(self) -> tuple[ApiKey, ...]: ...

    async def revoke_key(self, key_id: str) -> bool:
        """With the sessions made from it."""
        ...

    async def keys_version(self) -> int:
        """Rises with every change of a key, in any process: caches of keys are valid for one version."""
        ...


class Repository(
    JobRepository,
    WorkRepository,
    ImageRepository,
    StorageFacts,
    InputRepository,
    MaintenanceRepository,
    KeyRepository,
    TroubleRepository,
    UsageRepository,
    Protocol,
):
    """All of it, as one database gives it."""
