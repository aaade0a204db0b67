"""The first tables."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    _create_jobs()
    _index_jobs()
    _create_lanes()
    _create_calls()
    _create_images()
    _create_events()
    _create_outbox()
    _create_idempotency()
    _create_keys()
    _create_facts()


def _id() -> sa.types.TypeEngine[str]:
    return sa.String(36).with_variant(sa.String(36, collation="C"), "postgresql")


def _sorted() -> sa.types.TypeEngine[str]:
    return sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _counter() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _partial_index(name: str, table: str, columns: list[Any], *, where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _create_jobs() -> None:
    op.create_table(
        "limner_jobs",
        sa.Column("id", _id(), nullable=False),
        sa.Column("owner", sa.String(length=128), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("engine", sa.String(length=128), nullable=False),
        sa.Column("urgent", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("count", sa.SmallInteger(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=True),
        sa.Column("deadline_at", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("max_attempts", sa.Integer(), nullable=False),
        sa.Column("crash_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("lease_losses", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("bad_images", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("ambiguous_calls", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("paid_bad_outputs", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("lease_epoch", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("event_seq", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("cancel_requested_at", sa.BigInteger(), nullable=True),
        sa.Column("route_index", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("route", _sorted(), nullable=False),
        sa.Column("retry_of", _id(), nullable=True),
        sa.Column("trace", sa.Text(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("progress", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("metadata", sa.Text(), nullable=False),
        sa.Column("requested", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def _index_jobs() -> None:
    _partial_index("limner_jobs_deadline", "limner_jobs", ["deadline_at"], where="finished_at IS NULL")
    _partial_index(
        "limner_jobs_delayed", "limner_jobs", ["not_before"], where="state = 'queued' AND not_before IS NOT NULL"
    )
    _partial_index("limner_jobs_expiring", "limner_jobs", ["expires_at"], where="expires_at IS NOT NULL")
    _partial_index("limner_jobs_finished", "limner_jobs", ["finished_at"], where="finished_at IS NOT NULL")
    _partial_index("limner_jobs_leased", "limner_jobs", ["lease_until"], where="state = 'running'")
    _partial_index(
        "limner_jobs_of_owner",
        "limner_jobs",
        ["owner", "state", "id"],
        where="(state <> 'queued' OR not_before IS NOT NULL)",
    )
    _partial_index(
        "limner_jobs_ready",
        "limner_jobs",
        [
            "owner",
            "engine",
            sa.literal_column("urgent DESC"),
            sa.literal_column("priority DESC"),
            "id",
            "state",
            "not_before",
        ],
        where="state = 'queued' AND not_before IS NULL",
    )
    _partial_index("limner_jobs_reference", "limner_jobs", ["owner", "reference", "id"], where="reference IS NOT NULL")


def _create_lanes() -> None:
    op.create_table(
        "limner_lanes",
        sa.Column("owner", sa.String(length=128), nullable=False),
        sa.Column("engine", sa.String(length=128), nullable=False),
        sa.Column("queued", sa.Integer(), nullable=False),
        sa.Column("urgent", sa.Integer(), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("running", sa.Integer(), nullable=False),
        sa.Column("claimable", sa.SmallInteger(), nullable=False),
        sa.Column("last_served", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "engine"),
        sqlite_with_rowid=False,
    )
    _partial_index("limner_lanes_blocked", "limner_lanes", ["owner"], where="claimable = 0 AND queued > 0")
    _partial_index(
        "limner_lanes_claimable",
        "limner_lanes",
        ["engine", sa.literal_column("urgent DESC"), "last_served"],
        where="claimable = 1",
    )


def _create_calls() -> None:
    op.create_table(
        "limner_calls",
        sa.Column("job_id", _id(), nullable=False),
        sa.Column("first_ordinal", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("phase", sa.String(length=10), nullable=False),
        sa.Column("request_key", sa.Text(), nullable=False),
        sa.Column("handle", sa.Text(), nullable=True),
        sa.Column("cost", sa.Float(), nullable=True),
        sa.Column("fail_if_ambiguous", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["limner_jobs.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "first_ordinal", "attempt"),
        sqlite_with_rowid=False,
    )


def _create_images() -> None:
    op.create_table(
        "limner_images",
        sa.Column("id", _id(), nullable=False),
        sa.Column("job_id", _id(), nullable=False),
        sa.Column("owner", sa.String(length=128), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("format", sa.String(length=8), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("color", sa.String(length=16), nullable=False),
        sa.Column("key", _sorted(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["limner_jobs.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    _partial_index("limner_images_deleted", "limner_images", ["deleted_at"], where="deleted_at IS NOT NULL")
    op.create_index("limner_images_key", "limner_images", ["key"])
    op.create_index("limner_images_of_job", "limner_images", ["job_id", "ordinal"], unique=True)
    _partial_index("limner_images_of_owner", "limner_images", ["owner", "id"], where="deleted_at IS NULL")


def _create_events() -> None:
    op.create_table(
        "limner_events",
        sa.Column("position", _counter(), nullable=False),
        sa.Column("job_id", _id(), nullable=False),
        sa.Column("owner", sa.String(length=128), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["limner_jobs.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("position"),
        sqlite_autoincrement=True,
    )
    op.create_index("limner_events_of_job", "limner_events", ["job_id", "seq"], unique=True)


def _create_outbox() -> None:
    op.create_table(
        "limner_outbox",
        sa.Column("job_id", _id(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["limner_jobs.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("limner_outbox_due", "limner_outbox", ["due_at"])


def _create_idempotency() -> None:
    op.create_table(
        "limner_idempotency",
        sa.Column("owner", sa.String(length=128), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("job_id", _id(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "key"),
        sqlite_with_rowid=False,
    )
    op.create_index("limner_idempotency_age", "limner_idempotency", ["created_at"])


def _create_keys() -> None:
    op.create_table(
        "limner_keys",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=128), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )


def _create_facts() -> None:
    op.create_table(
        "limner_facts",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
        sqlite_with_rowid=False,
    )
