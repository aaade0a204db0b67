"""Another process at the same database: paints the oldest job of engine `painter`, and says on stdout when each
step is committed. Reads one line before each step.
"""

import asyncio
import sys
import time
from pathlib import Path

from limner.domain.event import ProgressTick
from tests.repositories.making import claimed, new_image, opened


def told(step):
    print(step, time.time(), flush=True)
    sys.stdin.readline()


async def paint(path):
    async with opened(path) as repository:
        told("open")
        (claim,) = await claimed(repository, worker="elsewhere")
        told("claimed")
        tick = ProgressTick(job_id=claim.job.id, owner=claim.job.owner, fraction=0.5, step=4, steps=8)
        await repository.save_progress([tick])
        told("painting")
        await repository.keep_image(claim.lease, new_image(claim), finish=True)
        told("finished")


if __name__ == "__main__":
    asyncio.run(paint(Path(sys.argv[1]) if sys.argv[1].startswith("/") else sys.argv[1]))
