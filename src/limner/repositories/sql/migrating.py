"""Bringing the tables to this version, by Alembic's scripts inside this package."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, column, inspect, select, table

from limner.repositories.sql.locks import lock_everybody
from limner.repositories.sql.moment import Moment
from limner.repositories.sql.recount import recount

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0005"
"""The newest step. Known without Alembic, which takes a tenth of a second to load and has nothing to do at most starts."""

VERSION_TABLE = "limner_migrations"


def upgrade(connection: Connection) -> None:
    """All steps that are missing, in one transaction."""
    from alembic import command  # noqa: PLC0415

    config = config_for(connection)
    with connection.begin():
        command.upgrade(config, "head")


def is_known(revision: str) -> bool:
    """Whether this version can go on from there."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    return revision in {script.revision for script in ScriptDirectory.from_config(config_for(None)).walk_revisions()}


def recount_lanes(connection: Connection, moment: Moment) -> None:
    """While others may write."""
    with connection.begin():
        lock_everybody(connection)
        recount(connection, moment)


def config_for(connection: Connection | None) -> Config:
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
