"""One picture on its way from noise: what the model is asked next, and what its answer makes of the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from limner.engines.mini.grid import Floats, Grid
from limner.engines.mini.words import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A picture to paint over, as patches. `strength` is how far to leave it; `fresh` is 1 where to paint, None everywhere."""

    patches: Floats
    strength: float
    fresh: Floats | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One row of a batch: how clean is this at that time, under these words?"""

    patches: Floats
    positions: Floats
    time: float
    reading: Reading


class Sketch:
    """The way leads straight from noise (time 0) to the picture (time 1): at time t it is (1 - t) · noise + t · picture.

    The model predicts the picture, so that each prediction can be shown as it is.
    """

    def __init__(
        self,
        *,
        grid: Grid,
        reading: Reading,
        unwanted: Reading,
        guidance: float,
        seed: int,
        steps: int,
        start: Start | None = None,
    ) -> None:
        self.grid = grid
        self._positions = grid.positions()
        self._reading, self._unwanted, self._guidance = reading, unwanted, guidance
        self._noise = np.random.default_rng(seed).standard_normal((grid.tokens, grid.depth), np.float32)
        self._start = start
        strength = 1.0 if start is None else start.strength
        self.steps = max(1, round(steps * strength))
        self._times = np.linspace(1 - strength, 1, self.steps + 1)
        self.step = 0
        self._state = self._noise if start is None else self._between(start.patches, self._times[0])
        self.clean = self._state

    @property
    def finished(self) -> bool:
        return self.step == self.steps

    def questions(self) -> list[Question]:
        """With the prompt, and where guidance is to lead, with what is not wanted."""
        readings = [self._reading] if self._guidance == 1 else [self._reading, self._unwanted]
        time = float(self._times[self.step])
        return [
            Question(patches=self._state, positions=self._positions, time=time, reading=reading) for reading in readings
        ]

    def advance(self, answers: list[Floats]) -> None:
        """One step towards what the model answered to `questions`."""
        wanted, away = answers[0], answers[-1]
        clean = np.clip(away + np.float32(self._guidance) * (wanted - away), -1, 1)
        now, then = self._times[self.step], self._times[self.step + 1]
        self._state = self._state + np.float32((then - now) / (1 - now)) * (clean - self._state)
        if self._start is not None and self._start.fresh is not None:
            kept, fresh = self._start.patches, self._start.fresh
            self._state = fresh * self._state + (1 - fresh) * self._between(kept, then)
            clean = fresh * clean + (1 - fresh) * kept
        self.clean = clean
        self.step += 1

    def _between(self, picture: Floats, time: float) -> Floats:
        return np.float32(1 - time) * self._noise + np.float32(time) * picture
