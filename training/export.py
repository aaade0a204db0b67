"""Writes the folder of weights that the engine loads: two graphs, the table of words, the manifest.

    python -m training.export --version 0.1.0
    python -m training.export --toy

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
from training.model import Painter, Upscaler, parameters
from training.quantise import quantised
from training.scale import UPSCALE, WORD_SIZE, WORDS, Scale, arguments, folder
from training.train import checkpoint

OPSET = 21
MOST_PAINTER = 25 * 10**6
MOST_IN_ALL = 40 * 10**6
FLOAT = "painter-float.onnx"


def main() -> None:
    parser = arguments(__doc__ or "")
    parser.add_argument("--version", default="0.0.0")
    chosen = parser.parse_args()
    scale, work = chosen.scale, chosen.work
    weights = folder(work, scale, "weights")
    painter, trained = averaged(Painter(scale), work, scale, "painter")
    write_painter(painter, scale, weights, weights.parent / FLOAT)
    write_upscaler(averaged(Upscaler(scale), work, scale, "upscaler")[0], weights / UPSCALER)
    for name in ("vocabulary.txt", "words.npz"):
        shutil.copy(work / "words" / name, weights)
    shutil.copy(work / "sources.json", weights)
    toy = scale.name != "full" or not trained
    write_manifest(weights, scale, version=chosen.version, toy=toy, count=parameters(painter))
    check_sizes(weights)


def averaged(model: nn.Module, work: Path, scale: Scale, name: str) -> tuple[nn.Module, bool]:
    """The network, and whether it was trained to the end."""
    kept = torch.load(checkpoint(work, scale, name), map_location="cpu", weights_only=True)
    model.load_state_dict(kept["averaged"])
    print(f"{name}: {parameters(model):,} parameters, {kept['steps']} steps in {kept['seconds']:.0f} s")
    return model.eval(), kept["seconds"] >= scale.minutes[name] * 60


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


def write_manifest(weights: Path, scale: Scale, *, version: str, toy: bool, count: int) -> None:
    manifest = {
        "format": FORMAT,
        "name": "limner-mini",
        "version": version,
        "toy": toy,
        "architecture": {
            "side": scale.side,
            "patch": scale.patch,
            "words": WORDS,
            "word_size": WORD_SIZE,
            "upscale": UPSCALE,
            "parameters": count,
        },
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
