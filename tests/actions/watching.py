"""Lives of jobs and watchers of them, for tests."""

import asyncio
from collections import Counter

from limner.actions.job_reader import JobReader
from limner.actions.watch_job import Seen, watch_job
from limner.actions.watch_jobs import SeenAt, watch_jobs
from limner.contracts.repository import Requeue
from limner.domain.job import Note
from tests.actions.asking import ANN
from tests.repositories.making import new_image

PATIENCE = 10.0


async def always():
    return True


async def never():
    return False


def watch(job, needs, *, after=None, principal=ANN, holds=always, reader=None, **options):
    reader = reader or JobReader(needs.repository)
    return watch_job(job.id, principal, after=after, reader=reader, notifier=needs.notifier, holds=holds, **options)


def watch_all(needs, *, after=None, principal=ANN, holds=always, **options):
    reader = JobReader(needs.repository)
    return watch_jobs(principal, after=after, reader=reader, notifier=needs.notifier, holds=holds, **options)


async def next_seen(news):
    """The next durable change of a stream."""
    async with asyncio.timeout(PATIENCE):
        while not isinstance(seen := await anext(news), Seen | SeenAt):
            pass
    return seen


async def rest(news):
    """All that a stream still tells, heartbeats left out; fails where it does not end."""
    async with asyncio.timeout(PATIENCE):
        return [seen async for seen in news if seen is not None]


async def publish(needs, *changes):
    needs.notifier.publish(changes)
    return changes[-1]


async def claim_of(needs):
    """The oldest waiting job, in the hands of a worker; watchers are told."""
    claims, changes = await needs.repository.claim("w1", {"painter": 1}, policy=needs.policy)
    needs.notifier.publish(changes)
    return claims[0]


async def keep(needs, claim, ordinal=0, *, finish=False, **facts):
    image = new_image(claim, ordinal, **facts)
    return await publish(needs, await needs.repository.keep_image(claim.lease, image, finish=finish))


async def live(needs, pause):
    """A job of two pictures from claim to end, `pause` awaited between: running, a picture, queued again, running,
    the last picture. Its events are 2 to 6.
    """
    claim = await claim_of(needs)
    await pause()
    await keep(needs, claim, 0, notes=(Note(code="not_understood", detail="I left out: calm."),))
    await pause()
    await publish(needs, await needs.repository.requeue(claim.lease, Requeue()))
    await pause()
    claim = await claim_of(needs)
    await pause()
    await keep(needs, claim, 1, finish=True)


LIFE = ["queued", "running", "running", "queued", "running", "succeeded"]
"""The states that the events of `live` tell."""


class CountingRepository:
    """A repository that counts what it is asked."""

    def __init__(self, repository):
        self.repository = repository
        self.asked = Counter()

    def __getattr__(self, name):
        def counted(*arguments, **options):
            self.asked[name] += 1
            return getattr(self.repository, name)(*arguments, **options)

        return counted
