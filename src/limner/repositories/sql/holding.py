"""What jobs hold of the pictures that they start from: theirs for good, whatever becomes of the upload or the image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    bindparam,
    insert,
    null,
    or_,
    select,
    text,
    union_all,
    update,
)

from limner.domain.input import HeldInput, InputReference
from limner.domain.job import Job
from limner.repositories.sql.moment import Moment
from limner.repositories.sql.prepared import Prepared, cell, cells, row_source
from limner.repositories.sql.rows import Row, decode_held, encode
from limner.repositories.sql.tables import images, inputs, job_inputs

Holding = tuple[Job, Sequence[HeldInput]]
"""A job at the door, and what it wants to hold."""

FACTS = ("width", "height", "format", "bytes", "sha256", "key")
COLUMNS = ("job_id", "position", "owner", "role", "source", "source_id", *FACTS)


def find_held(connection: Connection, owner: str, references: Sequence[InputReference]) -> tuple[HeldInput | None, ...]:
    """What is known of what they name, in their order: also what only a job of the owner's still holds."""
    asked = [[place, *source_of(reference)] for place, reference in enumerate(references)]
    found: dict[int, Row] = {}
    for row in _FIND.rows(connection, rows=encode(asked), of_owner=owner):
        found.setdefault(row.place, row)
    return tuple(
        decode_held(found[place], reference) if place in found else None for place, reference in enumerate(references)
    )


def held_by(connection: Connection, job_id: str) -> tuple[HeldInput, ...]:
    """In the order of the request."""
    return tuple(decode_held(row, reference_of(row)) for row in _HELD_BY.rows(connection, of_job=job_id))


def held_by_all(connection: Connection, job_ids: Sequence[str]) -> Sequence[Row]:
    """Keys and sources of what jobs hold that are about to go."""
    return _HELD_BY_ALL.rows(connection, rows=encode([[job_id] for job_id in job_ids]))


def unusable(connection: Connection, holdings: Sequence[Holding], moment: Moment) -> dict[str, list[int]]:
    """Places of inputs, by job, that a new job may not have: gone since they were looked up."""
    asked = [
        [job.id, place, *source_of(held.reference), job.owner, job.retry_of]
        for job, inputs_held in holdings
        for place, held in enumerate(inputs_held)
    ]
    gone: dict[str, list[int]] = {}
    for row in _UNUSABLE.rows(connection, rows=encode(asked), at=moment.at) if asked else ():
        gone.setdefault(row.job_id, []).append(row.place)
    return gone


def hold(connection: Connection, holdings: Sequence[Holding]) -> None:
    """From now on the uploads do not expire by themselves."""
    rows = [row for holding in holdings for row in _rows_of(*holding)]
    if rows:
        _HOLD.run(connection, rows=encode(rows))
        _KEEP.run(connection, rows=encode([[row[COLUMNS.index("source_id")]] for row in rows]))


def source_of(reference: InputReference) -> tuple[str, str]:
    if reference.image is not None:
        return "image", reference.image
    return "input", reference.input or ""


def reference_of(row: Row) -> InputReference:
    return InputReference(role=row.role, **{row.source: row.source_id})


def _rows_of(job: Job, inputs_held: Sequence[HeldInput]) -> Iterator[list[object]]:
    for place, held in enumerate(inputs_held):
        facts = [getattr(held, name) for name in FACTS]
        yield [job.id, place, job.owner, held.reference.role, *source_of(held.reference), *facts]


def _find() -> Prepared:
    """The upload or the image itself before what jobs hold of it: only those may be had by new jobs."""
    there = [_among(inputs, inputs.c.id, "input"), _among(images, images.c.id, "image")]
    held = [_among(job_inputs, job_inputs.c.source_id, source) for source in ("input", "image")]
    known = union_all(*there, *held).subquery()
    return Prepared(select(known))


def _among(table: Table, id_: ColumnElement[str], source_name: str) -> Select[tuple[object, ...]]:
    source = row_source()
    wanted = and_(cell(source, 1) == text(f"'{source_name}'"), id_ == cell(source, 2))
    facts = [table.c[name] for name in FACTS]
    place = cell(source, 0, job_inputs.c.position)
    found = select(place.label("place"), *facts).select_from(source.join(table, wanted))
    mine = table.c.owner == bindparam("of_owner")
    return found.where(mine, table.c.source == text(f"'{source_name}'")) if table is job_inputs else found.where(mine)


def _held_by_all() -> Prepared:
    source = row_source()
    joined = source.join(job_inputs, job_inputs.c.job_id == cell(source, 0))
    return Prepared(select(job_inputs.c.key, job_inputs.c.source_id).select_from(joined))


def _unusable() -> Prepared:
    """A retry may have what the job that it repeats holds."""
    source = row_source()
    place = cell(source, 1, job_inputs.c.position)
    job_id, kind, source_id, owner, retry_of = (cell(source, at) for at in (0, 2, 3, 4, 5))
    unexpired = or_(inputs.c.expires_at.is_(None), inputs.c.expires_at > bindparam("at"))
    uploaded = select(inputs.c.id).where(inputs.c.id == source_id, inputs.c.owner == owner, unexpired).exists()
    shown = images.c.deleted_at.is_(None)
    painted = select(images.c.id).where(images.c.id == source_id, images.c.owner == owner, shown).exists()
    repeated = (
        select(job_inputs.c.job_id)
        .where(job_inputs.c.job_id == retry_of, job_inputs.c.owner == owner, job_inputs.c.source_id == source_id)
        .exists()
    )
    there = or_(and_(kind == text("'input'"), uploaded), and_(kind == text("'image'"), painted), repeated)
    return Prepared(select(job_id.label("job_id"), place.label("place")).select_from(source).where(~there))


def _hold() -> Prepared:
    source = row_source()
    rows = select(*cells(source, job_inputs, COLUMNS)).select_from(source)
    return Prepared(insert(job_inputs).from_select(COLUMNS, rows))


def _keep() -> Prepared:
    source = row_source()
    named = inputs.c.id.in_(select(cell(source, 0)).select_from(source))
    return Prepared(update(inputs).where(named).values(expires_at=null()))


_FIND = _find()
_HELD_BY = Prepared(
    select(job_inputs).where(job_inputs.c.job_id == bindparam("of_job")).order_by(job_inputs.c.position)
)
_HELD_BY_ALL = _held_by_all()
_UNUSABLE = _unusable()
_HOLD = _hold()
_KEEP = _keep()
