"""One job's events: every durable change in order and without a gap, progress and previews in between."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass, replace

from limner.actions.find_job import find_job
from limner.actions.job_reader import JobReader
from limner.actions.listener import Holds, Listener
from limner.contracts.notifier import Notifier
from limner.domain.event import JobChanged, JobEvent, PreviewTick, ProgressTick, Signal
from limner.domain.identity import Principal
from limner.domain.job import Job, JobProgress


@dataclass(frozen=True, slots=True)
class Seen:
    """The whole job as it was at `seq`."""

    job: Job
    seq: int


Tick = ProgressTick | PreviewTick


def has_ended(job: Job, after: int | None) -> bool:
    """Whether a watcher that has seen `after` has nothing more to expect."""
    return job.state.final and after is not None and after >= job.event_seq


async def watch_job(
    job_id: str,
    principal: Principal,
    *,
    after: int | None = None,
    reader: JobReader,
    notifier: Notifier,
    holds: Holds,
    heartbeat: float = 15.0,
    previews: bool = True,
) -> AsyncGenerator[Seen | Tick | None, None]:
    """A snapshot, or with `after` every change above it; then live. None: nothing for `heartbeat` seconds.

    Ends after the final event, when the job is deleted, when `holds` says no, and when the notifier closes.
    """
    with notifier.subscribe(job_id=job_id, previews=previews) as subscription:
        listener = Listener(subscription, holds, heartbeat)
        job: Job | None = await find_job(job_id, principal, repository=reader.repository)
        seq = after
        ticks: Iterable[Tick] = ()
        while job is not None:
            for seen in await _news(job, seq, reader):
                yield seen
                seq = seen.seq
            if has_ended(job, seq):
                return
            for tick in ticks:
                yield tick
            signals = await listener.next()
            if signals is None:
                return
            if not signals:
                yield None
            ticks = [signal for signal in signals if not isinstance(signal, JobChanged)]
            job = await _newest(job, signals, reader)


async def _newest(job: Job, signals: Iterable[Signal], reader: JobReader) -> Job | None:
    """The job after these signals. Signals are best effort: after a long silence the row is read all the same."""
    if not signals:
        return await reader.repository.find_job(job.id)
    seq = max((signal.seq for signal in signals if isinstance(signal, JobChanged)), default=0)
    return await reader.job_at(job.id, seq) if seq > job.event_seq else job


async def _news(job: Job, seq: int | None, reader: JobReader) -> list[Seen]:
    """What somebody who has seen `seq` has not; a number that the job has not reached is nobody's."""
    now = Seen(job, job.event_seq)
    if seq is None or seq > job.event_seq:
        return [now]
    if job.event_seq - seq <= 1:
        return [now] if job.event_seq > seq else []
    events = await reader.events_between(job.id, seq, job.event_seq)
    return [*(_as_it_was(job, event) for event in events if event.seq < job.event_seq), now]


def _as_it_was(job: Job, event: JobEvent) -> Seen:
    images = tuple(image for image in job.images if image.seq <= event.seq)
    past = replace(job, **{**event.changes, "event_seq": event.seq, "images": images, "progress": JobProgress()})
    return Seen(past, event.seq)
