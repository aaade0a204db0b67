"""Letting go what has had its time. Each part works through a bounded batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import BigInteger, Connection, and_, bindparam, delete, func, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from limner.domain.policy import Policy
from limner.repositories.sql.deleting import drop_jobs
from limner.repositories.sql.engine_states import forget_old
from limner.repositories.sql.images import delete_image
from limner.repositories.sql.inputs import expire_inputs
from limner.repositories.sql.keys import drop_expired
from limner.repositories.sql.moment import Moment
from limner.repositories.sql.prepared import Prepared
from limner.repositories.sql.stored import unnamed
from limner.repositories.sql.tables import FINISHED, events, facts, idempotency, images, jobs, outbox
from limner.repositories.sql.upkeep import Upkeep

BATCH = 500
JOBS = 100
"""Fewer, because each may have many pictures."""
SCANNED_EVENTS = 5000
FOR_EVER = NOTHING = -1
BETWEEN = -2
"""The image_age while rows are dated again: some by the one before, some by the one to come."""
REDATES = 2000
IMAGE_AGE = "image_age"
REDATED = "redated_to_"
"""With an age behind it, the fact up to which end of jobs their rows are dated by it."""


def expire(connection: Connection, policy: Policy, moment: Moment) -> Upkeep:
    """One batch of everything but the quota."""
    if _dates_again(connection, moment.image_age):
        return Upkeep(more=True)  # by their old dates nothing may go
    forget_old(connection, moment)
    restorable_since = moment.before(policy.restore_window)
    purged = [row.key for row in _PURGE.rows(connection, deleted_before=restorable_since, batch=BATCH)]
    unused = expire_inputs(connection, moment, BATCH)
    aged = [row.id for row in _AGED.rows(connection, at=moment.at, batch=JOBS)]
    counts = Counter(
        {
            "images_purged": len(purged),
            "inputs_expired": len(unused),
            "jobs_expired": len(aged),
            "events": _drop_old_events(connection, moment.before(policy.events_kept)),
            "idempotency_keys": _OLD_KEYS.run(connection, bound=moment.before(policy.idempotency_kept), batch=BATCH),
            "sessions_and_links": drop_expired(connection, moment, BATCH),
            "outbox": _OLD_ENTRIES.run(connection, bound=moment.before(policy.events_kept), batch=BATCH),
        }
    )
    return Upkeep(
        keys=[*unnamed(connection, purged), *unused, *drop_jobs(connection, aged)],
        counts=counts,
        more=len(aged) >= JOBS or any(count >= BATCH for count in counts.values()),
    )


def beyond_quota(connection: Connection, quota: int) -> tuple[str, ...]:
    """The oldest pictures of owners who keep more bytes than `quota`."""
    owners = _OVER_QUOTA.rows(connection, quota=quota)
    return tuple(image_id for row in owners for image_id in _oldest(connection, row.owner, row.bytes - quota))


def hide(connection: Connection, image_ids: Sequence[str], moment: Moment) -> Upkeep:
    """Like a delete by the owner: restorable for a while, then purged."""
    hidden = [delete_image(connection, image_id, moment) for image_id in image_ids]
    changes = [changed for changed in hidden if changed]
    return Upkeep(changes=changes, counts=Counter(images_beyond_quota=len(changes)))


def _oldest(connection: Connection, owner: str, excess: int) -> Sequence[str]:
    found: list[str] = []
    for row in _OLDEST.rows(connection, of_owner=owner, batch=BATCH):
        if excess <= 0:
            break
        excess -= row.bytes
        found.append(row.id)
    return found


def _drop_old_events(connection: Connection, bound: int) -> int:
    """Events of jobs that ended before; the oldest events belong to the oldest jobs, so few others are looked at."""
    return _OLD_EVENTS.run(connection, bound=bound, scanned=SCANNED_EVENTS)


def _dates_again(connection: Connection, image_age: float | None) -> bool:
    """Finished rows were dated by the retention of their day; when it is set anew they are dated again, from one batch
    to the next. False: they all are.
    """
    age = FOR_EVER if image_age is None else int(image_age * 1000)
    if age == _fact(connection, IMAGE_AGE):
        return False
    place = f"{REDATED}{age}"
    after = _fact(connection, place)
    if after == NOTHING:
        _FORGET_PLACES.run(connection)  # of another age, which was not reached
        _SET_FACT.run(connection, name=IMAGE_AGE, value=BETWEEN)
    until = _END_OF_BATCH.rows(connection, after=after, batch=REDATES)[0].until
    if until is None:
        _SET_FACT.run(connection, name=IMAGE_AGE, value=age)
        _FORGET_PLACES.run(connection)
        return False
    for statement in (_REDATE_JOBS, _REDATE_IMAGES):
        statement.run(connection, age=None if age == FOR_EVER else age, after=after, until=until)
    _SET_FACT.run(connection, name=place, value=until)
    return True


def _fact(connection: Connection, name: str) -> int:
    row = _FACT.first(connection, wanted=name)
    return NOTHING if row is None else int(row.value)


def _purge() -> Prepared:
    """While a job runs, a deleted picture's row says that it was painted."""
    ended = select(jobs.c.id).where(jobs.c.id == images.c.job_id, text(f"limner_jobs.{FINISHED}")).exists()
    gone = select(images.c.id).where(images.c.deleted_at <= bindparam("deleted_before"), ended)
    return Prepared(delete(images).where(images.c.id.in_(gone.limit(bindparam("batch")))).returning(images.c.key))


