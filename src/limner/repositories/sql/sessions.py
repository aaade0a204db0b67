"""What a session at Postgres is set to, and whether it stays ours where a pooler stands between."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import closing
from types import MappingProxyType
from typing import Any

from sqlalchemy import URL

from limner.domain.errors import DatabaseError

STATEMENT_SECONDS = 20
IDLE_SECONDS = 5
"""A process that is frozen amid a transaction holds its owners' rows: after so long the server ends it."""

OURS: Mapping[str, str] = MappingProxyType(
    {
        "statement_timeout": f"{STATEMENT_SECONDS}s",
        "idle_in_transaction_session_timeout": f"{IDLE_SECONDS}s",
        "synchronous_commit": "on",
        "timezone": "UTC",
        "random_page_cost": "1.1",
    }
)
LOOKS = 5
"""Another client of the pooler may take the session that would have betrayed it."""

_NAME = re.compile(r"(?:-c\s*|--)([\w.-]+)\s*=")


def settings_of(url: URL) -> str:
    """Statements that set what the URL's `options` do not. Poolers turn `options` away, so ours do not go by them."""
    given = url.query.get("options", ())
    options = given if isinstance(given, str) else " ".join(given)
    theirs = {name.replace("-", "_").lower() for name in _NAME.findall(options)}
    return "; ".join(f"SET {name} = '{value}'" for name, value in OURS.items() if name not in theirs)


def refuse_changing_sessions(connect: Callable[[], Any]) -> None:
    """`connect` gives a connection in autocommit. Raises DatabaseError where a pooler gives each transaction any session:
    locks, settings, prepared statements and LISTEN would be somebody else's.
    """
    with closing(connect()) as one:
        if _session(one) == one.info.backend_pid:
            return
        with closing(connect()) as other:
            if any(_share(one, other) for _ in range(LOOKS)):
                raise DatabaseError(
                    "The pooler before this database gives each transaction another session, and Limner needs its own: "
                    "set PgBouncer's pool_mode to session, or name Postgres itself."
                )


def _share(one: Any, other: Any) -> bool:
    before = _session(one)
    with other.transaction():
        return _session(other) == before or _session(one) != before


def _session(connection: Any) -> int:
    """The server's process behind it; a pooler tells another number when one connects."""
    found: int = connection.execute("SELECT pg_backend_pid()", prepare=False).fetchone()[0]
    return found
