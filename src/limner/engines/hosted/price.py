"""What a picture costs, as the operator says."""

from __future__ import annotations

from collections.abc import Mapping

from limner.domain.request import ImageRequest

Cost = float | Mapping[str, float]
"""The price of a picture, or several: by model, by `option=value`, and `default`."""


class Price:
    """An estimate, in the operator's currency. Raises ValueError for what is no price."""

    def __init__(self, cost: Cost | None) -> None:
        table = cost if isinstance(cost, Mapping) else {} if cost is None else {"default": cost}
        for name, price in table.items():
            if isinstance(price, bool) or not isinstance(price, int | float) or not 0 <= price < float("inf"):
                raise ValueError(f"cost is {price!r} for {name}; it must be a number from 0 up")
        self._table = table

    @property
    def free(self) -> bool:
        """Whether the operator says that nothing is charged."""
        return bool(self._table) and not any(self._table.values())

    def of(self, request: ImageRequest, model: str, pictures: int) -> float | None:
        """Of the prices that fit, the dearest: an estimate should not be too low. None where none is known."""
        options = {f"{name}={value}" for name, value in request.options.items()}
        fitting = [price for name, price in self._table.items() if name in options or name == model]
        if not fitting and "default" in self._table:
            fitting = [self._table["default"]]
        return round(max(fitting) * pictures, 6) if fitting else None
