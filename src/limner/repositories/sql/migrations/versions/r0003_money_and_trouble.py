"""What jobs cost, who used what, and the engines that have trouble."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    _extend_jobs_and_calls()
    _create_usage()
    _create_engine_state()


def _extend_jobs_and_calls() -> None:
    """A route names models now, where it named engines."""
    op.add_column("limner_jobs", sa.Column("costs", sa.Text(), nullable=True))
    op.add_column("limner_jobs", sa.Column("expected_cost", sa.BigInteger(), nullable=True))
    op.add_column("limner_calls", sa.Column("charged_on", sa.String(length=10), nullable=True))
    if op.get_bind().dialect.name == "sqlite":  # nothing older than this ever ran on another database
        op.execute(
            "UPDATE limner_jobs SET route = json_array(json_extract(request, '$.model')) WHERE finished_at IS NULL"
        )
    _partial_index("limner_jobs_routed", ["engine", "route", "route_index"], "state = 'queued' AND route LIKE '%,%'")
    _partial_index("limner_jobs_expensive", ["engine", "owner", "expected_cost"], "expected_cost > 0")


def _partial_index(name: str, columns: list[str], where: str) -> None:
    op.create_index(name, "limner_jobs", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _create_usage() -> None:
    op.create_table(
        "limner_usage",
        sa.Column("owner", sa.String(length=128), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("engine", sa.String(length=128), nullable=False),
        sa.Column("pictures", sa.Integer(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("ambiguous_calls", sa.Integer(), nullable=False),
        sa.Column("paid_bad_outputs", sa.Integer(), nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "day", "engine"),
        sqlite_with_rowid=False,
    )


def _create_engine_state() -> None:
    op.create_table(
        "limner_engine_state",
        sa.Column("engine", sa.String(length=128), nullable=False),
        sa.Column("credential", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("blocked_until", sa.BigInteger(), nullable=True),
        sa.Column("noted_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("engine", "credential"),
        sqlite_with_rowid=False,
    )
