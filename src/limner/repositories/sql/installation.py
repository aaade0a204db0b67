"""The number by which these rows are told from all others."""

from __future__ import annotations

import secrets

from sqlalchemy import Connection, bindparam, delete, select, text
from sqlalchemy.dialects.postgresql import insert

from limner.repositories.sql.prepared import Prepared
from limner.repositories.sql.tables import facts

NAME = "installation"
ARRIVING = "arriving_installation"
"""While it is there, the rows of that installation are on their way here, and not all have come."""
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


def find_arriving(connection: Connection) -> str | None:
    row = _FIND_ARRIVING.first(connection)
    return None if row is None else f"{row.value:016x}"


def note_arriving(connection: Connection, found: str) -> None:
    _NOTE_ARRIVING.run(connection, number=int(found, 16))


def drop_arriving(connection: Connection) -> None:
    _DROP_ARRIVING.run(connection)


_FIND = Prepared(select(facts.c.value).where(facts.c.name == text(f"'{NAME}'")))
_MAKE = Prepared(insert(facts).values(name=text(f"'{NAME}'"), value=bindparam("number")).on_conflict_do_nothing())
_FIND_ARRIVING = Prepared(select(facts.c.value).where(facts.c.name == text(f"'{ARRIVING}'")))
_NOTE_ARRIVING = Prepared(insert(facts).values(name=text(f"'{ARRIVING}'"), value=bindparam("number")))
_DROP_ARRIVING = Prepared(delete(facts).where(facts.c.name == text(f"'{ARRIVING}'")))
