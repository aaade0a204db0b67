"""The rows of the data folder, for commands that work on them and paint nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from limner.assembly import Assembly
from limner.contracts.repository import Repository
from limner.settings import Settings


@asynccontextmanager
async def open_rows(settings: Settings) -> AsyncIterator[Repository]:
    assembly = Assembly(settings, embedded=True)
    await assembly.start(work=False)
    try:
        yield assembly.repository
    finally:
        await assembly.stop()
