"""`limner migrate`: the tables of this version, before anything of it is started."""

from __future__ import annotations

import asyncio

import click

from limner.assembly import Assembly
from limner.cli.options import Options, shared_options
from limner.cli.output import echo_json
from limner.settings import without_password


@click.command()
@shared_options
def migrate(options: Options) -> None:
    """Bring the database to this version; several machines may do it at once. A SQLite file needs no command for it."""
    if options.url:
        raise click.UsageError("The database is migrated where it can be reached: run this there, without --url.")
    settings = options.settings()
    before, now = asyncio.run(Assembly(settings, embedded=True).repository.migrate())
    if options.json:
        echo_json({"before": before, "now": now})
        return
    click.echo(f"{without_password(settings.database_url)}: {_told(before, now)}")


def _told(before: str | None, now: str) -> str:
    if before is None:
        return f"the tables were made (revision {now})."
    return f"already at revision {now}." if before == now else f"from revision {before} to {now}."
