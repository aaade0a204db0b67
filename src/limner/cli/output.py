"""What commands print: tables, JSON, and the bar of a paint."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from limner.domain.errors import LimnerError

CELLS = 16
SLUG_LENGTH = 60


class NotWritten(LimnerError):
    """The file cannot be written."""

    code = "not_written"
    title = "Not written"


def echo_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2 if sys.stdout.isatty() else None))


def echo_table(heads: Sequence[str], rows: Iterable[Sequence[Any]], *, nothing: str) -> None:
    """Columns as wide as their widest cell; `nothing` where there are no rows."""
    lines = [[str(cell) for cell in row] for row in rows]
    if not lines:
        click.echo(nothing)
        return
    widths = [max(len(line[column]) for line in [heads, *lines]) for column in range(len(heads))]
    for line in [heads, *lines]:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def count_pictures(count: int) -> str:
    return "1 picture" if count == 1 else f"{count} pictures"


def seed_of(document: Mapping[str, Any]) -> str:
    """Nothing where the engine takes none."""
    return "" if document["seed"] is None else f"  seed {document['seed']}"


def shorten(text: str, length: int = 48) -> str:
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def slug(prompt: str) -> str:
    """A file's name from what a prompt says before its first comma: `three-red-boats`."""
    words = re.findall(r"\w+", prompt.split(",", maxsplit=1)[0].lower())
    name = ""
    for word in words:
        if len(name) + len(word) >= SLUG_LENGTH:
            break
        name = f"{name}-{word}" if name else word
    return name or "picture"


def write_new(path: Path, data: bytes) -> Path:
    """Writes a file that was not there: name.png, else name-2.png, name-3.png, … Raises NotWritten."""
    number, fresh = 1, path
    while True:
        try:
            with fresh.open("xb") as file:
                file.write(data)
        except FileExistsError:
            number += 1
            fresh = path.with_stem(f"{path.stem}-{number}")
        except OSError as error:
            raise NotWritten(f"{path} cannot be written ({error.strerror}).") from None
        else:
            return fresh


class Bar:
    """`████████░░░░░░░░ 4/8   0.6 s`, drawn in place on a terminal and only at the end elsewhere."""

    def __init__(self, *, live: bool) -> None:
        self._live = live
        self._started = time.monotonic()
        self._drawn = False
        self._step, self._steps, self._fraction = 0, 0, 0.0

    def show(self, progress: dict[str, Any]) -> None:
        """Takes a job's progress; what came before never shrinks."""
        fraction = max(self._fraction, progress["fraction"])
        self._fraction, self._step = fraction, progress["step"] or self._step
        self._steps = progress["steps"] or self._steps
        self._draw(str(self))

    def wait(self, why: str) -> None:
        self._draw(f"{'░' * CELLS} {why}")

    def clear(self) -> None:
        if self._drawn:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()
            self._drawn = False

    def __str__(self) -> str:
        full = round(self._fraction * CELLS)
        steps = f" {self._step}/{self._steps}" if self._steps else f" {self._fraction:.0%}"
        return f"{'█' * full}{'░' * (CELLS - full)}{steps}   {time.monotonic() - self._started:.1f} s"

    def _draw(self, text: str) -> None:
        if self._live:
            sys.stderr.write(f"\r\x1b[2K  {text}")
            sys.stderr.flush()
            self._drawn = True
