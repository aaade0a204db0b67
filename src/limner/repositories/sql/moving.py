"""All rows of a SQLite file to a Postgres database: in batches, verified, taken up again where a run broke off.

Until the last transaction the target says whose rows are on their way to it, and no process starts there: with half of
the rows it would take the pictures of the other half for orphans.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, Row, Select, String, Table, collate, insert, literal, select, tuple_
from sqlalchemy.exc import DataError

from limner.domain.errors import DatabaseError
from limner.repositories.sql import installation, migrating
from limner.repositories.sql.database import Database
from limner.repositories.sql.databases import database_at
from limner.repositories.sql.moment import Moment
from limner.repositories.sql.positions import go_on_behind, last_position
from limner.repositories.sql.recount import recount
from limner.repositories.sql.sqlite import SqliteDatabase
from limner.repositories.sql.tables import facts, lanes, metadata

TABLES = tuple(table for table in metadata.sorted_tables if table not in {facts, lanes})
"""Those that others refer to come first. Facts say whose rows these are and come at the very end; lanes are counted."""
BATCH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedTable:
    """`copied` of its `rows` came over in this run. `digest`: of all rows, whatever their order, in hex."""

    name: str
    rows: int
    copied: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """`retired`: what the file is called now."""

    tables: tuple[MovedTable, ...]
    retired: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What the target knows of the installation `ours`."""

    ours: str
    arrived: bool
    arriving: bool


Told = Callable[[str, int], None]
"""Hears a table's name and how many of its rows were copied by now."""


def move_rows(source: str, target: str, *, told: Told | None = None) -> Moved:
    """Both are URLs. Raises DatabaseError where either is in use, where the target has other rows, or where what it
    returns differs: then the file is as it was, and nothing starts on the target.
    """
    file, server = _file_at(source), _server_at(target)
    try:
        with file.alone() as here:
            _refuse_other_tables(here)
            with server.alone() as there:
                _refuse_another(here, there)
            server.migrate(_moment(server))
            with server.alone() as there:
                tables = _move(here, there, _moment(server), told or _tell_nobody)
            return Moved(tables=tables, retired=file.retire())
    except Exception as error:
        ours = server.translate(error) or file.translate(error)
        if ours is None:
            raise
        raise ours from error


def _file_at(url: str) -> SqliteDatabase:
    file = database_at(url)
    if not isinstance(file, SqliteDatabase):
        raise DatabaseError("Rows are moved from a SQLite file: name it, as in sqlite:////absolute/path/limner.db.")
    return file


def _server_at(url: str) -> Database:
    server = database_at(url)
    if isinstance(server, SqliteDatabase):
        raise DatabaseError("Rows are moved to Postgres: name a database there, as in postgresql://user@host/name.")
    return server


def _moment(database: Database) -> Moment:
    return Moment(database.clock().now())


def _tell_nobody(table: str, copied: int) -> None:
    del table, copied


def _refuse_other_tables(here: Connection) -> None:
    if migrating.revision_of(here) != migrating.HEAD:
        raise DatabaseError("The file has not the tables of this version. Run limner migrate first.")


def _refuse_another(here: Connection, there: Connection) -> None:
    """Before its tables are touched."""
    if migrating.revision_of(there) is not None:
        _look_at(here, there)


def _move(here: Connection, there: Connection, moment: Moment, told: Told) -> tuple[MovedTable, ...]:
    under_way = _begin(here, there)
    copied = {table.name: _copy(here, there, table, told) for table in TABLES} if under_way else {}
    moved = [_verified(here, there, table, copied.get(table.name, 0)) for table in TABLES]
    with there.begin():
        if under_way:
            copied[facts.name] = _copy_facts(here, there)
            go_on_behind(there, _last_position(here))
            recount(there, moment)
            there.exec_driver_sql(f"ANALYZE {', '.join(table.name for table in TABLES)}")
        moved.append(_verified_in(here, there, facts, copied.get(facts.name, 0)))
    return tuple(moved)


