"""Bringing the tables to this version: a copy first, then the steps; what is newer or broken is refused."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, column, inspect, select, table

from limner.domain.errors import DatabaseError, LimnerError
from limner.repositories.sql.moment import Moment
from limner.repositories.sql.recount import recount
from limner.repositories.sql.sqlite import FileLock, copy_database, translate, writing_engine

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0004"
"""The newest step. Known without Alembic, which takes a tenth of a second to load and has nothing to do at most starts."""

VERSION_TABLE = "limner_migrations"


def prepare(path: Path, moment: Moment) -> None:
    """Creates or upgrades the database, one process at a time. Raises DatabaseError with a remedy."""
    lock = FileLock(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with lock.held(), closing(writing_engine(path).connect()) as connection:
            upgrade(connection, path)
            with connection.begin():
                recount(connection, moment)
    except Exception as error:
        ours = _as_told(error, path)
        if ours is None:
            raise
        raise ours from error
    finally:
        lock.close()


def upgrade(connection: Connection, path: Path) -> None:
    """Nothing where it is up to date."""
    current = revision_of(connection)
    if current == HEAD:
        return
    from alembic import command  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = config_for(connection)
    if current is not None:
        if current not in {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}:
            raise DatabaseError(_newer(path, current))
        copy_database(connection, backup_path(path, HEAD))
    with connection.begin():
        command.upgrade(config, "head")


def config_for(connection: Connection) -> Config:
    """Alembic's configuration for the scripts inside this package."""
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def revision_of(connection: Connection) -> str | None:
    """What the database says that it is; None where there is nothing of ours."""
    with connection.begin():
        if not inspect(connection).has_table(VERSION_TABLE):
            return None
        revision: str | None = connection.scalar(select(column("version_num")).select_from(table(VERSION_TABLE)))
        return revision


def backup_path(path: Path, revision: str) -> Path:
    """Where the copy lies that is made before an upgrade to a revision."""
    return path.with_name(f"{path.name}.before-{revision}")


def _newer(path: Path, revision: str) -> str:
    backup = backup_path(path, revision)
    otherwise = f", or restore the backup at {backup}" if backup.exists() else ""
    return f"This database was written by a newer Limner (revision {revision}). Upgrade Limner{otherwise}."


def _as_told(error: Exception, path: Path) -> LimnerError | None:
    if isinstance(error, LimnerError):
        return error
    ours = translate(error)
    return DatabaseError(f"{path} cannot be used as Limner's database. {ours.detail}") if ours else None
