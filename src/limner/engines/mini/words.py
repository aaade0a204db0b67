"""Words as numbers: a prompt cut into pieces of a vocabulary, each a row of a table that never changes."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from limner.engines.mini.grid import Floats

LONGEST_WORD = 48
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the model sees of a prompt. `known` is 1 where `pieces` holds one; the rest of both is empty.

    `unknown` are words of which nothing was in the vocabulary; `cut` says that the prompt was longer than the model reads.
    """

    pieces: Floats
    known: Floats
    unknown: tuple[str, ...] = ()
    cut: bool = False


class Words:
    """The vocabulary and its table: int8 rows, each with a scale."""

    def __init__(self, vocabulary: list[str], table: NDArray[np.int8], scales: NDArray[Any], most: int) -> None:
        self._rows = {piece: row for row, piece in enumerate(vocabulary)}
        self._table = table
        self._scales = scales
        self._most = most

    @classmethod
    def load(cls, vocabulary: Path, table: Path, most: int) -> Self:
        with np.load(table, allow_pickle=False) as arrays:
            return cls(vocabulary.read_text("utf-8").splitlines(), arrays["table"], arrays["scales"], most)

    def read(self, prompt: str) -> Reading:
        rows: list[int] = []
        unknown: dict[str, None] = {}
        for word in words_of(prompt):
            found = self._pieces(word)
            rows += found
            if not found:
                unknown[word] = None
        used = rows[: self._most]
        pieces = np.zeros((self._most, self._table.shape[1]), np.float32)
        pieces[: len(used)] = self._table[used] * self._scales[used, None].astype(np.float32)
        known = np.zeros(self._most, np.float32)
        known[: len(used)] = 1
        return Reading(pieces=pieces, known=known, unknown=tuple(unknown), cut=len(rows) > self._most)

    def _pieces(self, word: str) -> list[int]:
        """The longest pieces that make up the word, first to last; none where it cannot be made up."""
        rows, start = [], 0
        while start < len(word):
            prefix = "##" if start else ""
            ends = range(len(word), start, -1)
            end = next((end for end in ends if prefix + word[start:end] in self._rows), None)
            if end is None:
                return []
            rows.append(self._rows[prefix + word[start:end]])
            start = end
        return rows


def words_of(prompt: str) -> list[str]:
    """Small letters without accents, cut at everything else."""
    plain = unicodedata.normalize("NFKD", prompt.lower())
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return [word[:LONGEST_WORD] for word in _WORD.findall(letters)]
