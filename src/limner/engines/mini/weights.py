"""A folder of weights: its manifest is read and its files are checked before any is used."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from limner.domain.errors import EngineFailed

DISTRIBUTION = "limner_mini"
MANIFEST = "manifest.json"
FORMAT = 1
PAINTER, UPSCALER, TABLE, VOCABULARY = "painter.onnx", "upscaler.onnx", "words.npz", "vocabulary.txt"
FILES = (PAINTER, UPSCALER, TABLE, VOCABULARY)
REMEDY = 'Install limner-mini with trained weights, or name their folder: weights = "…" in the engine\'s table.'


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """Figures that the engine has to know of the graphs. `side` and `patch` are pixels; `words` is how many the model reads.

    `upscale` is how many times larger the upscaler makes a picture.
    """

    side: int
    patch: int
    words: int
    word_size: int
    upscale: int
    parameters: int

    @property
    def tokens(self) -> int:
        """How many patches a square picture has."""
        return (self.side // self.patch) ** 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Files that are what their manifest says."""

    folder: Path
    version: str
    toy: bool
    architecture: Architecture

    @classmethod
    def load(cls, folder: Path | None, *, allow_toy: bool) -> Self:
        """Raises EngineFailed, with the remedy, for weights that are missing, damaged, or toys where those are not allowed."""
        folder = folder or _installed()
        manifest = _manifest(folder)
        try:
            weights = cls(
                folder=folder,
                version=str(manifest["version"]),
                toy=bool(manifest["toy"]),
                architecture=Architecture(**manifest["architecture"]),
            )
            digests = {name: manifest["files"][name]["sha256"] for name in FILES}
        except (KeyError, TypeError) as error:
            raise EngineFailed(f"{folder / MANIFEST} lacks what this Limner needs: {error}. {REMEDY}") from error
        if weights.toy and not allow_toy:
            raise EngineFailed(
                f"The weights in {folder} are toys: they prove that the engine works and paint nothing that you could"
                f" recognise. {REMEDY} For trials, allow_toy = true uses them all the same."
            )
        for name, digest in digests.items():
            _check(folder / name, digest)
        return weights


def _installed() -> Path:
    found = importlib.util.find_spec(DISTRIBUTION)
    if found is None or not found.submodule_search_locations:
        raise EngineFailed(f"The engine mini has no weights: limner-mini is not installed. {REMEDY}")
    return Path(found.submodule_search_locations[0]) / "weights"


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text("utf-8"))
    except OSError as error:
        raise EngineFailed(f"The engine mini has no weights: {folder} holds no {MANIFEST}. {REMEDY}") from error
    except ValueError as error:
        raise EngineFailed(f"{folder / MANIFEST} is not JSON. {REMEDY}") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise EngineFailed(f"{folder / MANIFEST} is not of format {FORMAT}, which this Limner reads. {REMEDY}")
    return manifest


def _check(file: Path, digest: str) -> None:
    try:
        found = hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise EngineFailed(f"{file} cannot be read: {error.strerror}. {REMEDY}") from error
    if found != digest:
        raise EngineFailed(f"{file} is damaged: it is not the file that its manifest names. {REMEDY}")