def _old_events() -> Prepared:
    oldest = select(events).order_by(events.c.position).limit(bindparam("scanned")).subquery()
    ended = and_(oldest.c.at <= bindparam("bound"), jobs.c.finished_at <= bindparam("bound"))
    old = select(oldest.c.position).select_from(oldest.join(jobs, jobs.c.id == oldest.c.job_id)).where(ended)
    return Prepared(delete(events).where(events.c.position.in_(old)))


def _old_keys() -> Prepared:
    old = select(idempotency.c.owner, idempotency.c.key).where(idempotency.c.created_at <= bindparam("bound"))
    pair = tuple_(idempotency.c.owner, idempotency.c.key)
    return Prepared(delete(idempotency).where(pair.in_(old.limit(bindparam("batch")))))


def _old_entries() -> Prepared:
    """Where no process has hooks, nobody asks for these."""
    old = select(outbox.c.job_id).where(outbox.c.due_at <= bindparam("bound")).limit(bindparam("batch"))
    return Prepared(delete(outbox).where(outbox.c.job_id.in_(old)))


def _over_quota() -> Prepared:
    kept = func.sum(images.c.bytes)
    by_owner = select(images.c.owner, kept.label("bytes")).where(images.c.deleted_at.is_(None))
    return Prepared(by_owner.group_by(images.c.owner).having(kept > bindparam("quota")))


def _set_fact() -> Prepared:
    statement = insert(facts).values(name=bindparam("name"), value=bindparam("value"))
    return Prepared(statement.on_conflict_do_update(index_elements=["name"], set_={"value": statement.excluded.value}))


def _end_of_batch() -> Prepared:
    """Jobs that ended at the same instant stay together."""
    ends = select(jobs.c.finished_at).where(jobs.c.finished_at > bindparam("after")).order_by(jobs.c.finished_at)
    return Prepared(select(func.max(ends.limit(bindparam("batch")).subquery().c.finished_at).label("until")))


def _redate_images() -> Prepared:
    ended = select(jobs.c.finished_at).where(jobs.c.id == images.c.job_id).scalar_subquery()
    of_batch = images.c.job_id.in_(select(jobs.c.id).where(_IN_BATCH))
    return Prepared(update(images).where(of_batch).values(expires_at=ended + bindparam("age", type_=BigInteger)))


_IN_BATCH = and_(jobs.c.finished_at > bindparam("after"), jobs.c.finished_at <= bindparam("until"))
_PURGE = _purge()
_AGED = Prepared(
    select(jobs.c.id).where(jobs.c.expires_at <= bindparam("at"), text(FINISHED)).limit(bindparam("batch"))
)
_OLD_EVENTS = _old_events()
_OLD_KEYS = _old_keys()
_OLD_ENTRIES = _old_entries()
_OVER_QUOTA = _over_quota()
_OLDEST = Prepared(
    select(images.c.id, images.c.bytes)
    .where(images.c.owner == bindparam("of_owner"), images.c.deleted_at.is_(None))
    .order_by(images.c.id)
    .limit(bindparam("batch"))
)
_FACT = Prepared(select(facts.c.value).where(facts.c.name == bindparam("wanted")))
_SET_FACT = _set_fact()
_FORGET_PLACES = Prepared(delete(facts).where(facts.c.name.startswith(text(f"'{REDATED}'"))))
_END_OF_BATCH = _end_of_batch()
_REDATE_JOBS = Prepared(
    update(jobs).where(_IN_BATCH).values(expires_at=jobs.c.finished_at + bindparam("age", type_=BigInteger))
)
_REDATE_IMAGES = _redate_images()
