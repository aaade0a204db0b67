"""A model that several engines can paint, in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from limner.domain.errors import BudgetExhausted, EngineFailed, OutOfMoney, RateLimited, Unauthorised
from limner.domain.job import Note

OnRefusal = Literal["fail", "next"]

WHY = {
    RateLimited.code: "is rate limited",
    OutOfMoney.code: "is out of credit",
    Unauthorised.code: "refuses our key",
    BudgetExhausted.code: "is over its budget",
    EngineFailed.code: "has trouble",
    "refused_by_policy": "refused it",
    "bad_parameter": "did not take it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """`models` are `engine` or `engine/model`, the first one preferred. `on_refusal`: what a refusal of one means."""

    models: tuple[str, ...]
    on_refusal: OnRefusal = "fail"


def engine_of(model: str) -> str:
    """The configured engine in `engine` or `engine/model`."""
    return model.partition("/")[0]


def next_on_route(index: int, length: int, seconds_blocked: Callable[[int], float], patience: float) -> int | None:
    """The place behind `index` whose engine can be asked first; of those that can soon, the earliest. None: no more."""

    def wait(place: int) -> tuple[float, int]:
        return max(0.0, seconds_blocked(place) - patience), place

    return min(range(index + 1, length), key=wait, default=None)


def fallback_note(route: Sequence[str], before: int, after: int, code: str) -> Note:
    """What a person is told when the next engine takes over; `code` is the reason."""
    why = WHY.get(code, "could not paint it")
    return Note(code="fallback", detail=f"{route[after]} took over: {route[before]} {why}.")
