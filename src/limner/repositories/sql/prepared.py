"""Statements compiled once and run on the driver's own cursor.

SQLAlchemy's work for each execution (about 30 µs) is several times SQLite's (3 to 7 µs): it would be most of a claim.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    Delete,
    Dialect,
    Insert,
    Select,
    String,
    Table,
    TableValuedAlias,
    Text,
    Update,
    bindparam,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

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


class _Rows(FunctionElement[Any]):
    """The elements of a JSON array, as the database makes rows of them."""

    name = "rows"
    inherit_cache = True


class _Cell(FunctionElement[Any]):
    """A part of an element, as a value of a type."""

    name = "cell"
    inherit_cache = True

    def __init__(self, value: ColumnElement[Any], place: int | None, type_: TypeEngine[Any]) -> None:
        super().__init__(value)
        self.place = place
        self.type = type_


def row_source() -> TableValuedAlias:
    """The rows of a JSON array in parameter `rows`: one statement a group instead of one a row, because each
    execution in a thread fights the event loop for the interpreter lock.
    """
    return _Rows(bindparam("rows", type_=Text)).table_valued("value")


def cell(source: TableValuedAlias, place: int, like: ColumnElement[Any] | None = None) -> ColumnElement[Any]:
    """The element at `place` of a row that is an array: text, or what a column holds that it is like."""
    return _Cell(source.c.value, place, Text() if like is None else like.type)


def cells(source: TableValuedAlias, table: Table, names: Sequence[str]) -> list[ColumnElement[Any]]:
    """All of a row that holds these columns of a table."""
    return [cell(source, place, table.c[name]) for place, name in enumerate(names)]


def elements(parameter: str, like: ColumnElement[Any]) -> Select[Any]:
    """The elements of a JSON array, for IN."""
    source = _Rows(bindparam(parameter, type_=Text)).table_valued("value")
    return select(_Cell(source.c.value, None, like.type))


@compiles(_Rows, "sqlite")
def _json_each(element: _Rows, compiler: SQLCompiler, **given: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **given)})"


@compiles(_Rows, "postgresql")
def _json_array_elements(element: _Rows, compiler: SQLCompiler, **given: Any) -> str:
    return f"json_array_elements(CAST({compiler.process(element.clauses, **given)} AS JSON))"


@compiles(_Cell, "sqlite")
def _json_extract(element: _Cell, compiler: SQLCompiler, **given: Any) -> str:
    value = compiler.process(element.clauses, **given)
    return value if element.place is None else f"json_extract({value}, '$[{element.place}]')"


@compiles(_Cell, "postgresql")
def _json_text(element: _Cell, compiler: SQLCompiler, **given: Any) -> str:
    """What is an array or object itself stays JSON text, as on SQLite."""
    value = compiler.process(element.clauses, **given)
    found = f"({value} #>> '{{}}')" if element.place is None else f"({value} ->> {element.place})"
    return found if isinstance(element.type, String) else f"CAST({found} AS {element.type.compile(compiler.dialect)})"
