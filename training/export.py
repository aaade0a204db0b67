"""Writes the folder of weights that the engine loads: two graphs, the table of words, the manifest.

    python -m training.export --version 0.1.0
    python -m training.export --toy
    python -m training.export --untrained    # of full size and without meaning: what it costs can be measured

Beside it lies painter-float.onnx, what the int8 graph is compared with.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from pathlib import Path

import onnx
import torch
from torch import nn

from limner.engines.mini.weights import FILES, FORMAT, MANIFEST, PAINTER, UPSCALER
from training.checkpoints import Checkpoint, checkpoint, read
from training.model import Painter, Upscaler, parameters
from training.quantise import quantised
from training.scale import UPSCALE, WORD_SIZE, WORDS, Scale, arguments, folder

OPSET = 21
MOST_PAINTER = 25 * 10**6
MOST_IN_ALL = 40 * 10**6
FLOAT = "painter-float.onnx"
EXPORTED = ("painter", "upscaler")


def main() -> None:
    parser = arguments(__doc__ or "")
    parser.add_argument("--version", default="0.0.0")
    parser.add_argument("--untrained", action="store_true", help="networks that learned nothing; toys at any scale")
    chosen = parser.parse_args()
    scale, work = chosen.scale, chosen.work
    weights = folder(work, scale, "untrained/weights" if chosen.untrained else "weights")
    painter, upscaler = Painter(scale), Upscaler(scale)
    if chosen.untrained:
        kept = {"painter": untrained(painter), "upscaler": untrained(upscaler)}
    else:
        kept = {part: read(checkpoint(work, scale, part)) for part in EXPORTED}
    write_painter(averaged(painter, kept["painter"]), scale, weights, weights.parent / FLOAT)
    write_upscaler(averaged(upscaler, kept["upscaler"]), weights / UPSCALER)
    for name in ("vocabulary.txt", "words.npz"):
        shutil.copy(work / "words" / name, weights)
    shutil.copy(work / "sources.json", weights)
    write_manifest(weights, scale, version=chosen.version, kept=kept, count=parameters(painter))
    check_sizes(weights)


def untrained(model: nn.Module) -> Checkpoint:
    return {"averaged": model.state_dict(), "steps": 0, "seconds": 0.0, "device": "none"}


def averaged(model: nn.Module, kept: Checkpoint) -> nn.Module:
    model.load_state_dict(kept["averaged"])
    print(f"{type(model).__name__}: {parameters(model):,} parameters, {kept['steps']} steps in {kept['seconds']:.0f} s")
    return model.eval()


def is_toy(scale: Scale, kept: dict[str, Checkpoint]) -> bool:
    """Unless every part was trained at full size, to the end, by enough steps."""
    return scale.name != "full" or not all(
        scale.trained(part, kept[part]["steps"], kept[part]["seconds"]) for part in EXPORTED
    )


def write_painter(model: nn.Module, scale: Scale, weights: Path, unquantised: Path) -> None:
    pictures, patches = torch.export.Dim("pictures", min=1, max=64), torch.export.Dim("patches", min=4, max=1024)
    example = (
        torch.randn(2, scale.tokens, scale.patch_depth),
        torch.randn(2, scale.tokens, 2),
        torch.rand(2),
        torch.randn(2, WORDS, WORD_SIZE),
        torch.ones(2, WORDS),
    )
    shapes = ({0: pictures, 1: patches}, {0: pictures, 1: patches}, {0: pictures}, {0: pictures}, {0: pictures})
    names = ["patches", "positions", "time", "words", "known"]
    graph = _graph(model, example, shapes, names, "clean")
    onnx.save(graph, unquantised)
    onnx.save(quantised(graph), weights / PAINTER)


def write_upscaler(model: nn.Module, file: Path) -> None:
    height, width = torch.export.Dim("height", min=4, max=1024), torch.export.Dim("width", min=4, max=1024)
    graph = _graph(model, (torch.rand(1, 3, 16, 24),), ({2: height, 3: width},), ["small"], "large")
    onnx.save(graph, file)


def _graph(model: nn.Module, example: tuple, shapes: tuple, names: list[str], result: str) -> onnx.ModelProto:
    program = torch.onnx.export(
        model,
        example,
        dynamo=True,
        dynamic_shapes=shapes,
        input_names=names,
        output_names=[result],
        opset_version=OPSET,
        verbose=False,
    )
    return program.model_proto


def write_manifest(weights: Path, scale: Scale, *, version: str, kept: dict[str, Checkpoint], count: int) -> None:
    manifest = {
        "format": FORMAT,
        "name": "limner-mini",
        "version": version,
        "toy": is_toy(scale, kept),
        "architecture": {
            "side": scale.side,
            "patch": scale.patch,
            "words": WORDS,
            "word_size": WORD_SIZE,
            "upscale": UPSCALE,
            "parameters": count,
        },
        "training": {part: {fact: kept[part][fact] for fact in ("steps", "seconds", "device")} for part in EXPORTED},
        "files": {
            name: {
                "bytes": (weights / name).stat().st_size,
                "sha256": hashlib.sha256((weights / name).read_bytes()).hexdigest(),
            }
            for name in FILES
        },
    }
    (weights / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", "utf-8")


def check_sizes(weights: Path) -> None:
    sizes = {file.name: file.stat().st_size for file in sorted(weights.iterdir())}
    for name, size in sizes.items():
        print(f"{name:16} {size:12,} bytes")
    if sizes[PAINTER] > MOST_PAINTER or sum(sizes.values()) > MOST_IN_ALL:
        sys.exit(f"Too large: at most {MOST_PAINTER:,} bytes for {PAINTER} and {MOST_IN_ALL:,} in all.")


if __name__ == "__main__":
    main()
