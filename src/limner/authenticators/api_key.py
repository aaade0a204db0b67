"""Who holds a key, a session or a link. They are cached by id, for one version of the table of keys."""

from __future__ import annotations

import asyncio
import hmac
import time

from limner.contracts.repository import Repository
from limner.domain.errors import Unauthenticated
from limner.domain.identity import ApiKey, KeyKind, Principal
from limner.domain.key_text import KeyText, parse_key_text

RECHECK = 0.1
"""Seconds for which the version is believed: a key revoked by another process lives no longer."""
MOST_KEPT = 10_000
NOBODY = KeyText("", "").digest


class ApiKeyAuthenticator:
    """One text for wrong, expired, revoked, and of another kind. `forget` makes a revocation in this process hold at once."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._keys: dict[str, ApiKey] = {}
        self._version: int | None = None
        self._checked_at = float("-inf")
        self._check: asyncio.Task[None] | None = None

    async def authenticate(self, token: str, kind: KeyKind = KeyKind.KEY) -> Principal:
        given = parse_key_text(token)
        key = await self._find(given.id) if given else None
        # An unknown id is compared as well, so that the time taken tells nothing.
        matches = hmac.compare_digest(key.digest if key else NOBODY, given.digest if given else "")
        if key is None or not matches or key.kind is not kind or not self._is_valid(key):
            raise Unauthenticated
        return Principal(user_id=key.user_id, scopes=key.scopes, credential=key.id, expires_at=key.expires_at)

    async def holds(self, principal: Principal) -> bool:
        key = await self._find(principal.credential)
        return key is not None and key.user_id == principal.user_id and self._is_valid(key)

    def forget(self) -> None:
        """The next question is answered from the database."""
        self._checked_at = float("-inf")
        self._check = None

    def _is_valid(self, key: ApiKey) -> bool:
        return key.revoked_at is None and (key.expires_at is None or key.expires_at > self._repository.now())

    async def _find(self, key_id: str) -> ApiKey | None:
        await self._believe_version()
        if key := self._keys.get(key_id):
            return key
        version = self._version
        key = await self._repository.find_key(key_id)
        if key is not None and version == self._version and len(self._keys) < MOST_KEPT:
            self._keys[key_id] = key
        return key

    async def _believe_version(self) -> None:
        """Reads the version when it is older than RECHECK; requests that come meanwhile wait for the same read."""
        if time.monotonic() - self._checked_at < RECHECK:
            return
        if self._check is None:
            self._check = asyncio.create_task(self._read_version())
        await asyncio.shield(self._check)

    async def _read_version(self) -> None:
        begun, this = time.monotonic(), asyncio.current_task()
        try:
            version = await self._repository.keys_version()
            if version != self._version:
                self._version = version
                self._keys = {}
            if self._check is this:
                self._checked_at = begun
        finally:
            if self._check is this:
                self._check = None
