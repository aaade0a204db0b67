"""Before the wheel is built: the weights are there, are what their manifest says, are trained, and are small enough."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FILES = ("painter.onnx", "upscaler.onnx", "words.npz", "vocabulary.txt")
SOURCES = "sources.json"
MOST_PAINTER = 25 * 10**6
MOST_IN_ALL = 40 * 10**6
ALLOW_TOY = "LIMNER_MINI_ALLOW_TOY"


class CheckWeights(BuildHookInterface):
    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - what the builder hands over
        for fault in faults(Path(self.root) / "limner_mini" / "weights"):
            raise SystemExit(f"limner-mini is not built: {fault}")


def faults(weights: Path) -> list[str]:
    missing = [name for name in ("manifest.json", *FILES, SOURCES) if not (weights / name).is_file()]
    if missing:
        return [f"its weights lack {', '.join(missing)}"]
    try:
        manifest = json.loads((weights / "manifest.json").read_text("utf-8"))
        toy, digests = manifest["toy"], {name: manifest["files"][name]["sha256"] for name in FILES}
    except (ValueError, KeyError, TypeError) as error:
        return [f"manifest.json is not a manifest: {type(error).__name__}: {error}"]
    found = [] if toy is False else _toy()
    for name, digest in digests.items():
        if hashlib.sha256((weights / name).read_bytes()).hexdigest() != digest:
            found.append(f"{name} is not the file that the manifest names")
    return found + _too_large({file.name: file.stat().st_size for file in weights.iterdir()})


def _toy() -> list[str]:
    if os.environ.get(ALLOW_TOY) == "1":
        return []
    return [f"its weights are toys; for a trial, {ALLOW_TOY}=1 builds them all the same"]


def _too_large(sizes: dict[str, int]) -> list[str]:
    found = []
    if sizes["painter.onnx"] > MOST_PAINTER:
        found.append(f"painter.onnx has {sizes['painter.onnx']:,} bytes; at most {MOST_PAINTER:,} are allowed")
    if sum(sizes.values()) > MOST_IN_ALL:
        found.append(f"the weights have {sum(sizes.values()):,} bytes; at most {MOST_IN_ALL:,} are allowed")
    return found
