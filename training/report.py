"""The figures of an evaluation as tables for a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def tables(figures: Mapping[str, Any]) -> str:
    """What is measured once makes a list; what is measured of several kinds, a table with a row a kind."""
    once = {name: value for name, value in figures.items() if not isinstance(value, Mapping)}
    parts = [_rows(once)] + [
        f"**{name}**\n\n{_table(value) if _is_table(value) else _rows(value)}"
        for name, value in figures.items()
        if isinstance(value, Mapping)
    ]
    return "\n\n".join(parts) + "\n"


def _is_table(values: Mapping[str, Any]) -> bool:
    return all(isinstance(value, Mapping) for value in values.values())


def _rows(values: Mapping[str, Any]) -> str:
    return "| | |\n|---|---|\n" + "\n".join(f"| {name} | {_shown(value)} |" for name, value in values.items())


def _table(kinds: Mapping[str, Mapping[str, Any]]) -> str:
    columns = list(next(iter(kinds.values())))
    head = f"| | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}\n"
    rows = (f"| {kind} | {' | '.join(_shown(values[one]) for one in columns)} |" for kind, values in kinds.items())
    return head + "\n".join(rows)


def _shown(value: Any) -> str:
    if not isinstance(value, float):
        return f"{value:,}" if isinstance(value, int) else str(value)
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}"
