"""Pictures that requests start from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    _create_inputs()
    _create_job_inputs()


def _id() -> sa.types.TypeEngine[str]:
    return sa.String(36).with_variant(sa.String(36, collation="C"), "postgresql")


def _sorted() -> sa.types.TypeEngine[str]:
    return sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _create_inputs() -> None:
    op.create_table(
        "limner_inputs",
        sa.Column("id", _id(), nullable=False),
        sa.Column("owner", sa.String(length=128), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("format", sa.String(length=8), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("key", _sorted(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("limner_inputs_key", "limner_inputs", ["key"])
    op.create_index("limner_inputs_of_owner", "limner_inputs", ["owner", "expires_at"])
    where = sa.text("expires_at IS NOT NULL")
    op.create_index(
        "limner_inputs_expiring", "limner_inputs", ["expires_at"], sqlite_where=where, postgresql_where=where
    )


def _create_job_inputs() -> None:
    op.create_table(
        "limner_job_inputs",
        sa.Column("job_id", _id(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(length=128), nullable=False),
        sa.Column("role", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=5), nullable=False),
        sa.Column("source_id", _id(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("format", sa.String(length=8), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("key", _sorted(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["limner_jobs.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "position"),
        sqlite_with_rowid=False,
    )
    op.create_index("limner_job_inputs_key", "limner_job_inputs", ["key"])
    op.create_index("limner_job_inputs_source", "limner_job_inputs", ["source_id"])
