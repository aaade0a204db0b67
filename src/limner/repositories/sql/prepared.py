"""Statements compiled once and run on the driver's own cursor.

SQLAlchemy's work for each execution (about 30 µs) is several times SQLite's (3 to 7 µs): it would be most of a claim.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    Delete,
    Dialect,
    Insert,
    Select,
    TableValuedAlias,
    Update,
    bindparam,
    func,
    literal_column,
    select,
)

from limner.repositories.sql.rows import Row

Statement = Select[Any] | Insert | Update | Delete


@dataclass(frozen=True, slots=True)
class _Compiled:
    sql: str
    constants: dict[str, Any]
    make_row: Callable[[Iterable[Any]], Row]


class Prepared:
    """A Core statement with named parameters; constants in it stay parameters too."""

    def __init__(self, statement: Statement) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def rows(self, connection: Connection, **parameters: Any) -> list[Row]:
        """Runs it; what it selects or returns."""
        compiled = self._compiled_for(connection.dialect)
        cursor = connection.connection.cursor()
        try:
            cursor.execute(compiled.sql, compiled.constants | parameters)
            return [compiled.make_row(row) for row in cursor.fetchall()]
        finally:
            cursor.close()

    def first(self, connection: Connection, **parameters: Any) -> Row | None:
        rows = self.rows(connection, **parameters)
        return rows[0] if rows else None

    def run(self, connection: Connection, **parameters: Any) -> int:
        """Runs it; the number of rows changed."""
        compiled = self._compiled_for(connection.dialect)
        cursor = connection.connection.cursor()
        try:
            cursor.execute(compiled.sql, compiled.constants | parameters)
            return cursor.rowcount
        finally:
            cursor.close()

    def sql(self, dialect: Dialect) -> str:
        return self._compiled_for(dialect).sql

    def _compiled_for(self, dialect: Dialect) -> _Compiled:
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = _compile(self._statement, dialect)
        return compiled


def _compile(statement: Statement, dialect: Dialect) -> _Compiled:
    compiled = statement.compile(dialect=dialect)
    constants = {name: bind.value for bind, name in compiled.bind_names.items() if not bind.required}
    names = statement.exported_columns.keys()
    row_type = cast(Any, namedtuple)("Row", names)  # noqa: PYI024 - the names are known at run time only
    return _Compiled(str(compiled), constants, row_type._make)


def row_source() -> TableValuedAlias:
    """The rows of a JSON array in parameter `rows`: one statement a group instead of one a row, because each
    execution in a thread fights the event loop for the interpreter lock.
    """
    return func.json_each(bindparam("rows")).table_valued("value")


def elements(parameter: str) -> Select[Any]:
    """The elements of a JSON array, for IN."""
    return select(func.json_each(bindparam(parameter)).table_valued("value").c.value)


def cell(source: TableValuedAlias, place: int) -> ColumnElement[Any]:
    """The element at `place` of a row that is an array."""
    return func.json_extract(source.c.value, literal_column(f"'$[{place}]'"))
