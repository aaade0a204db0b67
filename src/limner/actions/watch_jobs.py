"""All of one owner's jobs on one stream: each changed job as it is now, progress and previews in between."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from limner.actions.job_reader import JobReader
from limner.actions.listener import Holds, Listener
from limner.actions.watch_job import Tick
from limner.contracts.notifier import Notifier
from limner.contracts.repository import JobRepository
from limner.domain.event import JobChanged
from limner.domain.identity import Principal
from limner.domain.job import Job, JobState

MOST_UNFINISHED = 200
MOST_RECENT = 20
MOST_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class SeenAt:
    """A job, and the position that the watcher has reached with it.

    Changes are read by the handful, and a watcher that leaves in the middle of one must get all of it again: only
    the last of a handful brings a new position, the others repeat the old one (None where there is none yet).
    """

    job: Job
    position: str | None


async def watch_jobs(
    principal: Principal,
    *,
    after: str | None = None,
    reader: JobReader,
    notifier: Notifier,
    holds: Holds,
    heartbeat: float = 15.0,
    previews: bool = True,
) -> AsyncGenerator[SeenAt | Tick | None, None]:
    """A snapshot of what is unfinished or recent, or with `after` what changed since; then live.

    None: nothing for `heartbeat` seconds. Ends when `holds` says no and when the notifier closes.
    """
    owner, repository = principal.user_id, reader.repository
    with notifier.subscribe(owner=owner, previews=previews) as subscription:
        listener = Listener(subscription, holds, heartbeat)
        changed = after is not None
        position = after
        if position is None:
            _, position = await repository.changes_after(None, owner=owner)
            for seen in _handful(await _snapshot(owner, repository), None, position):
                yield seen
        while True:
            while changed:
                jobs, reached, changed = await _changes(owner, position, reader)
                for seen in _handful(jobs, position, reached):
                    yield seen
                position = reached
            signals = await listener.next()
            if signals is None:
                return
            if not signals:
                yield None
            # Signals are best effort: after a long silence the rows are read all the same.
            changed = not signals or any(isinstance(signal, JobChanged) for signal in signals)
            for signal in signals:
                if not isinstance(signal, JobChanged):
                    yield signal


def _handful(jobs: Sequence[Job], position: str | None, reached: str) -> list[SeenAt]:
    last = len(jobs) - 1
    return [SeenAt(job, reached if index == last else position) for index, job in enumerate(jobs)]


async def _snapshot(owner: str, repository: JobRepository) -> list[Job]:
    """Oldest first, so that the newest is told last."""
    jobs: dict[str, Job] = {}
    for state, limit in ((JobState.QUEUED, MOST_UNFINISHED), (JobState.RUNNING, MOST_UNFINISHED), (None, MOST_RECENT)):
        page = await repository.page_of_jobs(owner, state=state, reference=None, before=None, limit=limit)
        jobs |= {job.id: job for job in page}
    return [jobs[job_id] for job_id in sorted(jobs)]


async def _changes(owner: str, position: str, reader: JobReader) -> tuple[list[Job], str, bool]:
    """Each job that changed, once; the position reached; whether there may be more."""
    changes, reached = await reader.repository.changes_after(position, owner=owner, limit=MOST_AT_ONCE)
    newest: dict[str, int] = {}
    for change in changes:
        newest.pop(change.job_id, None)
        newest[change.job_id] = change.seq
    found = [await reader.job_at(job_id, seq) for job_id, seq in newest.items()]
    return [job for job in found if job is not None], reached, len(changes) >= MOST_AT_ONCE
