"""A real repository and storage, and what taking uploads and submitting need around them."""

from contextlib import asynccontextmanager

from limner.actions.add_input import InputNeeds, add_input
from limner.actions.models import Models
from limner.codecs.pillow import PillowCodec
from limner.domain.input import InputLimits
from limner.domain.policy import Policy
from limner.storages.folder import FolderStorage
from limner.testing.instant import checkerboard
from tests.actions.asking import Easel, studio

TAKES = {"inputs": {"image": InputLimits(max_count=3, max_side=256), "mask": InputLimits()}, "strength": (0.0, 1.0)}


class Darkroom:
    """`submit` are the needs of submitting, `input` those of uploads."""

    def __init__(self, submit, storage, policy):
        self.submit, self.storage, self.repository = submit, storage, submit.repository
        self.input = InputNeeds(
            repository=self.repository, storage=storage, codec=PillowCodec(), policy=policy, free_space=lambda: 2**40
        )

    async def upload(self, width=64, height=48, *, owner="ann", seed=1):
        return await add_input(checkerboard(width, height, seed), owner, needs=self.input)

    async def keys(self):
        return sorted([stored.key async for stored in self.storage.list()])


@asynccontextmanager
async def darkroom(folder, *hooks, policy=None):
    storage = FolderStorage(f"file://{folder}/images")
    await storage.open()
    models = Models({"painter": Easel(**TAKES)}, default="painter")
    async with studio(folder / "limner.db", *hooks, models=models) as needs:
        yield Darkroom(needs, storage, policy or Policy())
    await storage.close()
