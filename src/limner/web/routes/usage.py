"""What was painted and what it cost."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError
from starlette.responses import Response

from limner.actions.tell_usage import tell_usage
from limner.domain.usage import DayOfUsage, total_of
from limner.web import operation
from limner.web.access import MayReadJobs
from limner.web.encoding import encode
from limner.web.operation import add, answer
from limner.web.schemas import LimnerUsagePage
from limner.web.telling import tagged_response


def _day(text: Any) -> date:
    """Pydantic's own dates may be written as numbers, too."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise PydanticCustomError("date_parsing", "it must be a date")
    return day


Day = Annotated[date, BeforeValidator(_day)]
FirstDay = Annotated[Day | None, Query(alias="from", description="The first day (UTC); the first of the month.")]
LastDay = Annotated[Day | None, Query(alias="to", description="The last day; today.")]
Owner = Annotated[str | None, Query(description="Another user; needs `operate`.")]


async def get_usage(caller: MayReadJobs, first: FirstDay = None, last: LastDay = None, owner: Owner = None) -> Response:
    """What the caller used, by engine and day."""
    first, last, days = await tell_usage(
        caller.principal, owner=owner, first=first, last=last, repository=caller.repository
    )
    document = {
        "from": first,
        "to": last,
        "items": [_day_document(day) for day in days],
        "total": asdict(total_of(days)),
        "next": None,
    }
    return tagged_response(caller, encode(document))


def _day_document(day: DayOfUsage) -> dict[str, Any]:
    return {"owner": day.owner, "engine": day.engine, "day": day.day, **asdict(day.usage)}


def add_usage_routes(router: APIRouter) -> None:
    add(
        router,
        "GET",
        "/usage",
        get_usage,
        tag="usage",
        answers={
            200: answer("Usage by engine and day.", LimnerUsagePage, headers=["ETag"]),
            304: answer("Nothing has changed.", headers=["ETag"]),
        },
        problems=[operation.BAD_SPAN],
        headers=[operation.IF_NONE_MATCH],
    )
