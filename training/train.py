"""Trains the three networks, each for its minutes, and goes on where it was stopped.

python -m training.train                                  # all parts, to the end
python -m training.train --part painter --minutes 9       # a command's share; say it again until it says "trained"
python -m training.train --toy
"""

from __future__ import annotations

import copy
import math
import os
import sys
import time
from pathlib import Path

import torch

from training.model import parameters
from training.parts import PARTS, Part
from training.scale import Scale, arguments, folder

EMA = 0.999
SAVE_EVERY = 60.0
WARM_UP = 0.03


def main() -> None:
    parser = arguments(__doc__ or "")
    parser.add_argument("--part", choices=[*PARTS, "all"], default="all")
    parser.add_argument("--minutes", type=float, default=math.inf, help="at most, in this command")
    parser.add_argument("--compile", action="store_true", help="torch.compile: slow to begin, then faster on a GPU")
    chosen = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    # Two threads that wait for each other stand still while something else has one of two cores.
    torch.set_num_threads(max(1, (os.cpu_count() or 1) - 1))
    until = time.monotonic() + chosen.minutes * 60
    for name in PARTS if chosen.part == "all" else [chosen.part]:
        Training(name, chosen.scale, chosen.work, device, compiled=chosen.compile).run(until)


class Training:
    """One network on its way, with all that has to be kept to go on."""

    def __init__(self, name: str, scale: Scale, work: Path, device: torch.device, *, compiled: bool) -> None:
        self.name, self.scale, self.device = name, scale, device
        self.file = checkpoint(work, scale, name)
        self.steps, self.seconds = 0, 0.0
        kept = torch.load(self.file, map_location=device, weights_only=True) if self.file.exists() else None
        torch.manual_seed(1 if kept is None else kept["steps"])
        self.part: Part = PARTS[name](scale, work, device, seed=1 if kept is None else kept["steps"])
        self.model = self.part.model.to(device)
        self.averaged = copy.deepcopy(self.model).requires_grad_(False)
        self.optimiser = torch.optim.AdamW(self.model.parameters(), scale.learning_rate, betas=(0.9, 0.99))
        if kept is not None and "optimiser" not in kept:
            sys.exit(f"{self.file} was carried here to be exported; train where it came from.")
        if kept is not None:
            self.steps, self.seconds = kept["steps"], kept["seconds"]
            self.model.load_state_dict(kept["model"])
            self.averaged.load_state_dict(kept["averaged"])
            self.optimiser.load_state_dict(kept["optimiser"])
        if compiled:
            self.part.model = torch.compile(self.model)

    @property
    def whole(self) -> float:
        return self.scale.minutes[self.name] * 60

    def run(self, until: float) -> None:
        print(f"{self.name}: {parameters(self.model):,} parameters, from step {self.steps}", flush=True)
        began, saved, loss = time.monotonic(), time.monotonic(), math.nan
        before = self.seconds
        while self.seconds < self.whole and time.monotonic() < until:
            loss = self._step(loss)
            self.seconds = before + time.monotonic() - began
            if time.monotonic() - saved > SAVE_EVERY:
                self._save()
                saved = time.monotonic()
        self._save()
        state = "trained" if self.seconds >= self.whole else "to be continued"
        print(f"{self.name}: step {self.steps}, {self.seconds:.0f} of {self.whole:.0f} s, loss {loss:.4f}, {state}")

    def _step(self, last: float) -> float:
        for group in self.optimiser.param_groups:
            group["lr"] = self.scale.learning_rate * pace(self.seconds / self.whole)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
            loss = self.part.loss()
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.steps += 1
        self._average(min(EMA, self.steps / (self.steps + 10)))
        # Asking for the number waits for the GPU; now and then is enough.
        return loss.item() if self.steps % 20 == 1 else last

    @torch.no_grad()
    def _average(self, kept: float) -> None:
        averaged, current = list(self.averaged.parameters()), list(self.model.parameters())
        torch._foreach_lerp_(averaged, current, 1 - kept)

    def _save(self) -> None:
        """Whole or not at all: a command may be stopped while it writes."""
        written = self.file.with_suffix(".new")
        torch.save(
            {
                "steps": self.steps,
                "seconds": self.seconds,
                "model": self.model.state_dict(),
                "averaged": self.averaged.state_dict(),
                "optimiser": self.optimiser.state_dict(),
            },
            written,
        )
        written.replace(self.file)


def pace(done: float) -> float:
    """Of the learning rate: up quickly, then down to a little along a cosine."""
    return min(1.0, done / WARM_UP + 0.05) * (0.05 + 0.95 * (1 + math.cos(math.pi * min(1.0, done))) / 2)


def checkpoint(work: Path, scale: Scale, name: str) -> Path:
    return folder(work, scale, "checkpoints") / f"{name}.pt"


if __name__ == "__main__":
    main()
