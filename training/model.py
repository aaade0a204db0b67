"""The networks: the painter, the upscaler, and the judge that never sees the painter's art."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional

from training.scale import UPSCALE, WORD_SIZE, WORDS, Scale

TIME_SIZE = 128
POSITION_SIZE = 64


def waves(values: torch.Tensor, size: int, longest: float) -> torch.Tensor:
    """Sines and cosines of each value, from slow to fast."""
    frequencies = torch.exp(torch.linspace(0, 1, size // 2, device=values.device) * -math.log(longest))
    angles = values[..., None] * frequencies
    return torch.cat([angles.sin(), angles.cos()], -1)


class Block(nn.Module):
    """Attention and thought, each scaled, shifted and gated by the time: what all blocks share, and an offset of its own."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.offset = nn.Parameter(torch.zeros(6 * width))
        self.seen = nn.Linear(width, 3 * width)
        self.mixed = nn.Linear(width, width)
        self.thought = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(approximate="tanh"), nn.Linear(4 * width, width)
        )
        nn.init.zeros_(self.mixed.weight)
        nn.init.zeros_(self.thought[2].weight)

    def forward(self, state: torch.Tensor, moment: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        scale, shift, gate, scale_2, shift_2, gate_2 = (moment + self.offset).chunk(6, -1)
        state = state + (1 + gate) * self._attend(normed(state) * (1 + scale) + shift, bias)
        return state + (1 + gate_2) * self.thought(normed(state) * (1 + scale_2) + shift_2)

    def _attend(self, state: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        parts = self.seen(state).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        query, key, value = parts.unbind(0)
        found = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias.to(query.dtype))
        return self.mixed(found.transpose(1, 2).flatten(2))


def normed(state: torch.Tensor) -> torch.Tensor:
    return functional.layer_norm(state, (state.shape[-1],))


class Painter(nn.Module):
    """Predicts the clean picture from a noisy one, patch by patch, with the words beside the patches."""

    def __init__(self, scale: Scale) -> None:
        super().__init__()
        width = scale.width
        self.patch_in = nn.Linear(scale.patch_depth, width)
        self.place_in = nn.Linear(2 * POSITION_SIZE, width)
        self.word_in = nn.Linear(WORD_SIZE, width)
        self.word_place = nn.Parameter(torch.randn(WORDS + 1, width) * 0.02)
        self.time_in = nn.Sequential(nn.Linear(TIME_SIZE, width), nn.SiLU(), nn.Linear(width, 6 * width))
        self.blocks = nn.ModuleList(Block(width, scale.heads) for _ in range(scale.depth))
        self.patch_out = nn.Linear(width, scale.patch_depth)
        nn.init.zeros_(self.patch_out.weight)

    def forward(
        self,
        patches: torch.Tensor,
        positions: torch.Tensor,
        time: torch.Tensor,
        words: torch.Tensor,
        known: torch.Tensor,
    ) -> torch.Tensor:
        """`positions` count patches from the middle; `time` is 0 for noise and 1 for the picture."""
        image = self.patch_in(patches) + self.place_in(waves(positions, POSITION_SIZE, 100).flatten(-2))
        said = functional.pad(self.word_in(words), (0, 0, 1, 0)) + self.word_place
        state = torch.cat([said, image], 1)
        # The first place beside the patches is always there, so that an empty prompt has something to look at.
        there = functional.pad(known, (1, 0), value=1.0)
        bias = functional.pad((there - 1) * 1e4, (0, patches.shape[1]))[:, None, None, :]
        # With an axis for the patches: as a product of three axes it is quantised like the others.
        moment = self.time_in(waves(time[:, None] * 1000, TIME_SIZE, 10000))
        for block in self.blocks:
            state = block(state, moment, bias)
        return self.patch_out(normed(state[:, WORDS + 1 :]))


class Upscaler(nn.Module):
    """What a picture four times as large has beyond the nearest pixels."""

    def __init__(self, scale: Scale) -> None:
        super().__init__()
        width = scale.upscaler_width
        layers: list[nn.Module] = [nn.Conv2d(3, width, 3, padding=1), nn.PReLU(width)]
        for _ in range(scale.upscaler_depth):
            layers += [nn.Conv2d(width, width, 3, padding=1), nn.PReLU(width)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(width, 3 * UPSCALE**2, 3, padding=1), nn.PixelShuffle(UPSCALE))

    def forward(self, small: torch.Tensor) -> torch.Tensor:
        """Values from 0 to 1."""
        return self.layers(small) + functional.interpolate(small, scale_factor=float(UPSCALE), mode="nearest")


class Judge(nn.Module):
    """Names the thing, the place and the tint of a picture, and says which words fit it."""

    def __init__(self, concepts: int, places: int, tints: int, width: int = 32) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for given, made in ((3, width), (width, 2 * width), (2 * width, 4 * width), (4 * width, 8 * width)):
            layers += [nn.Conv2d(given, made, 3, stride=2, padding=1), nn.GroupNorm(8, made), nn.GELU()]
        self.trunk = nn.Sequential(*layers)
        self.concept = nn.Linear(16 * width, concepts)
        self.place = nn.Linear(16 * width, places)
        self.tint = nn.Linear(16 * width, tints)
        self.picture_in = nn.Linear(16 * width, 64)
        self.words_in = nn.Linear(WORD_SIZE, 64)

    def features(self, pictures: torch.Tensor) -> torch.Tensor:
        """Of pictures shrunk to 64 pixels where they are larger: the mean and the most of each map."""
        if pictures.shape[-1] > 64:
            pictures = functional.interpolate(pictures, size=(64, 64), mode="area")
        maps = self.trunk(pictures)
        return torch.cat([maps.mean((2, 3)), maps.amax((2, 3))], 1)

    def fit(self, features: torch.Tensor, words: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
        """How well each picture (row) fits each prompt (column)."""
        meant = (words * known[..., None]).sum(1) / known.sum(1, keepdim=True).clamp(min=1)
        pictures, prompts = self.picture_in(features), self.words_in(meant)
        return 10 * functional.normalize(pictures, dim=-1) @ functional.normalize(prompts, dim=-1).T


def parameters(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())
