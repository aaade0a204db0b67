"""The tables. All names begin with limner_, so that a host application's database can be shared.

Ids are canonical UUID text; what is sorted by is sorted by its bytes on every database. Times are milliseconds UTC, money is millionths of the operator's currency. Partial indexes name states as literals: a bound parameter would not
let SQLite prove that the index applies.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)

metadata = MetaData()

Id = String(36).with_variant(String(36, collation="C"), "postgresql")
Sorted = Text().with_variant(Text(collation="C"), "postgresql")
Counter = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up only what is called INTEGER
OWNER = 128
ENGINE = 128
DAY = 10
ROLE = 64

ZERO = text("0")

jobs = Table(
    "limner_jobs",
    metadata,
    Column("id", Id, primary_key=True),
    Column("owner", String(OWNER), nullable=False),
    Column("state", String(10), nullable=False),
    Column("engine", String(ENGINE), nullable=False),
    Column("urgent", SmallInteger, nullable=False, server_default=ZERO),
    Column("priority", SmallInteger, nullable=False),
    Column("count", SmallInteger, nullable=False),
    Column("not_before", BigInteger),
    Column("deadline_at", BigInteger, nullable=False),
    Column("attempt", Integer, nullable=False, server_default=ZERO),
    Column("max_attempts", Integer, nullable=False),
    Column("crash_count", Integer, nullable=False, server_default=ZERO),
    Column("lease_losses", Integer, nullable=False, server_default=ZERO),
    Column("bad_images", Integer, nullable=False, server_default=ZERO),
    Column("ambiguous_calls", Integer, nullable=False, server_default=ZERO),
    Column("paid_bad_outputs", Integer, nullable=False, server_default=ZERO),
    Column("lease_owner", Text),
    Column("lease_until", BigInteger),
    Column("lease_epoch", Integer, nullable=False, server_default=ZERO),
    Column("event_seq", Integer, nullable=False, server_default=text("1")),
    Column("created_at", BigInteger, nullable=False),
    Column("started_at", BigInteger),
    Column("finished_at", BigInteger),
    Column("expires_at", BigInteger),
    Column("cancel_requested_at", BigInteger),
    Column("route_index", SmallInteger, nullable=False, server_default=ZERO),
    Column("route", Sorted, nullable=False),
    Column("retry_of", Id),
    Column("trace", Text),
    Column("reference", Text),
    Column("progress", Text),
    Column("error", Text),
    Column("notes", Text),
    Column("metadata", Text, nullable=False),
    Column("requested", Text, nullable=False),
    Column("request", Text, nullable=False),
    Column("costs", Text),
    Column("expected_cost", BigInteger),
)


def _partial(name: str, *columns: object, where: str) -> Index:
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))  # type: ignore[arg-type]


READY = "state = 'queued' AND not_before IS NULL"
NOT_READY = "(state <> 'queued' OR not_before IS NOT NULL)"
DELAYED = "state = 'queued' AND not_before IS NOT NULL"
RUNNING = "state = 'running'"
UNFINISHED = "finished_at IS NULL"
FINISHED = "finished_at IS NOT NULL"
CLAIMABLE = "claimable = 1"
BLOCKED = "claimable = 0 AND queued > 0"
ROUTED = "state = 'queued' AND route LIKE '%,%'"
EXPENSIVE = "expected_cost > 0"
SUBMITTED = "phase = 'submitted'"

# With thousands of owners each index by owner costs a page of its own for each job: a job is in one of these two.
_partial("limner_jobs_of_owner", jobs.c.owner, jobs.c.state, jobs.c.id, where=NOT_READY)
_partial(
    "limner_jobs_ready",
    jobs.c.owner,
    jobs.c.engine,
    jobs.c.urgent.desc(),
    jobs.c.priority.desc(),
    jobs.c.id,
    jobs.c.state,  # with these two, older SQLite builds need not look at the rows to see that they are ready
    jobs.c.not_before,
    where=READY,
)
_partial("limner_jobs_delayed", jobs.c.not_before, where=DELAYED)
_partial("limner_jobs_leased", jobs.c.lease_until, where=RUNNING)
_partial("limner_jobs_deadline", jobs.c.deadline_at, where=UNFINISHED)
_partial("limner_jobs_finished", jobs.c.finished_at, where=FINISHED)
_partial("limner_jobs_expiring", jobs.c.expires_at, where="expires_at IS NOT NULL")
_partial("limner_jobs_routed", jobs.c.engine, jobs.c.route, jobs.c.route_index, where=ROUTED)
_partial("limner_jobs_expensive", jobs.c.engine, jobs.c.owner, jobs.c.expected_cost, where=EXPENSIVE)
_partial("limner_jobs_reference", jobs.c.owner, jobs.c.reference, jobs.c.id, where="reference IS NOT NULL")

lanes = Table(
    "limner_lanes",
    metadata,
    Column("owner", String(OWNER), primary_key=True),
    Column("engine", String(ENGINE), primary_key=True),
    Column("queued", Integer, nullable=False),
    Column("urgent", Integer, nullable=False),
    Column("waiting", Integer, nullable=False),
    Column("running", Integer, nullable=False),
    Column("claimable", SmallInteger, nullable=False),
    Column("last_served", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
_partial("limner_lanes_claimable", lanes.c.engine, lanes.c.urgent.desc(), lanes.c.last_served, where=CLAIMABLE)

_partial("limner_lanes_blocked", lanes.c.owner, where=BLOCKED)

calls = Table(
    "limner_calls",
    metadata,
    Column("job_id", Id, ForeignKey("limner_jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("first_ordinal", Integer, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("phase", String(10), nullable=False),
    Column("request_key", Text, nullable=False),
    Column("handle", Text),
    Column("cost", Float),
    Column("fail_if_ambiguous", SmallInteger, nullable=False),
    Column("charged_on", String(DAY)),
    sqlite_with_rowid=False,
)

_partial("limner_calls_submitted", calls.c.job_id, where=SUBMITTED)

usage = Table(
    "limner_usage",
    metadata,
    Column("owner", String(OWNER), primary_key=True),
    Column("day", String(DAY), primary_key=True),
    Column("engine", String(ENGINE), primary_key=True),
    Column("pictures", Integer, nullable=False),
    Column("calls", Integer, nullable=False),
    Column("ambiguous_calls", Integer, nullable=False),
    Column("paid_bad_outputs", Integer, nullable=False),
    Column("cost", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

engine_state = Table(
    "limner_engine_state",
    metadata,
    Column("engine", String(ENGINE), primary_key=True),
    Column("credential", String(64), primary_key=True),
    Column("code", String(64), nullable=False),
    Column("detail", Text, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("blocked_until", BigInteger),
    Column("noted_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

images = Table(
    "limner_images",
    metadata,
    Column("id", Id, primary_key=True),
    Column("job_id", Id, ForeignKey("limner_jobs.id", ondelete="CASCADE"), nullable=False),
    Column("owner", String(OWNER), nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("format", String(8), nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("color", String(16), nullable=False),
    Column("key", Sorted, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("deleted_at", BigInteger),
)
Index("limner_images_of_job", images.c.job_id, images.c.ordinal, unique=True)
Index("limner_images_key", images.c.key)
_partial("limner_images_of_owner", images.c.owner, images.c.id, where="deleted_at IS NULL")
_partial("limner_images_deleted", images.c.deleted_at, where="deleted_at IS NOT NULL")

inputs = Table(
    "limner_inputs",
    metadata,
    Column("id", Id, primary_key=True),
    Column("owner", String(OWNER), nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("format", String(8), nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("key", Sorted, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
)
Index("limner_inputs_key", inputs.c.key)
Index("limner_inputs_of_owner", inputs.c.owner, inputs.c.expires_at)
_partial("limner_inputs_expiring", inputs.c.expires_at, where="expires_at IS NOT NULL")

job_inputs = Table(
    "limner_job_inputs",
    metadata,
    Column("job_id", Id, ForeignKey("limner_jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("owner", String(OWNER), nullable=False),
    Column("role", String(ROLE), nullable=False),
    Column("source", String(5), nullable=False),
    Column("source_id", Id, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("format", String(8), nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("key", Sorted, nullable=False),
    sqlite_with_rowid=False,
)
Index("limner_job_inputs_source", job_inputs.c.source_id)
Index("limner_job_inputs_key", job_inputs.c.key)

events = Table(
    "limner_events",
    metadata,
    Column("position", Counter, primary_key=True),
    Column("job_id", Id, ForeignKey("limner_jobs.id", ondelete="CASCADE"), nullable=False),
    Column("owner", String(OWNER), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("changes", Text, nullable=False),
    sqlite_autoincrement=True,
)
Index("limner_events_of_job", events.c.job_id, events.c.seq, unique=True)

outbox = Table(
    "limner_outbox",
    metadata,
    Column("job_id", Id, ForeignKey("limner_jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("tries", Integer, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
Index("limner_outbox_due", outbox.c.due_at)

idempotency = Table(
    "limner_idempotency",
    metadata,
    Column("owner", String(OWNER), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("job_id", Id, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
Index("limner_idempotency_age", idempotency.c.created_at)

keys = Table(
    "limner_keys",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("user_id", String(OWNER), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
    Column("kind", String(8), nullable=False, server_default=text("'key'")),
    Column("parent", String(64)),
)

facts = Table(
    "limner_facts",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""Single numbers: keys_version, the image_age that finished rows carry (and how far they do), and the installation's own."""
