"""What is kept of a network on its way: one file a part, and the one before it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from training.scale import Scale, folder

Checkpoint = dict[str, Any]
"""`steps`, `seconds`, `device` and the `averaged` network; to go on, also `model`, `optimiser` and `begun`, the step at
which the optimiser was new."""


def checkpoint(work: Path, scale: Scale, part: str) -> Path:
    return folder(work, scale, "checkpoints") / f"{part}.pt"


def read(file: Path, device: torch.device | str = "cpu") -> Checkpoint:
    kept: Checkpoint = torch.load(file, map_location=device, weights_only=True)
    return kept


def write(file: Path, kept: Checkpoint) -> None:
    """Whole or not at all: a command may be stopped while it writes. What was there before stays as `.previous`."""
    written = file.with_suffix(".new")
    torch.save(kept, written)
    if file.exists():
        previous = file.with_suffix(".previous")
        previous.unlink(missing_ok=True)
        previous.hardlink_to(file)
    written.replace(file)


def can_go_on(kept: Checkpoint) -> bool:
    """With all that it was trained with; what was carried has only what is exported."""
    return "optimiser" in kept
