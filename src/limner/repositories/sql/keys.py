"""Keys of all kinds, and the number by which caches of them know that they are stale."""

from __future__ import annotations

from sqlalchemy import Connection, and_, bindparam, delete, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from limner.domain.identity import ApiKey, KeyKind
from limner.repositories.sql.lanes import ONE
from limner.repositories.sql.moment import Moment
from limner.repositories.sql.prepared import Prepared
from limner.repositories.sql.rows import decode_key, to_milliseconds
from limner.repositories.sql.tables import facts, keys

VERSION = "keys_version"


def add_key(connection: Connection, key: ApiKey) -> None:
    _ADD.run(
        connection,
        id=key.id,
        kind=key.kind.value,
        parent=key.parent,
        user_id=key.user_id,
        digest=key.digest,
        name=key.name,
        scopes=" ".join(sorted(key.scopes)),
        created_at=to_milliseconds(key.created_at),
        expires_at=None if key.expires_at is None else to_milliseconds(key.expires_at),
        revoked_at=None if key.revoked_at is None else to_milliseconds(key.revoked_at),
    )
    _RAISE_VERSION.run(connection)


def open_session(connection: Connection, session: ApiKey, link: str | None, moment: Moment) -> bool:
    if link is None:
        holds = _HOLDS.first(connection, wanted=session.parent, at=moment.at) is not None
    else:
        holds = _USE_LINK.run(connection, wanted=link, at=moment.at) == 1
    if holds:
        add_key(connection, session)
    return holds


def find_key(connection: Connection, key_id: str) -> ApiKey | None:
    row = _FIND.first(connection, wanted=key_id)
    return None if row is None else decode_key(row)


def list_keys(connection: Connection) -> tuple[ApiKey, ...]:
    """Oldest first."""
    return tuple(decode_key(row) for row in _LIST.rows(connection))


def revoke_key(connection: Connection, key_id: str, moment: Moment) -> bool:
    """With the sessions made from it. False: there is none, or it was revoked before."""
    return _revoked(connection, _REVOKE.run(connection, wanted=key_id, at=moment.at))


def revoke_keys_of(connection: Connection, user_id: str, moment: Moment) -> bool:
    return _revoked(connection, _REVOKE_OF.run(connection, of_user=user_id, at=moment.at))


def drop_expired(connection: Connection, moment: Moment, batch: int) -> int:
    """Sessions and links; keys are kept for whoever asks what they were. Returns how many went."""
    return _DROP_EXPIRED.run(connection, at=moment.at, batch=batch)


def _revoked(connection: Connection, keys_changed: int) -> bool:
    if keys_changed:
        _RAISE_VERSION.run(connection)
    return keys_changed > 0


def keys_version(connection: Connection) -> int:
    row = _VERSION.first(connection)
    return 0 if row is None else int(row.value)


def _raise_version() -> Prepared:
    statement = insert(facts).values(name=text(f"'{VERSION}'"), value=ONE)
    return Prepared(statement.on_conflict_do_update(index_elements=["name"], set_={"value": facts.c.value + ONE}))


def _drop_expired() -> Prepared:
    expired = select(keys.c.id).where(keys.c.kind != KeyKind.KEY.value, keys.c.expires_at <= bindparam("at"))
    return Prepared(delete(keys).where(keys.c.id.in_(expired.limit(bindparam("batch")))))


_ADD = Prepared(insert(keys).values({column.name: bindparam(column.name) for column in keys.c}))
_FIND = Prepared(select(keys).where(keys.c.id == bindparam("wanted")))
_HOLDING = and_(
    keys.c.id == bindparam("wanted"),
    keys.c.revoked_at.is_(None),
    or_(keys.c.expires_at.is_(None), keys.c.expires_at > bindparam("at")),
)
_HOLDS = Prepared(select(keys.c.id).where(_HOLDING, keys.c.kind == KeyKind.KEY.value))
_USE_LINK = Prepared(delete(keys).where(_HOLDING, keys.c.kind == KeyKind.LINK.value))
_DROP_EXPIRED = _drop_expired()
_LIST = Prepared(select(keys).order_by(keys.c.created_at, keys.c.id))
_REVOKING = update(keys).where(keys.c.revoked_at.is_(None)).values(revoked_at=bindparam("at"))
_REVOKE = Prepared(_REVOKING.where(or_(keys.c.id == bindparam("wanted"), keys.c.parent == bindparam("wanted"))))
_REVOKE_OF = Prepared(_REVOKING.where(keys.c.user_id == bindparam("of_user")))
_VERSION = Prepared(select(facts.c.value).where(facts.c.name == text(f"'{VERSION}'")))
_RAISE_VERSION = _raise_version()
