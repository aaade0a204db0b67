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


class _Fact:
    """A number that is noted where none is yet."""

    def __init__(self, name: str) -> None:
        named = text(f"'{name}'")
        self._find = Prepared(select(facts.c.value).where(facts.c.name == named))
        self._note = Prepared(insert(facts).values(name=named, value=bindparam("number")).on_conflict_do_nothing())

    def find(self, connection: Connection) -> int | None:
        row = self._find.first(connection)
        return None if row is None else int(row.value)

    def note_first(self, connection: Connection, number: int) -> int:
        """Whoever is first decides."""
        self._note.run(connection, number=number)
        found = self.find(connection)
        assert found is not None
        return found


def find_installation(connection: Connection) -> str | None:
    return _written_if_any(_INSTALLATION.find(connection))


def make_installation(connection: Connection) -> str:
    return _written(_INSTALLATION.note_first(connection, secrets.randbits(BITS)))


def find_arriving(connection: Connection) -> str | None:
    return _written_if_any(_ARRIVING.find(connection))


def note_arriving(connection: Connection, found: str) -> None:
    _NOTE_ARRIVING.run(connection, number=int(found, 16))


def drop_arriving(connection: Connection) -> None:
    _DROP_ARRIVING.run(connection)


def first_storage(connection: Connection) -> int | None:
    return _STORAGE.find(connection)


def note_first_storage(connection: Connection, number: int) -> int:
    return _STORAGE.note_first(connection, number)


def begin_collection(connection: Connection, moment: Moment, every: float) -> bool:
    return _BEGIN_COLLECTION.first(connection, at=moment.at, before=moment.before(every)) is not None


def _begin_collection() -> Prepared:
    statement = insert(facts).values(name=text(f"'{COLLECTED}'"), value=bindparam("at"))
    begun = {"value": statement.excluded.value}
    due = facts.c.value <= bindparam("before")
    return Prepared(
        statement.on_conflict_do_update(index_elements=["name"], set_=begun, where=due).returning(facts.c.value)
    )


def _written(number: int) -> str:
    return f"{number:016x}"


def _written_if_any(number: int | None) -> str | None:
    return None if number is None else _written(number)


_INSTALLATION, _STORAGE, _ARRIVING = _Fact(NAME), _Fact(STORAGE), _Fact(ARRIVING)
_BEGIN_COLLECTION = _begin_collection()
_NOTE_ARRIVING = Prepared(insert(facts).values(name=text(f"'{ARRIVING}'"), value=bindparam("number")))
_DROP_ARRIVING = Prepared(delete(facts).where(facts.c.name == text(f"'{ARRIVING}'")))
