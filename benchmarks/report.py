"""One line a figure: ours, what it is measured against in the same run, the ratio, floor and aim."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """`judged` is what floor and aim speak of: a ratio, or our own figure."""

    what: str
    ours: float
    baseline: float | None
    judged: float
    floor: float
    aim: float
    smaller: bool = False

    @property
    def verdict(self) -> str:
        if self._reaches(self.aim):
            return "aim"
        return "floor" if self._reaches(self.floor) else "MISSED"

    def _reaches(self, limit: float) -> bool:
        return self.judged <= limit if self.smaller else self.judged >= limit


HEAD = f"{'what':<52}{'ours':>12}{'baseline':>12}{'judged':>10}{'floor':>9}{'aim':>9}  reached"


def line(row: Row) -> str:
    baseline = "" if row.baseline is None else f"{row.baseline:,.2f}"
    return (
        f"{row.what:<52}{row.ours:>12,.2f}{baseline:>12}{row.judged:>10.2f}{row.floor:>9g}{row.aim:>9g}  {row.verdict}"
    )


def show(rows: Iterable[Row]) -> None:
    for row in rows:
        print(line(row), flush=True)
