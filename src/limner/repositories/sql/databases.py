"""From a URL to its database."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from limner.domain.errors import DatabaseError
from limner.repositories.sql.database import Database
from limner.repositories.sql.sqlite import SqliteDatabase

POSTGRES = {"postgresql", "postgres"}


def database_at(url: str) -> Database:
    """Nothing is touched yet. Raises DatabaseError for what is no database of ours."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise DatabaseError(
            "That is not a database URL; write sqlite:////absolute/path/limner.db or postgresql://…."
        ) from error
    kind = parsed.get_backend_name()
    if kind in POSTGRES:
        return _postgres(parsed)
    if kind != "sqlite":
        raise DatabaseError(f"There is no repository for {kind} databases; use sqlite:////… or postgresql://….")
    if not parsed.database or parsed.database == ":memory:":
        raise DatabaseError("Jobs must outlive the process: name a file, such as sqlite:////absolute/path/limner.db.")
    return SqliteDatabase(Path(parsed.database).absolute())


def _postgres(url: URL) -> Database:
    try:
        from limner.repositories.sql.postgres import PostgresDatabase  # noqa: PLC0415 - its driver is an extra
    except ImportError as error:
        raise DatabaseError("Postgres needs its driver: pip install 'limner[postgres]'.") from error
    return PostgresDatabase(url)
