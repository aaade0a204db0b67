"""Soft randomness as arrays: clouds, paper, ripples."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from limner.engines.painter.dice import Dice

Field = NDArray[np.floating[Any]]
"""Rows × columns of floats."""


def enlarged(field: Field, rows: int, columns: int) -> Field:
    """Smoothly resized."""
    picture = Image.fromarray(np.ascontiguousarray(field)).resize((columns, rows), Image.Resampling.BICUBIC)
    return np.asarray(picture, dtype=np.float32)


def layered(dice: Dice, size: tuple[int, int], cell: tuple[float, float], octaves: int = 4) -> Field:
    """Fractal noise of about 0…1. `size` and `cell` (the widest detail) are rows and columns."""
    rows, columns = size
    total: Field = np.zeros(size, dtype=np.float32)
    weight, reach = 1.0, 0.0
    for octave in range(octaves):
        down = max(2, min(rows, round(rows / cell[0] * 2**octave) + 2))
        across = max(2, min(columns, round(columns / cell[1] * 2**octave) + 2))
        total += weight * enlarged(dice.grid(down, across), rows, columns)
        reach += weight
        weight *= 0.5
    return total / np.float32(reach)


def smooth(field: Field, low: float | Field, high: float | Field) -> Field:
    """0 below `low`, 1 above `high`, an easy slope between."""
    share: Field = np.clip((field - low) / (high - low), 0, 1)
    return share * share * (3 - 2 * share)
