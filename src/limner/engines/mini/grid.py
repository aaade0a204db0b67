"""A picture as the model has it: rows of patches, as near to the proportions asked for as their number allows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float32]

CHANNELS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """How patches of `patch` pixels a side lie."""

    columns: int
    rows: int
    patch: int

    @classmethod
    def like(cls, width: int, height: int, *, tokens: int, patch: int) -> Self:
        """In the proportions of width to height, with at most `tokens` patches."""
        columns = max(1, round(math.sqrt(tokens * width / height)))
        return cls(columns=columns, rows=max(1, tokens // columns), patch=patch)

    @property
    def tokens(self) -> int:
        return self.columns * self.rows

    @property
    def depth(self) -> int:
        """How many numbers a patch is."""
        return self.patch * self.patch * CHANNELS

    @property
    def size(self) -> tuple[int, int]:
        """In pixels."""
        return self.columns * self.patch, self.rows * self.patch

    def positions(self) -> Floats:
        """Row and column of each patch, counted from the middle."""
        places = np.indices((self.rows, self.columns)).reshape(2, -1).T
        middle = np.array([self.rows - 1, self.columns - 1]) / 2
        return (places - middle).astype(np.float32)

    def patches(self, picture: Image.Image) -> Floats:
        """The picture, stretched to the grid: values from -1 to 1."""
        pixels = np.asarray(picture.convert("RGB").resize(self.size, Image.Resampling.LANCZOS), np.float32)
        return self.cut(pixels / 127.5 - 1)

    def cut(self, pixels: Floats) -> Floats:
        shaped = pixels.reshape(self.rows, self.patch, self.columns, self.patch, CHANNELS)
        return shaped.transpose(0, 2, 1, 3, 4).reshape(self.tokens, self.depth)

    def join(self, patches: Floats) -> Floats:
        shaped = patches.reshape(self.rows, self.columns, self.patch, self.patch, CHANNELS)
        return shaped.transpose(0, 2, 1, 3, 4).reshape(self.rows * self.patch, self.columns * self.patch, CHANNELS)

    def pixels(self, patches: Floats) -> Floats:
        """Height, width, channels; values from 0 to 1."""
        return (self.join(patches) + np.float32(1)) / np.float32(2)

    def picture(self, patches: Floats) -> Image.Image:
        return picture_of(self.pixels(patches))


def picture_of(pixels: Floats) -> Image.Image:
    """From values between 0 and 1."""
    return Image.fromarray(np.clip(np.rint(pixels * 255), 0, 255).astype(np.uint8))
