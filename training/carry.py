"""Carries what was trained from one machine to another, in files of at most 16 MiB.

python -m training.carry pack --pieces DIR      # where it was trained: the averaged networks, in half precision
python -m training.carry unpack --pieces DIR    # where it is exported and evaluated, or trained on
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

import torch

from training.checkpoints import can_go_on, checkpoint, read, write
from training.parts import PARTS
from training.pieces import join, split
from training.scale import arguments


def main() -> None:
    parser = arguments(__doc__ or "")
    parser.add_argument("do", choices=["pack", "unpack"])
    parser.add_argument("--pieces", type=Path, required=True)
    chosen = parser.parse_args()
    files = {name: checkpoint(chosen.work, chosen.scale, name) for name in PARTS}
    (pack if chosen.do == "pack" else unpack)(files, chosen.pieces)


def pack(files: dict[str, Path], pieces: Path) -> None:
    """The parts that there are, without what only further training needs."""
    trained = {}
    for name, file in files.items():
        if file.exists():
            kept = read(file)
            averaged = {part: tensor.half() for part, tensor in kept["averaged"].items()}
            trained[name] = {fact: kept[fact] for fact in ("steps", "seconds", "device")} | {"averaged": averaged}
    if not trained:
        sys.exit("Nothing was trained yet.")
    stream = io.BytesIO()
    torch.save(trained, stream)
    for file in split(stream.getvalue(), pieces):
        print(f"{file}: {file.stat().st_size:,} bytes")


def unpack(files: dict[str, Path], pieces: Path) -> None:
    """Refuses to replace what knows more: a checkpoint that training can go on from."""
    carried = torch.load(io.BytesIO(join(pieces)), weights_only=True)
    for name in carried:
        if files[name].exists() and can_go_on(read(files[name])):
            sys.exit(f"{files[name]} can still be trained on; move it away to replace it by what was carried.")
    for name, kept in carried.items():
        kept["averaged"] = {part: tensor.float() for part, tensor in kept["averaged"].items()}
        write(files[name], kept)
        print(f"{files[name]}: step {kept['steps']}")


if __name__ == "__main__":
    main()
