"""Limner paints pictures from words, in the background.

Start with `limner.Limner`; write an engine with `limner.Engine`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from limner._version import __version__

if TYPE_CHECKING:
    from limner.contracts.engine import Engine as Engine
    from limner.contracts.engine import Painted as Painted
    from limner.contracts.engine import PaintTask as PaintTask
    from limner.contracts.engine import Progress as Progress
    from limner.contracts.engine import Submitted as Submitted
    from limner.contracts.engine import Submitting as Submitting
    from limner.domain.capabilities import Capabilities as Capabilities
    from limner.domain.errors import EngineError as EngineError
    from limner.domain.errors import InvalidRequest as InvalidRequest
    from limner.domain.errors import LimnerError as LimnerError
    from limner.domain.errors import Refused as Refused
    from limner.domain.identity import Scope as Scope
    from limner.domain.image import Image as Image
    from limner.domain.input import Input as Input
    from limner.domain.input import InputLimits as InputLimits
    from limner.domain.job import Job as Job
    from limner.domain.job import JobState as JobState
    from limner.domain.job import Note as Note
    from limner.domain.request import Ask as Ask
    from limner.library import Limner as Limner
    from limner.library import Picture as Picture

_HOMES = {
    "Ask": "limner.domain.request",
    "Capabilities": "limner.domain.capabilities",
    "Engine": "limner.contracts.engine",
    "EngineError": "limner.domain.errors",
    "Image": "limner.domain.image",
    "Input": "limner.domain.input",
    "InputLimits": "limner.domain.input",
    "InvalidRequest": "limner.domain.errors",
    "Job": "limner.domain.job",
    "JobState": "limner.domain.job",
    "Limner": "limner.library",
    "LimnerError": "limner.domain.errors",
    "Note": "limner.domain.job",
    "PaintTask": "limner.contracts.engine",
    "Painted": "limner.contracts.engine",
    "Picture": "limner.library",
    "Progress": "limner.contracts.engine",
    "Refused": "limner.domain.errors",
    "Scope": "limner.domain.identity",
    "Submitted": "limner.contracts.engine",
    "Submitting": "limner.contracts.engine",
}

__all__ = ["__version__", *_HOMES]  # noqa: PLE0604 - the names of the table


def __getattr__(name: str) -> Any:
    """Names are loaded when they are used: `import limner` costs nothing (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'limner' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
