"""Chance that is the same in every process: everything random in a picture comes from its seed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Item = TypeVar("Item")

_MASK = 2**64 - 1


class Dice:
    """A stream of random numbers (splitmix64). Streams of other names do not disturb each other."""

    def __init__(self, seed: int) -> None:
        self._seed = seed & _MASK
        self._state = self._seed

    def named(self, name: str) -> Dice:
        """An own stream for one part of the picture."""
        digest = hashlib.blake2b(name.encode(), digest_size=8, salt=self._seed.to_bytes(8, "little")).digest()
        return Dice(int.from_bytes(digest, "little"))

    def bits(self) -> int:
        """64 random bits."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        mixed = self._state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        return mixed ^ (mixed >> 31)

    def unit(self) -> float:
        """From 0 up to 1."""
        return self.bits() / 2**64

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * self.unit()

    def whole(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return low + self.bits() % (high - low + 1)

    def chance(self, share: float) -> bool:
        return self.unit() < share

    def pick(self, items: Sequence[Item]) -> Item:
        return items[self.bits() % len(items)]

    def shuffled(self, items: Sequence[Item]) -> list[Item]:
        keyed = sorted((self.bits(), at) for at in range(len(items)))
        return [items[at] for _, at in keyed]

    def side(self) -> int:
        """-1 (left) or 1 (right)."""
        return 1 if self.chance(0.5) else -1

    def grid(self, rows: int, columns: int) -> NDArray[np.float32]:
        """Uniform noise 0…1."""
        generator = np.random.Generator(np.random.PCG64(self.bits()))
        return generator.random((rows, columns), dtype=np.float32)
