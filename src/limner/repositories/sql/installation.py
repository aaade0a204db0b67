"""The number by which these rows are told from all others."""

from __future__ import annotations

import secrets

from sqlalchemy import Connection, bindparam, select, text
from sqlalchemy.dialects.postgresql import insert

from limner.repositories.sql.prepared import Prepared
from limner.repositories.sql.tables import facts

NAME = "installation"
BITS = 63


def find_installation(connection: Connection) -> str | None:
    row = _FIND.first(connection)
    return None if row is None else f"{row.value:016x}"


def make_installation(connection: Connection) -> str:
    """Whoever is first decides."""
    _MAKE.run(connection, number=secrets.randbits(BITS))
    found = find_installation(connection)
    assert found is not None
    return found


_FIND = Prepared(select(facts.c.value).where(facts.c.name == text(f"'{NAME}'")))
_MAKE = Prepared(insert(facts).values(name=text(f"'{NAME}'"), value=bindparam("number")).on_conflict_do_nothing())
