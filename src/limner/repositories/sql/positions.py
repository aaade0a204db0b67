"""Places in the log of changes from which a watcher goes on, as text.

On SQLite positions are given in commit order, so one number says what was seen. On Postgres a transaction with a lower
position may commit after one with a higher: those that were missing are remembered beside the number until they come, or
until no transaction can be so old. What happened to one owner is in order there, too: his transactions come one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, column, func, select, table, text

from limner.repositories.sql.lanes import ONE
from limner.repositories.sql.locks import is_shared
from limner.repositories.sql.moment import Moment
from limner.repositories.sql.prepared import Prepared
from limner.repositories.sql.tables import events

BEGINNING = 0
FIRST = 1
LONGEST = 25.0
"""Seconds after its beginning within which a transaction is committed or undone."""
SETTLED = 2 * LONGEST + 10.0
"""Seconds after the date of an event when no lower position can come any more: the event may have come so long after its
date, and another transaction taken its position so long before it commits; the rest is for the commit itself, which nothing
bounds: where it takes longer (a standby that must hear of it is away), followers of everybody may miss a change.
"""
MOST_MISSING = 10_000
"""Remembered at most, the newest: of those the transactions may still be under way. One that is undone takes up to a
group's positions with it.
"""
SCANNED = 20_000
"""Events that are looked through, one after the other, from where a watcher is; further away other ways are shorter."""


@dataclass(frozen=True, slots=True)
class Position:
    """All up to `at` was seen, but for `missing`."""

    at: int
    missing: tuple[int, ...] = ()

    def __str__(self) -> str:
        return ".".join(map(str, (self.at, *self.missing)))

    def after(self, seen: Sequence[int], settled: int) -> Position:
        """Once these were seen, in order; up to `settled` nothing can come any more."""
        reached = max((self.at, settled, *seen[-1:]))
        new = set(range(max(self.at, settled) + 1, reached)) - set(seen)
        missing = sorted(place for place in {*self.missing, *new} - set(seen) if place > settled)
        return Position(reached, tuple(missing[-MOST_MISSING:]))


def parsed(position: str, last: int) -> Position | None:
    """None: it is of another database."""
    numbers = position.split(".")
    if not all(_is_number(number) for number in numbers) or int(numbers[0]) > last:
        return None
    return Position(int(numbers[0]), tuple(map(int, numbers[1 : MOST_MISSING + 1])))


def last_position(connection: Connection) -> int:
    """The newest given, also when its job is gone: the newest that is left would make a position that a watcher holds
    look foreign.
    """
    row = (_LAST_RESERVED if is_shared(connection) else _LAST_GIVEN).first(connection)
    return BEGINNING if row is None else int(row.position)


def settled_position(connection: Connection, last: int, moment: Moment, known: Position | None) -> int:
    """Up to which nothing can come any more: looked for from what was just seen, or back from the end."""
    if not is_shared(connection):
        return last
    if known is None:
        return old_position(connection, moment)
    begin = min(known.missing, default=known.at + 1) - 1
    if last - begin > SCANNED:
        return max(begin, old_position(connection, moment))
    young = _FIRST_YOUNG.first(connection, after=begin, bound=moment.before(SETTLED))
    old = _LAST_BELOW.first(connection, below=last + 1 if young is None else young.position)
    return begin if old is None else max(begin, int(old.position))


def old_position(connection: Connection, moment: Moment) -> int:
    """The newest that nothing can come before any more."""
    row = _LAST_OLD.first(connection, bound=moment.before(SETTLED))
    return BEGINNING if row is None else int(row.position)


def go_on_behind(connection: Connection, last: int) -> None:
    """On Postgres, once events came with the positions that they have: new ones get higher ones."""
    connection.execute(select(func.setval(_SEQUENCE.name, max(last, FIRST), last >= FIRST)))


def _is_number(found: str) -> bool:
    return found.isascii() and found.isdecimal() and len(found) < 19


_COUNTERS = table("sqlite_sequence", column("name"), column("seq"))
_LAST_GIVEN = Prepared(select(_COUNTERS.c.seq.label("position")).where(_COUNTERS.c.name == text(f"'{events.name}'")))
_SEQUENCE = table("limner_events_position_seq", column("last_value"))
_LAST_RESERVED = Prepared(select(_SEQUENCE.c.last_value.label("position")))
_POSITIONS = select(events.c.position).limit(ONE)
_LAST_OLD = Prepared(_POSITIONS.where(events.c.at <= bindparam("bound")).order_by(events.c.position.desc()))
_FIRST_YOUNG = Prepared(
    _POSITIONS.where(events.c.position > bindparam("after"), events.c.at > bindparam("bound")).order_by(
        events.c.position
    )
)
_LAST_BELOW = Prepared(_POSITIONS.where(events.c.position < bindparam("below")).order_by(events.c.position.desc()))
