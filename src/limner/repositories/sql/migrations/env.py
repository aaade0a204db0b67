"""Run by Alembic; the connection and its transaction belong to the caller."""

from __future__ import annotations

from alembic import context

from limner.repositories.sql.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table="limner_migrations",
    transactional_ddl=False,  # the caller's transaction is the only one
)
context.run_migrations()
