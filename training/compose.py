"""Pictures for learning, put together where they are learned from: a thing of a bank, anywhere, at a place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
import torch
from torch.nn import functional

from training import sources
from training.captions import PLACES, TINTS, Choice

HORIZON = 0.25
JITTER = 0.06
ALIASES = 0.6
"""Things made smaller than this are taken from half-size copies: sampling looks at four pixels, and would skip some."""


def sent(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    """To the device, without waiting for a GPU to be done with what it does."""
    if device.type != "cuda":
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)


class Composer:
    """`bank` holds, style by style, every concept: premultiplied colours and opacity, channels first, from 0 to 1."""

    def __init__(self, bank: torch.Tensor, device: torch.device) -> None:
        self.bank = bank.to(device)
        self.device = device
        colours = torch.tensor([[place.top, place.bottom, place.ground or place.bottom] for place in PLACES])
        self._colours = colours.to(device)
        self._lightness = torch.tensor([0.3, 0.59, 0.11], device=device)[:, None, None]
        tints = [colour or (0.0, 0.0, 0.0) for colour in TINTS.values()]
        self._tints = torch.tensor(tints, device=device)
        self._grounded = torch.tensor([place.ground is not None for place in PLACES], device=device)

    @classmethod
    def read(cls, banks: Path, use: str, device: torch.device, *, shrink: int = 1) -> Self:
        """All art of a use; `shrink` times smaller than it was drawn."""
        arrays = [np.load(banks / f"{use}-{source.file}.npy") for source in sources.of(use)]
        bank = torch.from_numpy(np.stack(arrays)).permute(0, 1, 4, 2, 3)
        if shrink > 1:
            small = [functional.avg_pool2d(style.float(), shrink).round().to(torch.uint8) for style in bank]
            bank = torch.stack(small)
        return cls(bank, device)

    @property
    def styles(self) -> int:
        return self.bank.shape[0]

    @property
    def concepts(self) -> int:
        return self.bank.shape[1]

    def draw(self, chosen: Sequence[Choice], size: tuple[int, int]) -> torch.Tensor:
        """Pictures of height and width `size`, values from -1 to 1."""
        concepts, styles, places, tints = sent(torch.tensor(chosen), self.device).unbind(1)
        things = self._tinted(self.bank[styles, concepts].float() / 255, tints)
        scale = self._dice(len(chosen), 0.6, 0.95)
        grid = self._placing(scale, size)
        placed = torch.where(
            (scale * min(size) / self.bank.shape[-1] < ALIASES)[:, None, None, None],
            functional.grid_sample(functional.avg_pool2d(things, 2), grid, align_corners=False),
            functional.grid_sample(things, grid, align_corners=False),
        )
        background = self._background(places, size)
        return (placed[:, :3] + background * (1 - placed[:, 3:])) * 2 - 1

    def _tinted(self, things: torch.Tensor, tints: torch.Tensor) -> torch.Tensor:
        """As light and dark as they were, in one colour; those of the first tint as they were."""
        colours, opacity = things[:, :3], things[:, 3:]
        light = (colours * self._lightness).sum(1, keepdim=True) / opacity.clamp(min=1 / 255)
        tint = self._tints[tints][..., None, None]
        toned = torch.where(light < 0.5, tint * 2 * light, tint + (1 - tint) * (2 * light - 1)) * opacity
        return torch.cat([torch.where((tints > 0)[:, None, None, None], toned, colours), opacity], 1)

    def _dice(self, count: int, low: float, high: float) -> torch.Tensor:
        return torch.rand(count, device=self.device) * (high - low) + low

    def _placing(self, scale: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
        """Anywhere where the whole thing is seen, now and then mirrored; `scale` is its share of the shorter side."""
        count = len(scale)
        tall, wide = (side / min(size) for side in size)
        mirrored = (self._dice(count, 0, 1) < 0.3).float() * -2 + 1
        theta = torch.zeros(count, 2, 3, device=self.device)
        theta[:, 0, 0] = wide / scale * mirrored
        theta[:, 1, 1] = tall / scale
        theta[:, 0, 2] = self._dice(count, -1, 1) * (wide - scale) / scale
        theta[:, 1, 2] = self._dice(count, -1, 1) * (tall - scale) / scale
        return functional.affine_grid(theta, [count, 4, *size], align_corners=False)

    def _background(self, places: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
        jitter = (torch.rand(len(places), 3, 3, device=self.device) - 0.5) * JITTER
        top, bottom, ground = (self._colours[places] + jitter).clamp(0, 1)[..., None, None].unbind(1)
        down = torch.linspace(0, 1, size[0], device=self.device)[None, None, :, None]
        sky = top + (bottom - top) * down
        horizon = 0.5 + HORIZON * torch.rand(len(places), 1, 1, 1, device=self.device)
        below = (down > horizon) & self._grounded[places][:, None, None, None]
        return torch.where(below, ground, sky).expand(-1, -1, -1, size[1])
