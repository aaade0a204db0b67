"""Facts about finished pictures, never their bytes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NewType

ImageId = NewType("ImageId", str)

MEDIA_TYPES = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp"}
"""The raster formats we keep and serve; nothing else is ever written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One finished picture. `key` is where its bytes lie in storage; `sha256` is hex and the ETag. `seed` is None where
    the engine takes none.
    """

    id: ImageId
    job_id: str
    owner: str
    ordinal: int
    seed: int | None
    width: int
    height: int
    format: str
    bytes: int
    sha256: str
    color: str
    key: str
    seq: int
    created_at: datetime
    expires_at: datetime | None = None
    deleted_at: datetime | None = None

    @property
    def media_type(self) -> str:
        return MEDIA_TYPES[self.format]

    @property
    def file_stem(self) -> str:
        """Of letters, digits and dashes."""
        seed = "" if self.seed is None else f"{self.seed}-"
        return f"limner-{seed}{self.id[-12:]}"
