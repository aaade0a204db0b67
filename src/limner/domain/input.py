"""Pictures that a request starts from: what an engine takes, what a request names, what is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from limner.domain.image import MEDIA_TYPES

InputId = NewType("InputId", str)

IMAGE = "image"
"""The role of what is painted over."""
MASK = "mask"
"""The role of what says where: the first image's size, white is painted anew and black stays; in a mask with transparent
places those are painted anew.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputLimits:
    """What an engine takes in one role. Sides are pixels of the picture as it was uploaded.

    `formats` are what reaches the engine: a picture in another one is converted to the first. `max_bytes` holds for that, too.
    """

    min_count: int = 0
    max_count: int = 1
    formats: tuple[str, ...] = ("png", "jpeg", "webp")
    min_side: int = 1
    max_side: int = 16_384
    max_bytes: int | None = None

    def delivered(self, stored: str) -> str:
        """The format in which a picture stored as `stored` reaches the engine."""
        return stored if stored in self.formats else self.formats[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class InputReference:
    """One picture that a request names: an upload (`input`), or one that was painted for the same owner (`image`)."""

    role: str
    input: str | None = None
    image: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """An uploaded picture. `expires_at` None: a job uses it, and it goes with the last one that does."""

    id: InputId
    owner: str
    width: int
    height: int
    format: str
    bytes: int
    sha256: str
    key: str
    created_at: datetime
    expires_at: datetime | None = None

    @property
    def media_type(self) -> str:
        return MEDIA_TYPES[self.format]

    @property
    def file_stem(self) -> str:
        """Of letters, digits and dashes."""
        return f"limner-input-{self.id[-12:]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldInput:
    """What a job holds of a picture that it names, whatever becomes of the upload or the image since."""

    reference: InputReference
    width: int
    height: int
    format: str
    bytes: int
    sha256: str
    key: str


def input_names(roles: Iterable[str]) -> list[str]:
    """What engines call them: the role, with -2, -3, … for further ones of the same."""
    seen: Counter[str] = Counter()
    names = []
    for role in roles:
        seen[role] += 1
        names.append(role if seen[role] == 1 else f"{role}-{seen[role]}")
    return names
