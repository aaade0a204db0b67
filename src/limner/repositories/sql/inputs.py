"""Uploaded pictures: kept until they expire, or until the last job that uses one goes."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import (
    BigInteger,
    Connection,
    Select,
    and_,
    bindparam,
    case,
    cast,
    delete,
    exists,
    func,
    insert,
    null,
    or_,
    select,
    text,
    union_all,
)

from limner.domain.errors import TooManyInputs
from limner.domain.input import Input
from limner.domain.policy import Policy
from limner.repositories.sql.lanes import NONE
from limner.repositories.sql.moment import Moment
from limner.repositories.sql.prepared import Prepared, cell, row_source
from limner.repositories.sql.rows import Row, decode_input, encode, to_milliseconds, to_milliseconds_or_none
from limner.repositories.sql.stored import unnamed
from limner.repositories.sql.tables import inputs, job_inputs, jobs

FACTS = ("id", "owner", "width", "height", "format", "bytes", "sha256", "key")


def add_input(connection: Connection, new: Input, policy: Policy, moment: Moment) -> None:
    """Raises TooManyInputs where the owner keeps as much as the policy allows without using it."""
    waiting = _WAITING.first(connection, of_owner=new.owner, at=moment.at)
    if waiting is not None and (waiting.bytes or 0) + new.bytes > policy.input_quota:
        raise _too_many(waiting, new.bytes, policy, moment)
    facts = {name: getattr(new, name) for name in FACTS}
    times = {"created_at": to_milliseconds(new.created_at), "expires_at": to_milliseconds_or_none(new.expires_at)}
    _ADD.run(connection, **facts, **times)


def find_input(connection: Connection, input_id: str, moment: Moment) -> Input | None:
    row = _FIND.first(connection, wanted=input_id, at=moment.at)
    return None if row is None else decode_input(row)


def delete_input(connection: Connection, input_id: str) -> tuple[str, ...]:
    """The storage key, unless a job holds it."""
    return unnamed(connection, [row.key for row in _DELETE.rows(connection, wanted=input_id)])


def delete_inputs_of(connection: Connection, owner: str) -> tuple[str, ...]:
    """All of an owner's, whose jobs are gone."""
    return unnamed(connection, [row.key for row in _DELETE_OF_OWNER.rows(connection, of_owner=owner)])


def drop_left(connection: Connection, input_ids: Collection[str]) -> None:
    """Those of `input_ids` that no job uses any more."""
    if input_ids:
        _DROP_LEFT.run(connection, rows=encode([[input_id] for input_id in input_ids]))


def expire_inputs(connection: Connection, moment: Moment, batch: int) -> tuple[str, ...]:
    """A batch of those that nobody used in time: their storage keys."""
    return tuple(row.key for row in _EXPIRE.rows(connection, at=moment.at, batch=batch))


def _too_many(waiting: Row, more: int, policy: Policy, moment: Moment) -> TooManyInputs:
    """Says when to come again only where what expires makes enough room."""
    kept = waiting.bytes or 0
    helps = kept - (waiting.passing or 0) + more <= policy.input_quota
    wait = max(1.0, (waiting.oldest - moment.at) / 1000) if helps and waiting.oldest else policy.input_age
    detail = (
        f"You keep {kept} bytes of inputs that nothing came of, and {policy.input_quota} are allowed. "
        "Use or delete some, or jobs that were cancelled; nothing was kept."
    )
    return TooManyInputs(detail, retry_after=wait, maximum=policy.input_quota)


def _drop_left() -> Prepared:
    source = row_source()
    used = select(job_inputs.c.job_id).where(job_inputs.c.source_id == inputs.c.id).exists()
    named = inputs.c.id.in_(select(cell(source, 0)).select_from(source))
    return Prepared(delete(inputs).where(named, inputs.c.expires_at.is_(None), ~used))


def _expire() -> Prepared:
    old = select(inputs.c.id).where(inputs.c.expires_at <= bindparam("at")).limit(bindparam("batch"))
    return Prepared(delete(inputs).where(inputs.c.id.in_(old)).returning(inputs.c.key))


def _waiting() -> Prepared:
    """What nothing waits for and nothing came of: never used, or only by jobs that were cancelled, even where the upload is
    deleted and one of these holds its bytes. A job costs nothing to cancel, and must not lift the quota.
    """
    unexpired = and_(inputs.c.owner == bindparam("of_owner"), inputs.c.expires_at > bindparam("at"))
    unused = select(inputs.c.key, inputs.c.bytes, inputs.c.expires_at).where(unexpired)
    known = union_all(unused, _in_vain()).subquery()
    once = select(func.max(known.c.bytes).label("bytes"), func.min(known.c.expires_at).label("expires_at"))
    kept = once.group_by(known.c.key).subquery()
    passing = func.sum(case((kept.c.expires_at.is_not(None), kept.c.bytes), else_=NONE)).label("passing")
    return Prepared(select(func.sum(kept.c.bytes).label("bytes"), passing, func.min(kept.c.expires_at).label("oldest")))


def _in_vain() -> Select[tuple[str, int, int | None]]:
    """Each upload is asked about once, however many jobs named it."""
    held = jobs.join(job_inputs, job_inputs.c.job_id == jobs.c.id)
    # The second half says to SQLite that the index of an owner's jobs applies.
    cancelled = text("limner_jobs.state = 'cancelled' AND limner_jobs.state <> 'queued'")
    mine = and_(jobs.c.owner == bindparam("of_owner"), cancelled, job_inputs.c.source == text("'input'"))
    named = select(job_inputs.c.source_id, job_inputs.c.key, job_inputs.c.bytes).select_from(held).where(mine)
    once = named.distinct().subquery()
    other, its_job = job_inputs.alias(), jobs.alias()
    needed = and_(
        other.c.source_id == once.c.source_id, its_job.c.id == other.c.job_id, its_job.c.state != text("'cancelled'")
    )
    return select(once.c.key, once.c.bytes, cast(null(), BigInteger).label("expires_at")).where(~exists().where(needed))


_WAITING = _waiting()
_ADD = Prepared(insert(inputs).values({name: bindparam(name) for name in (*FACTS, "created_at", "expires_at")}))
_FIND = Prepared(
    select(inputs).where(
        inputs.c.id == bindparam("wanted"), or_(inputs.c.expires_at.is_(None), inputs.c.expires_at > bindparam("at"))
    )
)
_DELETE = Prepared(delete(inputs).where(inputs.c.id == bindparam("wanted")).returning(inputs.c.key))
_DELETE_OF_OWNER = Prepared(delete(inputs).where(inputs.c.owner == bindparam("of_owner")).returning(inputs.c.key))
_DROP_LEFT = _drop_left()
_EXPIRE = _expire()
