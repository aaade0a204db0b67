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

from training.checkpoints import Checkpoint, can_go_on, checkpoint, read, write
from training.model import parameters
from training.parts import PARTS, Part
from training.scale import Scale, arguments

EMA = 0.999
SAVE_EVERY = 60.0


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
        kept = read(self.file, device) if self.file.exists() else None
        self.steps, self.seconds = (0, 0.0) if kept is None else (kept["steps"], kept["seconds"])
        torch.manual_seed(1 + self.steps)
        self.part: Part = PARTS[name](scale, work, device, seed=1 + self.steps)
        self.model = self.part.model.to(device)
        self.averaged = copy.deepcopy(self.model).requires_grad_(False)
        self.optimiser = torch.optim.AdamW(
            self.model.parameters(), scale.learning_rate, betas=(0.9, 0.99), fused=device.type == "cuda"
        )
        self.begun = self.steps
        if kept is not None:
            self._go_on(kept)
        if compiled:
            self.part.model = torch.compile(self.model)

    def _go_on(self, kept: Checkpoint) -> None:
        """From what was carried here, too: from the average, with an optimiser that has to warm up again."""
        self.averaged.load_state_dict(kept["averaged"])
        if can_go_on(kept):
            self.model.load_state_dict(kept["model"])
            self.optimiser.load_state_dict(kept["optimiser"])
            self.begun = kept["begun"]
        else:
            self.model.load_state_dict(kept["averaged"])

    @property
    def whole(self) -> float:
        return self.scale.minutes[self.name] * 60

    def run(self, until: float) -> None:
        print(f"{self.name}: {parameters(self.model):,} parameters, from step {self.steps}", flush=True)
        began, saved = time.monotonic(), time.monotonic()
        before = self.seconds
        while self.seconds < self.whole and time.monotonic() < until:
            loss = self._step()
            self.seconds = before + time.monotonic() - began
            last = self.seconds >= self.whole or time.monotonic() >= until
            if last or time.monotonic() - saved > SAVE_EVERY:
                self._save(loss.item())
                saved = time.monotonic()
        print(f"{self.name}: {self._state()}{memory(self.device)}", flush=True)

    def _state(self) -> str:
        if self.seconds < self.whole:
            return "to be continued"
        if not self.scale.trained(self.name, self.steps, self.seconds):
            return f"too slow here: {self.steps} steps where {self.scale.least_steps[self.name]} are the least; a toy"
        return "trained"

    def _step(self) -> torch.Tensor:
        """The loss; not a number as well where its gradient is none."""
        rate = pace(self.steps - self.begun, self.scale.warm_up, self.seconds / self.whole)
        for group in self.optimiser.param_groups:
            group["lr"] = self.scale.learning_rate * rate
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
            loss = self.part.loss()
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.steps += 1
        self._average(min(EMA, self.steps / (self.steps + 10)))
        return loss.detach() + 0 * norm

    @torch.no_grad()
    def _average(self, kept: float) -> None:
        averaged, current = list(self.averaged.parameters()), list(self.model.parameters())
        torch._foreach_lerp_(averaged, current, 1 - kept)

    def _save(self, loss: float) -> None:
        """Nothing that is ruined: once a step was no number, all that follow are none."""
        print(f"{self.name}: step {self.steps}, {self.seconds:.0f} of {self.whole:.0f} s, loss {loss:.4f}", flush=True)
        if not math.isfinite(loss):
            sys.exit(f"{self.name}: the loss is no number any more; {self.file} is left as it was.")
        write(
            self.file,
            {
                "steps": self.steps,
                "seconds": self.seconds,
                "device": named(self.device),
                "begun": self.begun,
                "model": self.model.state_dict(),
                "averaged": self.averaged.state_dict(),
                "optimiser": self.optimiser.state_dict(),
            },
        )


def pace(steps: int, warm_up: int, done: float) -> float:
    """Of the learning rate: up by steps, whatever they take, then down to a little along a cosine by the clock."""
    return min(1.0, (steps + 1) / warm_up) * (0.05 + 0.95 * (1 + math.cos(math.pi * min(1.0, done))) / 2)


def named(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def memory(device: torch.device) -> str:
    if device.type != "cuda":
        return ""
    return f"; at most {torch.cuda.max_memory_allocated(device) / 2**30:.1f} GiB of its memory at once"


if __name__ == "__main__":
    main()
