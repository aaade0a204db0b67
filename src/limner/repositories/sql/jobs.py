"""Reading jobs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Connection, Select, and_, bindparam, or_, select, text, union_all

from limner.domain.event import ProgressTick
from limner.domain.image import Image
from limner.domain.job import Job, JobState
from limner.repositories.sql.engine_states import blocked_until
from limner.repositories.sql.moment import Moment
from limner.repositories.sql.prepared import Prepared, cell, elements, row_source
from limner.repositories.sql.rows import Row, decode_image, decode_job, decode_progress, encode
from limner.repositories.sql.tables import DELAYED, NOT_READY, READY, images, jobs

LAST_ID = "g"
"""Above every id: they are hexadecimal."""


def find_job(connection: Connection, job_id: str, moment: Moment) -> Job | None:
    row = _FIND.first(connection, wanted=job_id)
    return None if row is None else with_images(connection, [row], moment)[0]


def load_jobs(connection: Connection, job_ids: Collection[str], moment: Moment) -> tuple[Job, ...]:
    """Those that are there, in no order."""
    return with_images(connection, _LOAD.rows(connection, rows=_listed(job_ids)), moment)


def page_of_jobs(
    connection: Connection,
    owner: str,
    moment: Moment,
    *,
    state: JobState | None,
    reference: str | None,
    before: str | None,
    limit: int,
) -> tuple[Job, ...]:
    """Newest first."""
    page = {"of_owner": owner, "before": before or LAST_ID, "at_most": limit}
    if reference is not None:
        states = [state] if state else list(JobState)
        rows = _REFERENCE_PAGE.rows(connection, **page, of_reference=reference, states=encode(states))
    elif state is not None:
        rows = _STATE_PAGES[state].rows(connection, **page)
    else:
        rows = _PAGE.rows(connection, **page)
    return with_images(connection, rows, moment)


def with_images(connection: Connection, rows: Sequence[Row], moment: Moment) -> tuple[Job, ...]:
    painted = [row.id for row in rows if row.attempt or row.lease_epoch]
    kept: defaultdict[str, list[Image]] = defaultdict(list)
    if painted:
        for row in _IMAGES.rows(connection, rows=_listed(painted)):
            kept[row.job_id].append(decode_image(row))
    waits = any(row.state == "queued" for row in rows)
    blocked = blocked_until(connection, moment) if waits else {}
    return tuple(decode_job(row, tuple(kept[row.id]), blocked.get(row.engine)) for row in rows)


def progress_of(connection: Connection, job_ids: Collection[str]) -> tuple[ProgressTick, ...]:
    ticks = []
    for row in _PROGRESS.rows(connection, rows=_listed(job_ids)):
        last = decode_progress(row.progress)
        ticks.append(
            ProgressTick(
                job_id=row.id,
                owner=row.owner,
                fraction=last.fraction,
                step=last.step,
                steps=last.steps,
                eta_seconds=last.eta_seconds,
            )
        )
    return tuple(ticks)


def cancels_among(connection: Connection, job_ids: Collection[str]) -> frozenset[str]:
    """Also those that are gone: what nobody can fetch need not be painted."""
    return frozenset(row.id for row in _CANCELS.rows(connection, rows=_listed(job_ids)))


def _listed(ids: Collection[str]) -> str:
    return encode([[id_] for id_ in ids])


def _among(*columns: ColumnElement[Any]) -> Select[Any]:
    source = row_source()
    return select(*columns).select_from(source.join(jobs, jobs.c.id == cell(source, 0)))


def _cancels_statement() -> Prepared:
    source = row_source()
    asked_for = cell(source, 0)
    found = select(asked_for.label("id")).select_from(source.outerjoin(jobs, jobs.c.id == asked_for))
    cancelled = and_(jobs.c.cancel_requested_at.is_not(None), jobs.c.finished_at.is_(None))
    return Prepared(found.where(or_(jobs.c.id.is_(None), cancelled)))


def _images_statement() -> Prepared:
    source = row_source()
    found = select(images).select_from(source.join(images, images.c.job_id == cell(source, 0)))
    return Prepared(found.order_by(images.c.job_id, images.c.ordinal))


def ids_of(owner: ColumnElement[str]) -> CompoundSelect[str]:
    """All jobs of an owner: each is in one of two indexes."""
    mine = select(jobs.c.id).where(jobs.c.owner == owner)
    return union_all(mine.where(text(READY)), mine.where(text(NOT_READY)))


def _newest(where: str) -> Select[Any]:
    mine = select(jobs.c.id).where(jobs.c.owner == bindparam("of_owner"), text(where), jobs.c.id < bindparam("before"))
    return mine.order_by(jobs.c.id.desc()).limit(bindparam("at_most"))


def _page_statement(states: Sequence[JobState]) -> Prepared:
    """An index holds one list a state; the newest of all are among the newest of each."""
    shelves = [f"state = '{state}' AND state <> 'queued'" for state in states if state is not JobState.QUEUED]
    if JobState.QUEUED in states:
        shelves += [READY, DELAYED]
    newest = union_all(*(select(_newest(shelf).subquery().c.id) for shelf in shelves)).subquery()
    page = select(newest.c.id).order_by(newest.c.id.desc()).limit(bindparam("at_most")).subquery()
    return Prepared(select(jobs).select_from(page.join(jobs, jobs.c.id == page.c.id)).order_by(jobs.c.id.desc()))


def _reference_page_statement() -> Prepared:
    mine = (jobs.c.owner == bindparam("of_owner")) & (jobs.c.reference == bindparam("of_reference"))
    found = select(jobs).where(
        mine, jobs.c.id < bindparam("before"), jobs.c.state.in_(elements("states", jobs.c.state))
    )
    return Prepared(found.order_by(jobs.c.id.desc()).limit(bindparam("at_most")))


_FIND = Prepared(select(jobs).where(jobs.c.id == bindparam("wanted")))
_LOAD = Prepared(_among(*jobs.c))
_PROGRESS = Prepared(
    _among(jobs.c.id, jobs.c.owner, jobs.c.progress).where(
        jobs.c.state == text("'running'"), jobs.c.progress.is_not(None)
    )
)
_CANCELS = _cancels_statement()
_IMAGES = _images_statement()
_PAGE = _page_statement(list(JobState))
_STATE_PAGES = {state: _page_statement([state]) for state in JobState}
_REFERENCE_PAGE = _reference_page_statement()
