"""What each network learns: one step's loss, on pictures that are put together for it."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from limner.engines.mini.grid import Grid
from limner.engines.mini.words import Words
from training import sources
from training.captions import PLACES, TINTS, Captions, Choice, drawn_tint, held_out, withheld
from training.compose import Composer, sent
from training.model import Judge, Painter, Upscaler
from training.scale import FINE, UPSCALE, WORDS, Scale

RATIOS = ((1, 1), (1, 1), (1, 1), (4, 3), (3, 4), (2, 1), (1, 2))
ANYWHEN = 0.07
"""How often any time is as likely as any other."""
LEAST_LEFT = 0.05
"""So near to the end a way left of nothing would make the loss infinite."""


class Part(ABC):
    """A network and what it learns from."""

    model: nn.Module
    composer: Composer

    def __init__(self, scale: Scale, work: Path, device: torch.device, seed: int) -> None:
        self.scale, self.device = scale, device
        self.banks = work / scale.name / "banks"
        self.dice = random.Random(seed)
        self.words = Words.load(work / "words" / "vocabulary.txt", work / "words" / "words.npz", WORDS)

    @abstractmethod
    def loss(self) -> torch.Tensor:
        """Of one batch."""

    def chosen(self, *, kept_back: bool = False) -> list[Choice]:
        """Without what is held out where that is `kept_back`."""
        found: list[Choice] = []
        styles = self.composer.styles
        while len(found) < self.scale.batch:
            concept, style, place = map(self.dice.randrange, (self.composer.concepts, styles, len(PLACES)))
            tint = drawn_tint(self.dice)
            if not (kept_back and (held_out(concept, place) or withheld(concept, style, styles))):
                found.append(Choice(concept, style, place, tint))
        return found

    def read(self, prompts: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
        readings = [self.words.read(prompt) for prompt in prompts]
        pieces = torch.from_numpy(np.stack([reading.pieces for reading in readings]))
        known = torch.from_numpy(np.stack([reading.known for reading in readings]))
        return sent(pieces, self.device), sent(known, self.device)


class PainterPart(Part):
    """Learns to see the picture in a mixture of picture and noise; what counts is the way that is left (v-loss)."""

    def __init__(self, scale: Scale, work: Path, device: torch.device, seed: int) -> None:
        super().__init__(scale, work, device, seed)
        self.model = Painter(scale)
        self.composer = Composer.read(self.banks, "painter", device, shrink=FINE)
        self.captions = Captions.read(self.banks, [source.style for source in sources.of("painter")], seed)
        self._positions: dict[tuple[int, int], torch.Tensor] = {}

    def loss(self) -> torch.Tensor:
        """What is read comes first: the processor writes the next captions while the GPU still learns."""
        grid = Grid.like(*self.dice.choice(RATIOS), tokens=self.scale.tokens, patch=self.scale.patch)
        chosen = self.chosen(kept_back=True)
        words, known = self.read([self.captions.caption(one) for one in chosen])
        clean = patched(self.composer.draw(chosen, grid.size[::-1]), grid)
        noise = torch.randn_like(clean)
        time = self._times(len(clean))
        share = time[:, None, None]
        positions = self._positions_of(grid).expand(len(clean), -1, -1)
        seen = self.model((1 - share) * noise + share * clean, positions, time, words, known)
        return (((seen.float() - clean) / (1 - share).clamp(min=LEAST_LEFT)) ** 2).mean()

    def _times(self, count: int) -> torch.Tensor:
        """Mostly in the middle, where there is most to learn; some anywhere, since each picture begins at 0."""
        middle = torch.sigmoid(torch.randn(count, device=self.device) - 0.4)
        anywhere, dice = torch.rand(2, count, device=self.device)
        return torch.where(dice < ANYWHEN, anywhere, middle)

    def _positions_of(self, grid: Grid) -> torch.Tensor:
        if grid.size not in self._positions:
            self._positions[grid.size] = torch.from_numpy(grid.positions()).to(self.device)
        return self._positions[grid.size]


def patched(pictures: torch.Tensor, grid: Grid) -> torch.Tensor:
    """As `Grid.cut` does it, many at once."""
    shaped = pictures.unflatten(3, (grid.columns, grid.patch)).unflatten(2, (grid.rows, grid.patch))
    return shaped.permute(0, 2, 4, 3, 5, 1).reshape(len(pictures), grid.tokens, grid.depth)


class UpscalerPart(Part):
    """Learns what fine art looks like that was made small."""

    def __init__(self, scale: Scale, work: Path, device: torch.device, seed: int) -> None:
        super().__init__(scale, work, device, seed)
        self.model = Upscaler(scale)
        self.composer = Composer.read(self.banks, "painter", device)

    def loss(self) -> torch.Tensor:
        side = self.scale.side * FINE
        chosen = self.chosen(kept_back=True)[: max(8, self.scale.batch // 8)]
        fine = (self.composer.draw(chosen, (side, side)) + 1) / 2
        small = functional.avg_pool2d(fine, UPSCALE)
        small = (small + torch.randn_like(small) * 0.01).clamp(0, 1)
        return (self.model(small).float() - fine).abs().mean()


class JudgePart(Part):
    """Learns from art that the painter never sees."""

    def __init__(self, scale: Scale, work: Path, device: torch.device, seed: int) -> None:
        super().__init__(scale, work, device, seed)
        self.composer = Composer.read(self.banks, "judge", device, shrink=FINE)
        self.model = Judge(self.composer.concepts, len(PLACES), len(TINTS))
        self.captions = Captions.read(self.banks, ["" for _ in sources.of("judge")], seed)

    def loss(self) -> torch.Tensor:
        chosen = self.chosen()
        words, known = self.read([self.captions.plain(one) for one in chosen])
        concepts, _, places, tints = sent(torch.tensor(chosen), self.device).unbind(1)
        features = self.model.features(self.composer.draw(chosen, (self.scale.side,) * 2))
        fits = self.model.fit(features, words, known)
        own = torch.arange(len(concepts), device=self.device)
        return (
            functional.cross_entropy(self.model.concept(features), concepts)
            + functional.cross_entropy(self.model.place(features), places)
            + functional.cross_entropy(self.model.tint(features), tints)
            + functional.cross_entropy(fits, own)
            + functional.cross_entropy(fits.T, own)
        )


PARTS: dict[str, type[Part]] = {"painter": PainterPart, "upscaler": UpscalerPart, "judge": JudgePart}
