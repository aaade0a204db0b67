"""Carries what was trained from one machine to another, in files of at most 16 MiB.

python -m training.carry pack --pieces DIR      # where it was trained: the averaged networks, in half precision
python -m training.carry unpack --pieces DIR    # where it is exported and evaluated
"""

from __future__ import annotations

import io
from pathlib import Path

import torch

from training.parts import PARTS
from training.pieces import join, split
from training.scale import arguments
from training.train import checkpoint


def main() -> None:
    parser = arguments(__doc__ or "")
    parser.add_argument("do", choices=["pack", "unpack"])
    parser.add_argument("--pieces", type=Path, required=True)
    chosen = parser.parse_args()
    files = {name: checkpoint(chosen.work, chosen.scale, name) for name in PARTS}
    (pack if chosen.do == "pack" else unpack)(files, chosen.pieces)


def pack(files: dict[str, Path], pieces: Path) -> None:
    """Without what only further training needs."""
    trained = {}
    for name, file in files.items():
        kept = torch.load(file, map_location="cpu", weights_only=True)
        averaged = {part: tensor.half() for part, tensor in kept["averaged"].items()}
        trained[name] = {"steps": kept["steps"], "seconds": kept["seconds"], "averaged": averaged}
    stream = io.BytesIO()
    torch.save(trained, stream)
    for file in split(stream.getvalue(), pieces):
        print(f"{file}: {file.stat().st_size:,} bytes")


def unpack(files: dict[str, Path], pieces: Path) -> None:
    for name, kept in torch.load(io.BytesIO(join(pieces)), weights_only=True).items():
        kept["averaged"] = {part: tensor.float() for part, tensor in kept["averaged"].items()}
        torch.save(kept, files[name])
        print(f"{files[name]}: step {kept['steps']}")


if __name__ == "__main__":
    main()
