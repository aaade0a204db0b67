"""Who may write what at the same time.

On SQLite one transaction writes at a time, and these do nothing. On Postgres a transaction that changes an owner's jobs
holds that owner from its first statement to its end: what it reads of him cannot change under it, so that limits are
exact and two transactions never wait for each other in a ring. The rest, upkeep above all, holds everybody.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from sqlalchemy import CTE, Boolean, ColumnElement, Connection, Select, bindparam, func, literal_column, select, true

from limner.repositories.sql.prepared import Prepared, cell, elements, row_source
from limner.repositories.sql.rows import encode
from limner.repositories.sql.tables import images, jobs

Locks = Callable[[Connection], None]
"""Taken before the first statement of some work."""

EVERYBODY: ColumnElement[int] = literal_column(
    "1818848622"
)  # "limn": advisory locks of one database share their numbers
OWNERS: ColumnElement[int] = literal_column("1818848623")
NOBODY: ColumnElement[int] = literal_column("0")


def lock_nothing(connection: Connection) -> None:
    """For rows that only one process writes, and for single statements."""
    del connection


def lock_everybody(connection: Connection) -> None:
    if is_shared(connection):
        _LOCK_EVERYBODY.rows(connection)


def lock_owners(connection: Connection, owners: Collection[str]) -> None:
    """In one order everywhere."""
    if is_shared(connection):
        _LOCK_OWNERS.rows(connection, rows=encode([[owner] for owner in owners]))


def share(connection: Connection) -> None:
    """Before owners are tried one by one."""
    if is_shared(connection):
        _SHARE.rows(connection)


def owner_is_free(owner: ColumnElement[str]) -> ColumnElement[bool]:
    """In a statement: takes the lock where nobody else has it, which is safe whatever else is held."""
    return func.pg_try_advisory_xact_lock(OWNERS, func.hashtext(owner), type_=Boolean)


def owners_of(job_ids: Collection[str]) -> Locks:
    def lock(connection: Connection) -> None:
        if is_shared(connection):
            _LOCK_OWNERS_OF_JOBS.rows(connection, ids=encode(list(job_ids)))

    return lock


def owner_of_image(image_id: str) -> Locks:
    def lock(connection: Connection) -> None:
        if is_shared(connection):
            _LOCK_OWNER_OF_IMAGE.rows(connection, of_image=image_id)

    return lock


def owner_named(name: str) -> Locks:
    return lambda connection: lock_owners(connection, [name])


def is_shared(connection: Connection) -> bool:
    """Whether others write at the same time."""
    return connection.dialect.name == "postgresql"


def _shared() -> CTE:
    """Everybody may be held by those who hold some: then nobody can hold them all."""
    return select(func.pg_advisory_xact_lock_shared(EVERYBODY, NOBODY).label("held")).cte("shared")


def _lock(owners: Select[tuple[str]]) -> Prepared:
    numbers = select(func.hashtext(owners.subquery().c[0]).label("number")).distinct().order_by("number").cte("owners")
    return Prepared(
        select(func.pg_advisory_xact_lock(OWNERS, numbers.c.number).label("held")).join_from(numbers, _shared(), true())
    )


def _lock_owners() -> Prepared:
    source = row_source()
    return _lock(select(cell(source, 0).label("owner")).select_from(source))


_LOCK_EVERYBODY = Prepared(select(func.pg_advisory_xact_lock(EVERYBODY, NOBODY).label("held")))
_LOCK_OWNERS = _lock_owners()
_LOCK_OWNERS_OF_JOBS = _lock(select(jobs.c.owner).where(jobs.c.id.in_(elements("ids", jobs.c.id))))
_LOCK_OWNER_OF_IMAGE = _lock(select(images.c.owner).where(images.c.id == bindparam("of_image")))
_SHARE = Prepared(select(_shared().c.held))
