"""Calls with a handle are found without a look at all that were ever made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    where = sa.text("phase = 'submitted'")
    op.create_index("limner_calls_submitted", "limner_calls", ["job_id"], sqlite_where=where, postgresql_where=where)
