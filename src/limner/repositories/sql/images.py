"""Reading, hiding and restoring pictures' facts."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, bindparam, exists, null, or_, select, update

from limner.contracts.repository import NamedBytes
from limner.domain.event import JobChanged
from limner.domain.image import Image
from limner.repositories.sql.changes import CHANGED, record
from limner.repositories.sql.jobs import LAST_ID
from limner.repositories.sql.lanes import ONE
from limner.repositories.sql.moment import Moment
from limner.repositories.sql.prepared import Prepared, cell, row_source
from limner.repositories.sql.rows import decode_image, encode
from limner.repositories.sql.tables import images, jobs


def find_image(connection: Connection, image_id: str) -> Image | None:
    row = _FIND.first(connection, wanted=image_id)
    return None if row is None else decode_image(row)


def page_of_images(connection: Connection, owner: str, before: str | None, limit: int) -> tuple[Image, ...]:
    """Newest first, without deleted ones."""
    rows = _PAGE.rows(connection, of_owner=owner, before=before or LAST_ID, at_most=limit)
    return tuple(decode_image(row) for row in rows)


def named_bytes(connection: Connection, after: str, limit: int) -> tuple[NamedBytes, ...]:
    """Of deleted pictures, too."""
    rows = _NAMED.rows(connection, after=after, at_most=limit)
    return tuple(NamedBytes(key=row.key, size=row.bytes, sha256=row.sha256) for row in rows)


def known_keys(connection: Connection, keys: Collection[str]) -> frozenset[str]:
    """One statement, so one moment: a picture is kept and its job ended in one transaction."""
    rows = encode([[key, key.partition("/")[0]] for key in keys])
    return frozenset(row.key for row in _KNOWN.rows(connection, rows=rows))


def delete_image(connection: Connection, image_id: str, moment: Moment) -> JobChanged | None:
    """Hidden until it is restored or purged. None: there is none, or it is hidden already."""
    row = _DELETE.first(connection, wanted=image_id, at=moment.at)
    return None if row is None else touch(connection, row.job_id, moment)


def restore_image(connection: Connection, image_id: str, moment: Moment) -> JobChanged | None:
    row = _RESTORE.first(connection, wanted=image_id)
    return None if row is None else touch(connection, row.job_id, moment)


def touch(connection: Connection, job_id: str, moment: Moment) -> JobChanged:
    """Something about the job's pictures changed."""
    return record(connection, _TOUCH.rows(connection, of_job=job_id), moment)[0]


def _known() -> Prepared:
    source = row_source()
    key = cell(source, 0)
    named = exists().where(images.c.key == key)
    unfinished = exists().where(jobs.c.id == cell(source, 1), jobs.c.finished_at.is_(None))
    return Prepared(select(key.label("key")).select_from(source).where(or_(named, unfinished)))


_FIND = Prepared(select(images).where(images.c.id == bindparam("wanted")))
_PAGE = Prepared(
    select(images)
    .where(images.c.owner == bindparam("of_owner"), images.c.deleted_at.is_(None), images.c.id < bindparam("before"))
    .order_by(images.c.id.desc())
    .limit(bindparam("at_most"))
)
_NAMED = Prepared(
    select(images.c.key, images.c.bytes, images.c.sha256)
    .where(images.c.key > bindparam("after"))
    .order_by(images.c.key)
    .limit(bindparam("at_most"))
)
_KNOWN = _known()
_DELETE = Prepared(
    update(images)
    .where(images.c.id == bindparam("wanted"), images.c.deleted_at.is_(None))
    .values(deleted_at=bindparam("at"))
    .returning(images.c.job_id)
)
_RESTORE = Prepared(
    update(images)
    .where(images.c.id == bindparam("wanted"), images.c.deleted_at.is_not(None))
    .values(deleted_at=null())
    .returning(images.c.job_id)
)
_TOUCH = Prepared(
    update(jobs).where(jobs.c.id == bindparam("of_job")).values(event_seq=jobs.c.event_seq + ONE).returning(*CHANGED)
)
