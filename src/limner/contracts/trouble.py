"""What all workers know of engines that have trouble."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from limner.domain.engine_state import EngineState
from limner.domain.errors import EngineError
from limner.domain.policy import Policy


class TroubleRepository(Protocol):
    """Pauses and breakers; all raise DatabaseUnavailable where the database does not answer."""

    async def engine_states(self) -> Mapping[str, EngineState]:
        """Trouble on record, by engine, as far as the credentials that are in use have met it."""
        ...

    async def note_trouble(
        self, engine: str, error: EngineError, *, probe: bool, policy: Policy
    ) -> tuple[EngineState, EngineState | None]:
        """The state of the engine now, and the one before."""
        ...

    async def note_recovery(self, engine: str, *, probe: bool) -> None:
        """The engine has painted. While it is blocked, or its account at fault, only the probe's word counts."""
        ...
