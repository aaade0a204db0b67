"""Previews of jobs that other processes paint, for those who watch here."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from limner.domain.event import PreviewTick, ProgressTick
from limner.notifiers.faults import Faults

READ_EVERY = 1.0
"""Seconds: nobody writes them oftener."""
AT_ONCE = 8

PreviewOf = Callable[[ProgressTick], Awaitable[PreviewTick | None]]


class PreviewsElsewhere:
    """Reads them beside the changes of rows, which do not wait for a slow storage. A job is asked for when its progress
    moved; of what was asked for during a round, each job is read once.
    """

    def __init__(self, preview_of: PreviewOf, publish: Callable[[list[PreviewTick]], None]) -> None:
        self._preview_of = preview_of
        self._publish = publish
        self._wanted: dict[str, ProgressTick] = {}
        self._asked: asyncio.Event | None = None
        self._told: dict[str, PreviewTick] = {}

    def want(self, ticks: Iterable[ProgressTick]) -> None:
        self._wanted |= {tick.job_id: tick for tick in ticks}
        if self._wanted and self._asked is not None:
            self._asked.set()

    async def run(self) -> None:
        """For ever, in whatever event loop it is begun."""
        self._asked = asked = asyncio.Event()
        faults = Faults("previews of other processes cannot be read; trying on")
        while True:
            await asked.wait()
            asked.clear()
            wanted, self._wanted = self._wanted, {}
            try:
                await self._tell(list(wanted.values()))
                faults.over()
            except Exception as error:  # noqa: BLE001 - without this task no watcher sees others' previews
                faults.note(error)
            await asyncio.sleep(READ_EVERY)

    async def _tell(self, wanted: list[ProgressTick]) -> None:
        """Raises the first fault, once all that could be read is told."""
        found: list[PreviewTick | BaseException | None] = []
        for start in range(0, len(wanted), AT_ONCE):
            some = wanted[start : start + AT_ONCE]
            found += await asyncio.gather(*map(self._preview_of, some), return_exceptions=True)
        previews = [preview for preview in found if isinstance(preview, PreviewTick)]
        self._publish([preview for preview in previews if self._told.get(preview.job_id) != preview])
        self._told = {preview.job_id: preview for preview in previews}
        for fault in found:
            if isinstance(fault, Exception):
                raise fault
