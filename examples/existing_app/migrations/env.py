"""The bookshop's migrations. Limner keeps its own in the same database: its tables are not ours to touch."""

from typing import Any

from alembic import context
from database import Base, engine


def include_object(thing: Any, name: str | None, kind: str, reflected: bool, compared_to: Any) -> bool:
    return not (kind == "table" and (name or "").startswith("limner_"))


with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata, include_object=include_object)
    with context.begin_transaction():
        context.run_migrations()
