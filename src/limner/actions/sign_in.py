"""Opens a session for a browser, by an API key or by a one-time link."""

from __future__ import annotations

from datetime import timedelta

from limner.actions.create_key import NewKey
from limner.contracts.authenticator import Authenticator
from limner.contracts.repository import Repository
from limner.domain.errors import Unauthenticated
from limner.domain.identity import ApiKey, KeyKind
from limner.domain.key_text import new_key_text

REFUSED = (
    "This does not sign you in. Make a new link with `limner page-link`, or use a key made with `limner keys create`."
)


async def sign_in(
    proof: str, kind: KeyKind, *, authenticator: Authenticator, repository: Repository, age: float
) -> NewKey:
    """A session of `age` seconds. A key lives on, and its session ends with it; a link is used up. Raises
    Unauthenticated, with one text for wrong, expired, revoked, used and of another kind.
    """
    try:
        holder = await authenticator.authenticate(proof, kind)
    except Unauthenticated:
        raise Unauthenticated(REFUSED) from None
    by_key = kind is KeyKind.KEY
    made, now = new_key_text(), repository.now()
    end = now + timedelta(seconds=age)
    session = ApiKey(
        id=made.id,
        kind=KeyKind.SESSION,
        parent=holder.credential if by_key else None,
        user_id=holder.user_id,
        digest=made.digest,
        name="",
        scopes=holder.scopes,
        created_at=now,
        expires_at=min(end, holder.expires_at) if by_key and holder.expires_at else end,
    )
    # Asked again in the transaction that adds it: a link is used once, and a key may be revoked just now.
    if not await repository.open_session(session, link=None if by_key else holder.credential):
        raise Unauthenticated(REFUSED)
    return NewKey(session, made.text())
