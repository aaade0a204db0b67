"""Engines that have trouble: a table that is empty on good days, so that a claim reads it whole."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Integer, and_, bindparam, delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from limner.domain.engine_state import ACCOUNT_CODES, EngineState, after_trouble, trouble_of
from limner.domain.errors import EngineError
from limner.domain.policy import DAY, Policy
from limner.repositories.sql.lanes import NONE
from limner.repositories.sql.moment import Moment
from limner.repositories.sql.prepared import Prepared
from limner.repositories.sql.rows import Row, to_milliseconds, to_time, to_time_or_none
from limner.repositories.sql.tables import engine_state


def engine_states(connection: Connection, moment: Moment) -> dict[str, EngineState]:
    """By engine; what another credential met does not hold for the one in use."""
    rows = _ALL.rows(connection)
    return {row.engine: _decode(row) for row in rows if row.credential == _credential(row.engine, moment)}


def blocked_until(connection: Connection, moment: Moment) -> dict[str, datetime | None]:
    """Of the engines that are blocked now."""
    states = engine_states(connection, moment)
    return {engine: state.blocked_until for engine, state in states.items() if state.is_blocked(moment.now)}


def note_trouble(
    connection: Connection, engine: str, error: EngineError, moment: Moment, *, probe: bool, policy: Policy
) -> tuple[EngineState, EngineState | None]:
    """The state now, and the one before."""
    credential = _credential(engine, moment)
    row = _FIND.first(connection, of_engine=engine, of_credential=credential)
    known = None if row is None else _decode(row)
    trouble = trouble_of(engine, credential, error, probe=probe)
    state = after_trouble(known, trouble, now=to_time(moment.at), policy=policy)
    _PUT.run(
        connection,
        engine=engine,
        credential=credential,
        code=state.code,
        detail=state.detail,
        failures=state.failures,
        blocked_until=None if state.blocked_until is None else to_milliseconds(state.blocked_until),
        noted_at=moment.at,
    )
    return state, known


def note_recovery(connection: Connection, engine: str, moment: Moment, *, probe: bool) -> None:
    credential = _credential(engine, moment)
    _FORGET.run(connection, of_engine=engine, of_credential=credential, at=moment.at, on_probe=int(probe))


def hold_probe(connection: Connection, state: EngineState, policy: Policy, moment: Moment) -> None:
    """One at a time: should the probe vanish, the next one comes after a pause."""
    until = moment.after(policy.breaker_pause)
    _HOLD.run(connection, of_engine=state.engine, of_credential=state.credential, until=until)


def forget_old(connection: Connection, moment: Moment) -> None:
    _FORGET_OLD.run(connection, before=moment.before(DAY), at=moment.at)


def _credential(engine: str, moment: Moment) -> str:
    return moment.credentials.get(engine, "")


def _decode(row: Row) -> EngineState:
    return EngineState(
        engine=row.engine,
        credential=row.credential,
        code=row.code,
        detail=row.detail,
        failures=row.failures,
        blocked_until=to_time_or_none(row.blocked_until),
    )


def _one() -> ColumnElement[bool]:
    return and_(
        engine_state.c.engine == bindparam("of_engine"), engine_state.c.credential == bindparam("of_credential")
    )


def _put() -> Prepared:
    statement = insert(engine_state).values({column.name: bindparam(column.name) for column in engine_state.c})
    keys = ("engine", "credential")
    new = {column.name: statement.excluded[column.name] for column in engine_state.c if column.name not in keys}
    return Prepared(statement.on_conflict_do_update(index_elements=keys, set_=new))


def _over() -> ColumnElement[bool]:
    """Nothing blocks any more."""
    until = engine_state.c.blocked_until
    return or_(until.is_(None), until <= bindparam("at"))


def _forget() -> Prepared:
    """What was under way when the money ran out says nothing of an account: that is for the probe to say."""
    healed = and_(_over(), *(engine_state.c.code != code for code in ACCOUNT_CODES))
    return Prepared(delete(engine_state).where(_one(), or_(healed, bindparam("on_probe", type_=Integer) > NONE)))


_ALL = Prepared(select(engine_state))
_FIND = Prepared(select(engine_state).where(_one()))
_PUT = _put()
_HOLD = Prepared(update(engine_state).where(_one()).values(blocked_until=bindparam("until")))
_FORGET = _forget()
_FORGET_OLD = Prepared(delete(engine_state).where(engine_state.c.noted_at <= bindparam("before"), _over()))
