"""Reading, hiding and restoring pictures' facts."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, null, select, update

from limner.domain.event import JobChanged
from limner.domain.image import Image
from limner.repositories.sql.changes import CHANGED, record
from limner.repositories.sql.jobs import LAST_ID
from limner.repositories.sql.lanes import ONE
from limner.repositories.sql.moment import Moment
from limner.repositories.sql.prepared import Prepared
from limner.repositories.sql.rows import decode_image
from limner.repositories.sql.tables import images, jobs


def find_image(connection: Connection, image_id: str) -> Image | None:
    row = _FIND.first(connection, wanted=image_id)
    return None if row is None else decode_image(row)


def page_of_images(connection: Connection, owner: str, before: str | None, limit: int) -> tuple[Image, ...]:
    """Newest first, without deleted ones."""
    rows = _PAGE.rows(connection, of_owner=owner, before=before or LAST_ID, at_most=limit)
    return tuple(decode_image(row) for row in rows)


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


_FIND = Prepared(select(images).where(images.c.id == bindparam("wanted")))
_PAGE = Prepared(
    select(images)
    .where(images.c.owner == bindparam("of_owner"), images.c.deleted_at.is_(None), images.c.id < bindparam("before"))
    .order_by(images.c.id.desc())
    .limit(bindparam("at_most"))
)
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
