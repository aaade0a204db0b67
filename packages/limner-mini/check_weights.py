"""Before the wheel is built: the weights are there, are what their manifest says, are trained, and are small enough."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

MOST_PAINTER = 25 * 10**6
MOST_IN_ALL = 40 * 10**6
ALLOW_TOY = "LIMNER_MINI_ALLOW_TOY"


class CheckWeights(BuildHookInterface):
    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - what the builder hands over
        weights = Path(self.root) / "limner_mini" / "weights"
        manifest = json.loads((weights / "manifest.json").read_text("utf-8"))
        for fault in faults(weights, manifest):
            raise SystemExit(f"limner-mini is not built: {fault}")


def faults(weights: Path, manifest: dict[str, Any]) -> list[str]:
    found = []
    if manifest["toy"] and os.environ.get(ALLOW_TOY) != "1":
        found.append(f"its weights are toys; for a trial, {ALLOW_TOY}=1 builds them all the same")
    for name, file in manifest["files"].items():
        if hashlib.sha256((weights / name).read_bytes()).hexdigest() != file["sha256"]:
            found.append(f"{name} is not the file that the manifest names")
    sizes = {file.name: file.stat().st_size for file in weights.iterdir()}
    if sizes["painter.onnx"] > MOST_PAINTER:
        found.append(f"painter.onnx has {sizes['painter.onnx']:,} bytes; at most {MOST_PAINTER:,} are allowed")
    if sum(sizes.values()) > MOST_IN_ALL:
        found.append(f"the weights have {sum(sizes.values()):,} bytes; at most {MOST_IN_ALL:,} are allowed")
    return found
