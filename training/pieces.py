"""A large file as several of at most 16 MiB, and whole again."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

PIECE = 16 * 2**20
LIST = "pieces.json"
WHOLE = "trained"


def split(content: bytes, pieces: Path, *, most: int = PIECE) -> list[Path]:
    """Writes the pieces and their list, with the digest of the whole."""
    pieces.mkdir(parents=True, exist_ok=True)
    names = []
    for number, start in enumerate(range(0, len(content), most)):
        names.append(f"{WHOLE}.{number}")
        (pieces / names[-1]).write_bytes(content[start : start + most])
    listed = {"pieces": names, "sha256": hashlib.sha256(content).hexdigest()}
    (pieces / LIST).write_text(json.dumps(listed) + "\n", "utf-8")
    return [pieces / name for name in [*names, LIST]]


def join(pieces: Path) -> bytes:
    listed = json.loads((pieces / LIST).read_text("utf-8"))
    content = b"".join((pieces / name).read_bytes() for name in listed["pieces"])
    if hashlib.sha256(content).hexdigest() != listed["sha256"]:
        sys.exit(f"The pieces in {pieces} do not make up what was packed.")
    return content
