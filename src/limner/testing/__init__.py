"""What ships for tests: of engines and storages, and of applications that hold Limner. Loaded when first used."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from limner.testing.engine_suite import EngineSuite
    from limner.testing.instant import InstantEngine
    from limner.testing.ledger import LedgerEngine
    from limner.testing.recorded import RecordedEngine
    from limner.testing.services import DeepAIService, FalService, OpenAIService, ReplicateService
    from limner.testing.storage_suite import StorageSuite
    from limner.testing.tasks import paint_task

__all__ = [
    "DeepAIService",
    "EngineSuite",
    "FalService",
    "InstantEngine",
    "LedgerEngine",
    "OpenAIService",
    "RecordedEngine",
    "ReplicateService",
    "StorageSuite",
    "paint_task",
]

_HOMES = {
    "DeepAIService": "services",
    "EngineSuite": "engine_suite",
    "FalService": "services",
    "InstantEngine": "instant",
    "LedgerEngine": "ledger",
    "OpenAIService": "services",
    "RecordedEngine": "recorded",
    "ReplicateService": "services",
    "StorageSuite": "storage_suite",
    "paint_task": "tasks",
}


def __getattr__(name: str) -> Any:
    # The suites need pytest, which an application that only paints does not have.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
