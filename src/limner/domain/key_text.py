"""The text of an API key: `lmn_<id>_<secret>_<checksum>`, shown once and never kept."""

from __future__ import annotations

import hashlib
import re
import secrets
import string
import zlib
from dataclasses import dataclass, field

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
ID_LENGTH = 12
SECRET_LENGTH = 43
"""62⁴³ > 2²⁵⁶."""
CHECKSUM_LENGTH = 6

_SHAPE = re.compile(
    rf"lmn_([0-9A-Za-z]{{{ID_LENGTH}}})_([0-9A-Za-z]{{{SECRET_LENGTH}}})_([0-9A-Za-z]{{{CHECKSUM_LENGTH}}})"
)


@dataclass(frozen=True, slots=True)
class KeyText:
    """A key's two parts; the checksum lets a mistyped key be told without asking the database."""

    id: str
    secret: str = field(repr=False)

    @property
    def digest(self) -> str:
        """SHA-256 of the secret, in hex. The secret is random, so no slow hash is needed."""
        return hashlib.sha256(self.secret.encode()).hexdigest()

    def text(self) -> str:
        stem = f"lmn_{self.id}_{self.secret}"
        return f"{stem}_{_checksum(stem)}"


def new_key_text() -> KeyText:
    return KeyText(_random(ID_LENGTH), _random(SECRET_LENGTH))


def parse_key_text(text: str) -> KeyText | None:
    """None for anything that no key of ours looks like."""
    shape = _SHAPE.fullmatch(text)
    if shape is None or _checksum(text[: -CHECKSUM_LENGTH - 1]) != shape[3]:
        return None
    return KeyText(shape[1], shape[2])


def _random(length: int) -> str:
    return "".join(secrets.choice(BASE62) for _ in range(length))


def _checksum(stem: str) -> str:
    rest, digits = zlib.crc32(stem.encode()), ""
    for _ in range(CHECKSUM_LENGTH):
        rest, digit = divmod(rest, len(BASE62))
        digits = BASE62[digit] + digits
    return digits
