"""`limner usage`: what was painted and what it cost."""

from __future__ import annotations

import asyncio
from datetime import datetime

import click

from limner.actions.create_key import LOCAL_USER
from limner.cli.client import Document, reach
from limner.cli.options import Options, shared_options
from limner.cli.output import echo_json, echo_table

HEADS = ("DAY", "ENGINE", "PICTURES", "CALLS", "UNKNOWN", "UNUSABLE", "COST")
DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.command()
@click.option("--user", help="Whose; on a server another one than yours needs a key that may `operate` [yours].")
@click.option("--from", "first", type=DAY, help="The first day [the first of the month].")
@click.option("--to", "last", type=DAY, help="The last day [today].")
@shared_options
def usage(options: Options, user: str | None, first: datetime | None, last: datetime | None) -> None:
    """What was painted and what it cost, by engine and day (UTC)."""
    days = {name: f"{day:%Y-%m-%d}" if day else None for name, day in (("from", first), ("to", last))}
    answer = asyncio.run(_usage(options, user, days))
    if options.json:
        echo_json(answer)
        return
    rows = [_row(day["day"], day["engine"], day) for day in answer["items"]]
    total = [_row("", "in all", answer["total"])] if len(rows) > 1 else []
    echo_table(HEADS, [*rows, *total], nothing=f"Nothing from {answer['from']} to {answer['to']}.")


async def _usage(options: Options, user: str | None, days: dict[str, str | None]) -> Document:
    """The data folder's own machine may see anybody's."""
    async with reach(options, user=user or LOCAL_USER) as client:
        return await client.get("/usage", days | {"owner": user if options.url else None})


def _row(day: str, engine: str, used: Document) -> tuple[str, ...]:
    counts = (used["pictures"], used["calls"], used["ambiguous_calls"], used["paid_bad_outputs"])
    return (day, engine, *map(str, counts), f"{used['cost']:.2f}")
