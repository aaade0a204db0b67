"""The number by which these rows are told from all others, and what all processes know of their storage."""

from __future__ import annotations

import secrets

from sqlalchemy import Connection, bindparam, delete, select, text
from sqlalchemy.dialects.postgresql import insert

from limner.repositories.sql.moment import Moment
from limner.repositories.sql.prepared import Prepared
from limner.repositories.sql.tables import facts

NAME = "installation"
ARRIVING = "arriving_installation"
"""While it is there, the rows of that installation are on their way here, and not all have come."""
STORAGE = "storage"
"""Its value tells which storage was the first; where that was noted before it had a number, 1."""
COLLECTED = "collected"
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


def first_storage(connection: Connection) -> int | None:
    row = _FIND_STORAGE.first(connection)
    return None if row is None else int(row.value)


def note_first_storage(connection: Connection, number: int) -> int:
    """Whoever is first decides."""
    _NOTE_STORAGE.run(connection, number=number)
    found = first_storage(connection)
    assert found is not None
    return found


def begin_collection(connection: Connection, moment: Moment, every: float) -> bool:
    return _BEGIN_COLLECTION.first(connection, at=moment.at, before=moment.before(every)) is not None


def _begin_collection() -> Prepared:
    statement = insert(facts).values(name=text(f"'{COLLECTED}'"), value=bindparam("at"))
    begun = {"value": statement.excluded.value}
    due = facts.c.value <= bindparam("before")
    return Prepared(
        statement.on_conflict_do_update(index_elements=["name"], set_=begun, where=due).returning(facts.c.value)
    )


_FIND_STORAGE = Prepared(select(facts.c.value).where(facts.c.name == text(f"'{STORAGE}'")))
_NOTE_STORAGE = Prepared(
    insert(facts).values(name=text(f"'{STORAGE}'"), value=bindparam("number")).on_conflict_do_nothing()
)
_BEGIN_COLLECTION = _begin_collection()
_FIND = Prepared(select(facts.c.value).where(facts.c.name == text(f"'{NAME}'")))
_MAKE = Prepared(insert(facts).values(name=text(f"'{NAME}'"), value=bindparam("number")).on_conflict_do_nothing())
_FIND_ARRIVING = Prepared(select(facts.c.value).where(facts.c.name == text(f"'{ARRIVING}'")))
_NOTE_ARRIVING = Prepared(insert(facts).values(name=text(f"'{ARRIVING}'"), value=bindparam("number")))
_DROP_ARRIVING = Prepared(delete(facts).where(facts.c.name == text(f"'{ARRIVING}'")))
