"""A process that submits and works without end, or `sys.argv[2]` times; each acknowledged id is a line of its output."""

import asyncio
import itertools
import os
import sys
from pathlib import Path

from limner.repositories.sql import writer
from tests.repositories.making import POLICY, claimed, new_image, opened, submitted

writer.CHECKPOINT_PAGES = 20
writer.FIRST_CHECKPOINT = 2


async def act(repository, turns):
    for turn in turns:
        job = await submitted(repository, owner=f"u{os.getpid()}-{turn % 7}", policy=POLICY)
        os.write(1, f"{job.id}\n".encode())
        for claim in await claimed(repository, worker=f"w{os.getpid()}", slots=2):
            if turn % 3:
                await repository.keep_image(claim.lease, new_image(claim), finish=True)


async def main():
    turns = itertools.count() if len(sys.argv) < 3 else iter(range(int(sys.argv[2])))
    async with opened(Path(sys.argv[1])) as repository:
        os.write(1, b"ready\n")
        await asyncio.gather(*(act(repository, turns) for _ in range(8)))


asyncio.run(main())
