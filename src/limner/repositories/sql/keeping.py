"""Keeping pictures, all of a group together: fenced one by one, then one statement a table for what goes with them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Text,
    Update,
    and_,
    bindparam,
    func,
    insert,
    select,
    text,
    update,
)

from limner.contracts.repository import NewImage
from limner.domain.errors import LeaseLost
from limner.domain.event import JobChanged
from limner.domain.job import JobState, Lease
from limner.repositories.sql.changes import CHANGED, leave, record
from limner.repositories.sql.lanes import ONE
from limner.repositories.sql.leases import leased
from limner.repositories.sql.moment import Moment
from limner.repositories.sql.outcomes import Ending, ended, ended_with, pictures_kept
from limner.repositories.sql.prepared import Prepared
from limner.repositories.sql.rows import NO_SEED, Row, decode_notes, encode_notes
from limner.repositories.sql.tables import calls, images, jobs
from limner.repositories.sql.usage import Entry, note_usage

SUCCESS = Ending(state=JobState.SUCCEEDED)
FACTS = ("id", "ordinal", "seed", "width", "height", "format", "bytes", "sha256", "color", "key")


@dataclass(frozen=True, slots=True)
class Keep:
    """A picture to keep; with `last` the job has succeeded."""

    lease: Lease
    image: NewImage
    last: bool


def keep_images(connection: Connection, keeps: Sequence[Keep], moment: Moment) -> list[JobChanged | LeaseLost]:
    """What changed or had, or that it was not this worker's to keep: then nothing did."""
    rows = [_keep(connection, keep, moment) for keep in keeps]
    kept = [row for row in rows if row is not None]
    over = [row for row in kept if row.finished_at is not None]
    leave(connection, over, moment, ran=True)
    note_usage(connection, [Entry(owner=row.owner, engine=row.engine, day=moment.day, pictures=1) for row in kept])
    changes = iter(record(connection, kept, moment, over=over))
    return [
        _kept_before(connection, keep) if row is None else next(changes) for keep, row in zip(keeps, rows, strict=True)
    ]


def _keep(connection: Connection, keep: Keep, moment: Moment) -> Row | None:
    fence = {"leased_job": keep.lease.job_id, "epoch": keep.lease.epoch, "new_ordinal": keep.image.ordinal}
    notes = _notes(connection, keep)
    row = (
        _KEEP_LAST.first(connection, **fence, all_notes=notes, **ended_with(SUCCESS, moment))
        if keep.last
        else _KEEP.first(connection, **fence, all_notes=notes)
    )
    if row is not None:
        facts = {name: getattr(keep.image, name) for name in FACTS}
        facts["seed"] = NO_SEED if keep.image.seed is None else keep.image.seed
        _INSERT.run(connection, **facts, job_id=row.id, owner=row.owner, seq=row.event_seq, created_at=moment.at)
        _CLOSE_CALL.run(connection, of_job=row.id, kept_ordinal=keep.image.ordinal)
    return row


def _kept_before(connection: Connection, keep: Keep) -> JobChanged | LeaseLost:
    """Where the answer was lost it is given again: this very claim kept the picture, because the key names its epoch."""
    fence = {"leased_job": keep.lease.job_id, "epoch": keep.lease.epoch, "new_ordinal": keep.image.ordinal}
    row = _KEPT.first(connection, **fence, of_key=keep.image.key)
    if row is None:
        return LeaseLost()
    state = JobState(row.state)
    if not (state.final if keep.last else state is JobState.RUNNING):
        return LeaseLost()
    return JobChanged(job_id=row.id, owner=row.owner, seq=row.seq, ended=state if keep.last else None)


def _notes(connection: Connection, keep: Keep) -> str | None:
    """The job's notes with those of the picture; pictures of one prompt mostly say the same. None: no news."""
    if not keep.image.notes:
        return None
    row = _NOTES.first(connection, of_job=keep.lease.job_id)
    known = () if row is None or row.notes is None else decode_notes(json.loads(row.notes))
    return encode_notes(dict.fromkeys((*known, *keep.image.notes)))


def _keeping() -> Update:
    """An ordinal is kept once."""
    ordinal: ColumnElement[int] = bindparam("new_ordinal", type_=Integer)
    there = select(images.c.id).where(images.c.job_id == jobs.c.id, images.c.ordinal == ordinal).exists()
    notes = func.coalesce(bindparam("all_notes", type_=Text), jobs.c.notes)
    return update(jobs).where(leased(), ~there).values(notes=notes).returning(*CHANGED)


def _kept() -> Prepared:
    columns = (jobs.c.id, jobs.c.owner, jobs.c.state, images.c.seq)
    mine = (jobs.c.id == bindparam("leased_job"), jobs.c.lease_epoch == bindparam("epoch"))
    same = (images.c.ordinal == bindparam("new_ordinal"), images.c.key == bindparam("of_key"))
    return Prepared(select(*columns).join(images, images.c.job_id == jobs.c.id).where(*mine, *same))


def _close_call() -> Prepared:
    """A call is done when all that it was for is kept: until then its handle may still be needed."""
    ordinal: ColumnElement[int] = bindparam("kept_ordinal", type_=Integer)
    beyond = calls.c.first_ordinal + calls.c.count
    kept = select(func.count()).where(
        images.c.job_id == calls.c.job_id, images.c.ordinal >= calls.c.first_ordinal, images.c.ordinal < beyond
    )
    covers = and_(calls.c.first_ordinal <= ordinal, beyond > ordinal)
    mine = and_(calls.c.job_id == bindparam("of_job"), calls.c.phase != text("'done'"), covers)
    return Prepared(update(calls).where(mine, kept.scalar_subquery() >= calls.c.count).values(phase=text("'done'")))


_KEEP = Prepared(_keeping().values(event_seq=jobs.c.event_seq + ONE))
_KEEP_LAST = Prepared(_keeping().values(ended(all_kept=pictures_kept() + ONE >= jobs.c.count)))
_INSERT = Prepared(
    insert(images).values({name: bindparam(name) for name in (*FACTS, "job_id", "owner", "seq", "created_at")})
)
_KEPT = _kept()
_CLOSE_CALL = _close_call()
_NOTES = Prepared(select(jobs.c.notes).where(jobs.c.id == bindparam("of_job")))
