"""Makes an API key. Its text is shown once: only a digest is kept."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta

from limner.contracts.repository import Repository
from limner.domain.checking import owner_fault
from limner.domain.errors import FieldError, InvalidRequest
from limner.domain.identity import USER_SCOPES, ApiKey, KeyKind, Scope
from limner.domain.key_text import new_key_text
from limner.domain.plain_json import text_fault

LOCAL_USER = "local"
"""Whose jobs they are that the person at this machine makes, by key or from the command line."""

MAX_NAME = 100


@dataclass(frozen=True, slots=True)
class NewKey:
    """What is kept of a key, and the key itself."""

    record: ApiKey
    key: str = field(repr=False)


async def create_key(
    user_id: str = LOCAL_USER,
    *,
    name: str = "",
    kind: KeyKind = KeyKind.KEY,
    scopes: Collection[Scope] = USER_SCOPES,
    expires_in: timedelta | None = None,
    repository: Repository,
) -> NewKey:
    """Raises InvalidRequest for a name or user id that cannot be kept."""
    _check(name, user_id, scopes, expires_in)
    made, now = new_key_text(), repository.now()
    record = ApiKey(
        id=made.id,
        kind=kind,
        user_id=user_id,
        digest=made.digest,
        name=name,
        scopes=frozenset(scopes),
        created_at=now,
        expires_at=now + expires_in if expires_in is not None else None,
    )
    await repository.add_key(record)
    return NewKey(record, made.text())


def _check(name: str, user_id: str, scopes: Collection[Scope], expires_in: timedelta | None) -> None:
    faults = []
    if fault := owner_fault(user_id):
        faults.append(FieldError("/user_id", "bad_text", f"user_id {fault}."))
    if len(name) > MAX_NAME:
        detail = f"name has {len(name)} characters; the limit is {MAX_NAME}."
        faults.append(FieldError("/name", "too_long", detail, {"maximum": MAX_NAME}))
    if fault := text_fault(name, one_line=True):
        faults.append(FieldError("/name", "bad_text", f"name {fault}."))
    if not scopes:
        faults.append(FieldError("/scopes", "required", "scopes is empty; a key without scopes opens nothing."))
    if expires_in is not None and expires_in <= timedelta():
        faults.append(FieldError("/expires_in", "out_of_range", "expires_in must lie in the future."))
    if faults:
        raise InvalidRequest(faults)
