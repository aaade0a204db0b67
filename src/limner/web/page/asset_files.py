"""The page's modules, styles and icon, as they are served."""

from __future__ import annotations

import functools
import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "assets"
MEDIA_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class AssetFiles:
    """`version` is part of every address: modules import each other by relative names, so one hash stands for them all,
    and what is at such an address never changes.
    """

    version: str
    bodies: Mapping[str, bytes]
    packed: Mapping[str, bytes]
    """The same by gzip: a third of it."""


@functools.cache
def asset_files() -> AssetFiles:
    """Read once: a page must not change while modules of it are loading."""
    bodies = {path.name: path.read_bytes() for path in sorted(FOLDER.iterdir()) if path.suffix in MEDIA_TYPES}
    digest = hashlib.blake2b(digest_size=8)
    for name, body in bodies.items():
        digest.update(b"%s %d " % (name.encode(), len(body)) + body)
    return AssetFiles(digest.hexdigest(), bodies, {name: gzip.compress(body) for name, body in bodies.items()})
