"""Who may write what at the same time.

On SQLite one transaction writes at a time, and these do nothing. On Postgres a transaction that changes an owner's jobs
holds that owner from its first statement to its end: what it reads of him cannot change under it, so that limits are
exact and two transactions never wait for each other in a ring. Upkeep of everybody's rows holds everybody. Engines' purses
have locks of their own, taken after those of owners; so have their troubles and the keys, behind which nobody waits for
an owner who could wait for them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from sqlalchemy import (
    CTE,
    Boolean,
    ColumnElement,
    Connection,
    Select,
    Text,
    bindparam,
    func,
    literal_column,
    select,
    text,
    true,
)

from limner.repositories.sql.prepared import Prepared, cell, elements, row_source
from limner.repositories.sql.rows import encode
from limner.repositories.sql.tables import images, inputs, jobs

Locks = Callable[[Connection], None]
"""Taken before the first statement of some work."""

EVERYBODY: ColumnElement[int] = literal_column(
    "1818848622"
)  # "limn": advisory locks of one database share their numbers
OWNERS: ColumnElement[int] = literal_column("1818848623")
PURSES: ColumnElement[int] = literal_column("1818848624")
PROBES: ColumnElement[int] = literal_column("1818848625")
KEYS: ColumnElement[int] = literal_column("1818848626")
NOBODY: ColumnElement[int] = literal_column("0")


def lock_nothing(connection: Connection) -> None:
    """For rows that only one process writes, and for single statements."""
    del connection


def lock_everybody(connection: Connection) -> None:
    if is_shared(connection):
        _LOCK_EVERYBODY.rows(connection)


def lock_everybody_soon(connection: Connection) -> None:
    """Waits for a second at most, for meanwhile all others wait behind it; then the database says that it is busy."""
    if is_shared(connection):
        _BE_IMPATIENT.rows(connection)
        lock_everybody(connection)


def lock_owners(connection: Connection, owners: Collection[str]) -> None:
    """In one order everywhere."""
    if is_shared(connection):
        _LOCK_OWNERS.rows(connection, rows=encode([[owner] for owner in owners]))


def lock_purses(connection: Connection, engines: Collection[str]) -> None:
    """In one order everywhere, and behind owners."""
    if engines and is_shared(connection):
        _LOCK_PURSES.rows(connection, rows=encode([[engine] for engine in engines]))


def lock_keys(connection: Connection) -> None:
    """What is made from a key must not slip in while it is revoked."""
    if is_shared(connection):
        _LOCK_KEYS.rows(connection)


def hold_trouble(connection: Connection, engine: str) -> bool:
    """Where nobody else has it."""
    return not is_shared(connection) or bool(_TRY_TROUBLE.rows(connection, engine=engine)[0].held)


def share(connection: Connection) -> None:
    """Before owners are tried one by one."""
    if is_shared(connection):
        _SHARE.rows(connection)


def owner_is_free(owner: ColumnElement[str]) -> ColumnElement[bool]:
    """In a statement: takes the lock where nobody else has it, which is safe whatever else is held."""
    return func.pg_try_advisory_xact_lock(OWNERS, func.hashtext(owner), type_=Boolean)


def owners_of(job_ids: Collection[str]) -> Locks:
    return _locks(_LOCK_OWNERS_OF_JOBS, ids=encode(list(job_ids)))


def owner_of_image(image_id: str) -> Locks:
    return _locks(_LOCK_OWNER_OF_IMAGE, of_image=image_id)


def owner_of_input(input_id: str) -> Locks:
    return _locks(_LOCK_OWNER_OF_INPUT, of_input=input_id)


def purse_of_job(job_id: str, purses: Collection[str]) -> Locks:
    """Where its engine has one."""
    return _locks(_LOCK_PURSE_OF_JOB, of_job=job_id, purses=encode(list(purses))) if purses else lock_nothing


def owner_named(name: str) -> Locks:
    return lambda connection: lock_owners(connection, [name])


def troubles_of(engine: str) -> Locks:
    return _locks(_LOCK_TROUBLES, engine=engine)


def _locks(statement: Prepared, **given: str) -> Locks:
    def lock(connection: Connection) -> None:
        if is_shared(connection):
            statement.rows(connection, **given)

    return lock


def both(first: Locks, second: Locks) -> Locks:
    def lock(connection: Connection) -> None:
        first(connection)
        second(connection)

    return lock


def is_shared(connection: Connection) -> bool:
    """Whether others write at the same time."""
    return connection.dialect.name == "postgresql"


def _shared() -> CTE:
    """Everybody may be held by those who hold some: then nobody can hold them all."""
    return select(func.pg_advisory_xact_lock_shared(EVERYBODY, NOBODY).label("held")).cte("shared")


def _lock_owners_among(names: Select[tuple[str]]) -> Prepared:
    numbers = _numbers_of(names)
    lock = func.pg_advisory_xact_lock(OWNERS, numbers.c.number).label("held")
    return Prepared(select(lock).join_from(numbers, _shared(), true()))


def _lock_purses_among(names: Select[tuple[str]]) -> Prepared:
    return Prepared(select(func.pg_advisory_xact_lock(PURSES, _numbers_of(names).c.number).label("held")))


def _numbers_of(names: Select[tuple[str]]) -> CTE:
    number = func.hashtext(names.subquery().c[0]).label("number")
    return select(number).distinct().order_by("number").cte("numbers")


def _given() -> Select[tuple[str]]:
    source = row_source()
    return select(cell(source, 0).label("name")).select_from(source)


_LOCK_EVERYBODY = Prepared(select(func.pg_advisory_xact_lock(EVERYBODY, NOBODY).label("held")))
_BE_IMPATIENT = Prepared(select(func.set_config(text("'lock_timeout'"), text("'1s'"), true()).label("patience")))
_LOCK_OWNERS = _lock_owners_among(_given())
_LOCK_OWNERS_OF_JOBS = _lock_owners_among(select(jobs.c.owner).where(jobs.c.id.in_(elements("ids", jobs.c.id))))
_LOCK_OWNER_OF_IMAGE = _lock_owners_among(select(images.c.owner).where(images.c.id == bindparam("of_image")))
_LOCK_OWNER_OF_INPUT = _lock_owners_among(select(inputs.c.owner).where(inputs.c.id == bindparam("of_input")))
_LOCK_PURSES = _lock_purses_among(_given())
_LOCK_PURSE_OF_JOB = _lock_purses_among(
    select(jobs.c.engine).where(jobs.c.id == bindparam("of_job"), jobs.c.engine.in_(elements("purses", jobs.c.engine)))
)
_LOCK_KEYS = Prepared(select(func.pg_advisory_xact_lock(KEYS, NOBODY).label("held")))
_TROUBLE = (PROBES, func.hashtext(bindparam("engine", type_=Text)))
_LOCK_TROUBLES = Prepared(select(func.pg_advisory_xact_lock(*_TROUBLE).label("held")))
_TRY_TROUBLE = Prepared(select(func.pg_try_advisory_xact_lock(*_TROUBLE).label("held")))
_SHARE = Prepared(select(_shared().c.held))
