"""What a caller wants painted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from limner.domain.input import InputReference

JSON_VERSION = 1
"""The "v" of requests kept in rows; older ones are upgraded on read."""

SEED_LIMIT = 2**32
"""Seeds are 0 … 2³² − 1; picture i of a job uses seed + i, modulo this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What came in: None means "you choose". `inputs` are InputReferences as JSON has them."""

    prompt: str
    model: str | None = None
    negative_prompt: str | None = None
    width: int | None = None
    height: int | None = None
    count: int | None = None
    seed: int | None = None
    steps: int | None = None
    guidance: float | None = None
    format: str | None = None
    inputs: Sequence[Mapping[str, Any]] = ()
    strength: float | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    reference: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    priority: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRequest:
    """What will be painted: defaults, model and seed are resolved at submit and never change again. `seeded`: the model takes
    seeds; else nobody is shown the seed.
    """

    prompt: str
    model: str
    width: int
    height: int
    count: int
    seed: int
    format: str
    negative_prompt: str | None = None
    steps: int | None = None
    guidance: float | None = None
    inputs: tuple[InputReference, ...] = ()
    strength: float | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    seeded: bool = True

    def seed_of(self, ordinal: int) -> int:
        """The seed of one picture (ordinals from 0)."""
        return (self.seed + ordinal) % SEED_LIMIT
