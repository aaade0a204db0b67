"""Who used what: a row an owner, day and engine, and others for all owners together, which outlive them."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import BigInteger, ColumnElement, Connection, Text, bindparam, delete, func, or_, select, text
from sqlalchemy.dialects.postgresql import insert

from limner.domain.budget import Limit
from limner.domain.usage import EVERYBODY, DayOfUsage, Usage
from limner.repositories.sql.locks import is_shared
from limner.repositories.sql.moment import Moment
from limner.repositories.sql.prepared import Prepared, cells, elements, row_source
from limner.repositories.sql.rows import Row, encode, from_millionths
from limner.repositories.sql.tables import usage

COUNTS = ("pictures", "calls", "ambiguous_calls", "paid_bad_outputs", "cost")

PARTS = 64
"""Rows among which all owners are shared out where many processes write: whoever adds to a row keeps all others from it
until the end of the transaction.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is added to the ledger; `cost` in millionths."""

    owner: str
    engine: str
    day: str
    pictures: int = 0
    calls: int = 0
    ambiguous_calls: int = 0
    paid_bad_outputs: int = 0
    cost: int = 0


def note_usage(connection: Connection, entries: Iterable[Entry]) -> None:
    """One statement, however many there are; in one order, because others add to the same rows."""
    sums: defaultdict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0] * len(COUNTS))
    for entry in entries:
        for owner in (entry.owner, _together(connection, entry.owner)):
            row = sums[owner, entry.day, entry.engine]
            for place, name in enumerate(COUNTS):
                row[place] += getattr(entry, name)
    if sums:
        _ADD.run(connection, rows=encode([[*key, *counts] for key, counts in sorted(sums.items())]))


def usage_between(connection: Connection, owner: str, first: date, last: date) -> tuple[DayOfUsage, ...]:
    """Oldest first."""
    span = {"first_day": first.isoformat(), "last_day": last.isoformat()}
    return tuple(_decode(owner, row) for row in _BETWEEN.rows(connection, owners=_rows_of(owner), **span))


def spent(connection: Connection, limit: Limit, moment: Moment) -> int:
    """Millionths, in the limit's period so far."""
    row = _SPENT.rows(
        connection,
        owners=_rows_of(EVERYBODY if limit.owner is None else limit.owner),
        of_engine=limit.engine,
        first_day=limit.first_day(moment.now).isoformat(),
    )[0]
    return int(row.cost)


def forget_owner(connection: Connection, owner: str) -> None:
    _FORGET.run(connection, of_owner=owner)


def _together(connection: Connection, owner: str) -> str:
    """The row for all owners that this one adds to."""
    return _part(zlib.crc32(owner.encode()) % PARTS) if is_shared(connection) else EVERYBODY


def _part(number: int) -> str:
    """No owner has a control character in his name."""
    return f"{EVERYBODY}\x01{number}"


def _rows_of(owner: str) -> str:
    return encode([EVERYBODY, *map(_part, range(PARTS))] if owner == EVERYBODY else [owner])


def _decode(owner: str, row: Row) -> DayOfUsage:
    counts = {name: int(getattr(row, name)) for name in COUNTS if name != "cost"}
    return DayOfUsage(
        owner=owner,
        engine=row.engine,
        day=date.fromisoformat(row.day),
        usage=Usage(**counts, cost=from_millionths(int(row.cost))),
    )


def _add() -> Prepared:
    source = row_source()
    names = ("owner", "day", "engine", *COUNTS)
    rows = select(*cells(source, usage, names)).select_from(source).where(text("true"))
    statement = insert(usage).from_select(names, rows)
    added = {name: usage.c[name] + statement.excluded[name] for name in COUNTS}
    return Prepared(statement.on_conflict_do_update(index_elements=["owner", "day", "engine"], set_=added))


def _spent() -> Prepared:
    engine: ColumnElement[str] = bindparam("of_engine", type_=Text)
    mine = (_IS_OF_OWNER, usage.c.day >= bindparam("first_day"))
    total = func.coalesce(func.sum(usage.c.cost, type_=BigInteger), text("0")).label("cost")
    return Prepared(select(total).where(*mine, or_(engine.is_(None), usage.c.engine == engine)))


def _between() -> Prepared:
    sums = (func.sum(usage.c[name]).label(name) for name in COUNTS)
    span = usage.c.day.between(bindparam("first_day"), bindparam("last_day"))
    days = select(usage.c.day, usage.c.engine, *sums).where(_IS_OF_OWNER, span)
    return Prepared(days.group_by(usage.c.day, usage.c.engine).order_by(usage.c.day, usage.c.engine))


_IS_OF_OWNER = usage.c.owner.in_(elements("owners", usage.c.owner))
_ADD = _add()
_SPENT = _spent()
_BETWEEN = _between()
_FORGET = Prepared(delete(usage).where(usage.c.owner == bindparam("of_owner")))
