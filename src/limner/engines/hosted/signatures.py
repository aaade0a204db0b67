"""Whether a service signed what came to a webhook, and when."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from limner.domain.errors import EngineError

logger = logging.getLogger("limner.engines.hosted")

WINDOW = 300.0
"""Seconds by which our clocks may differ, and for which a delivery may be under way."""
LONGEST_STAMP = 12
KEYS_BELIEVED = 24 * 3600.0
ASK_AGAIN = 60.0
"""Seconds between two questions for the keys: whoever sends signatures that fit none must not make us hammer the service."""

CAN_VERIFY_ED25519 = importlib.util.find_spec("cryptography") is not None
"""Whether the extra `webhooks` is installed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What a delivery claims: when it was sent, in Unix seconds, and by `fits` whether a key made its signature."""

    sent_at: float
    fits: Callable[[bytes], bool]

    @property
    def recent(self) -> bool:
        return abs(time.time() - self.sent_at) <= WINDOW


def moment_of(stamp: str) -> float | None:
    """None for what is no time in whole seconds."""
    return float(stamp) if stamp.isascii() and stamp.isdigit() and len(stamp) <= LONGEST_STAMP else None


class SigningKeys:
    """A service's keys: fetched when the first signature has come, believed for a day, and asked for again where a signature
    fits none, since they may have been turned over.
    """

    def __init__(self, fetch: Callable[[], Awaitable[tuple[bytes, ...]]]) -> None:
        self._fetch = fetch
        self._keys: tuple[bytes, ...] = ()
        self._fetched_at = self._asked_at = float("-inf")
        self._asking = asyncio.Lock()

    async def fit(self, signed: Signed) -> bool:
        async with self._asking:
            if self._fit(signed):
                return True
            if time.monotonic() < self._asked_at + ASK_AGAIN:
                return False
            await self._ask()
        return self._fit(signed)

    def _fit(self, signed: Signed) -> bool:
        believed = time.monotonic() < self._fetched_at + KEYS_BELIEVED
        return believed and any(map(signed.fits, self._keys))

    async def _ask(self) -> None:
        """Those that we have stay where no others can be had: a stranger's signature must not take them from us."""
        self._asked_at = time.monotonic()
        try:
            self._keys, self._fetched_at = await self._fetch(), time.monotonic()
        except EngineError as error:
            logger.warning("the keys of a service's webhooks cannot be had: %s", error.detail)


def made_with_ed25519(key: bytes, signature: bytes, message: bytes) -> bool:
    """Needs the extra `webhooks`."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - an extra
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415

    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