def _begin(here: Connection, there: Connection) -> bool:
    """Whether there is anything to copy: not where all was moved before."""
    found = _look_at(here, there)
    if found.arrived:
        return False
    if not found.arriving:
        with there.begin():
            _refuse_rows(there)
            installation.note_arriving(there, found.ours)
    return True


def _look_at(here: Connection, there: Connection) -> _Found:
    """Raises DatabaseError where the target is another installation's."""
    with here.begin():
        ours = installation.make_installation(here)
    with there.begin():
        theirs, arriving = installation.find_installation(there), installation.find_arriving(there)
    if theirs not in {None, ours} or arriving not in {None, ours}:
        raise DatabaseError("The target has the rows of another installation. Give this one a database of its own.")
    return _Found(ours=ours, arrived=theirs is not None, arriving=arriving is not None)


def _refuse_rows(there: Connection) -> None:
    for table in TABLES:
        if there.execute(select(table).limit(1)).first() is not None:
            raise DatabaseError(f"The target has rows of its own, in {table.name}. Name an empty database.")


def _copy(here: Connection, there: Connection, table: Table, told: Told) -> int:
    """How many came over."""
    copied = 0
    statement = _behind(table, _reached(there, table))
    with here.begin():
        for batch in _batches(here, statement):
            _insert(there, table, batch)
            copied += len(batch)
            told(table.name, copied)
    return copied


def _insert(there: Connection, table: Table, batch: Sequence[Row[Any]]) -> None:
    try:
        with there.begin():
            there.execute(insert(table), [dict(row._mapping) for row in batch])  # noqa: SLF001 - it is public
    except DataError as error:
        why = str(error.orig).partition("\n")[0]
        raise DatabaseError(f"Postgres does not take what a row of {table.name} holds: {why}.") from error


def _reached(there: Connection, table: Table) -> Sequence[Any] | None:
    """The last key that came over: batches come in the order of their keys' bytes, which a server's own need not be."""
    last = [_by_bytes(column).desc() for column in table.primary_key]
    with there.begin():
        return there.execute(select(*table.primary_key).order_by(*last).limit(1)).first()


def _by_bytes(column: Column[Any]) -> Any:
    return collate(column, "C") if isinstance(column.type, String) else column


def _behind(table: Table, key: Sequence[Any] | None) -> Select[Any]:
    columns = list(table.primary_key)
    statement = select(table).order_by(*columns)
    if key is None:
        return statement
    last = [literal(value, column.type) for value, column in zip(key, columns, strict=True)]
    return statement.where(tuple_(*columns) > tuple_(*last))


def _copy_facts(here: Connection, there: Connection) -> int:
    """With them the rows have arrived."""
    with here.begin():
        rows = [dict(row) for row in here.execute(select(facts)).mappings()]
    there.execute(insert(facts), rows)
    installation.drop_arriving(there)
    return len(rows)


def _last_position(here: Connection) -> int:
    with here.begin():
        return last_position(here)


def _verified(here: Connection, there: Connection, table: Table, copied: int) -> MovedTable:
    with there.begin():
        return _verified_in(here, there, table, copied)


def _verified_in(here: Connection, there: Connection, table: Table, copied: int) -> MovedTable:
    """In the target's transaction."""
    with here.begin():
        rows, digest = _counted(here, table)
    if (rows, digest) != _counted(there, table):
        raise DatabaseError(
            f"{table.name} is not the same in both places. Where the rows were moved before, one side was used since; "
            "else empty the target and move again."
        )
    return MovedTable(name=table.name, rows=rows, copied=copied, digest=digest)


def _counted(connection: Connection, table: Table) -> tuple[int, str]:
    """The number of rows and the sum of their hashes: no database has to sort them."""
    rows, total = 0, 0
    for batch in _batches(connection, select(table)):
        rows += len(batch)
        total += sum(int.from_bytes(hashlib.sha256(repr(tuple(row)).encode()).digest()) for row in batch)
    return rows, f"{total % 2**256:064x}"


def _batches(connection: Connection, statement: Select[Any]) -> Iterator[Sequence[Row[Any]]]:
    """As they come, never all at once."""
    return connection.execute(statement, execution_options={"yield_per": BATCH}).partitions()
