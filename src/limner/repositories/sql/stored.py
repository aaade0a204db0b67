"""Which storage keys rows name: a picture's bytes go with the last of them."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, Select, Table, bindparam, exists, or_, select, union

from limner.contracts.repository import NamedBytes
from limner.repositories.sql.prepared import Prepared, cell, row_source
from limner.repositories.sql.rows import encode
from limner.repositories.sql.tables import images, inputs, job_inputs, jobs

NAMING = (images, inputs, job_inputs)
"""The tables that name keys."""


def named_bytes(connection: Connection, after: str, limit: int) -> tuple[NamedBytes, ...]:
    """Of deleted pictures, too."""
    rows = _NAMED.rows(connection, after=after, at_most=limit)
    return tuple(NamedBytes(key=row.key, size=row.bytes, sha256=row.sha256) for row in rows)


def known_keys(connection: Connection, keys: Collection[str]) -> frozenset[str]:
    """One statement, so one moment: a picture is kept and its job ended in one transaction."""
    rows = encode([[key, key.partition("/")[0]] for key in keys])
    return frozenset(row.key for row in _KNOWN.rows(connection, rows=rows))


def unnamed(connection: Connection, keys: Collection[str]) -> tuple[str, ...]:
    """Those of `keys`, whose rows were just dropped, that no other row names; each once."""
    if not keys:
        return ()
    known = known_keys(connection, keys)
    return tuple(key for key in dict.fromkeys(keys) if key not in known)


def _known() -> Prepared:
    source = row_source()
    key = cell(source, 0)
    named = [exists().where(table.c.key == key) for table in NAMING]
    unfinished = exists().where(jobs.c.id == cell(source, 1), jobs.c.finished_at.is_(None))
    return Prepared(select(key.label("key")).select_from(source).where(or_(*named, unfinished)))


def _named() -> Prepared:
    """Several rows may name the same bytes."""
    all_named = union(*(select(_first_named(table).subquery()) for table in NAMING)).subquery()
    return Prepared(select(all_named).order_by(all_named.c.key).limit(bindparam("at_most")))


def _first_named(table: Table) -> Select[tuple[str, int, str]]:
    named = select(table.c.key, table.c.bytes, table.c.sha256).where(table.c.key > bindparam("after"))
    return named.order_by(table.c.key).limit(bindparam("at_most"))


_KNOWN = _known()
_NAMED = _named()
