"""Keys have a kind, and sessions the key they came from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    # Made anew, which is quick for so few rows: the schema is then the same text as that of new tables.
    with op.batch_alter_table("limner_keys", recreate="always") as keys:
        keys.add_column(sa.Column("kind", sa.String(length=8), server_default=sa.text("'key'"), nullable=False))
        keys.add_column(sa.Column("parent", sa.String(length=64), nullable=True))
