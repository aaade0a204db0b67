"""`limner move-database`: the rows of a stopped installation to Postgres, verified, as often as it takes."""

from __future__ import annotations

import sys
from dataclasses import asdict

import click

from limner.cli.options import Options, shared_options
from limner.cli.output import echo_json
from limner.repositories.sql.moving import Moved, move_rows
from limner.settings import Settings, without_password


@click.command("move-database")
@click.option("--to", "target", metavar="URL", help="Where the rows go [the database in the settings].")
@click.option("--from", "source", metavar="URL", help="Where they are [the database in the settings].")
@shared_options
def move_database(options: Options, source: str | None, target: str | None) -> None:
    """Copy all rows of a stopped installation from SQLite to Postgres, and verify them. Run it again if it breaks off."""
    if options.url:
        raise click.UsageError("Rows are moved on the server's machine: run this there, without --url.")
    if not (source or target):
        raise click.UsageError("Say where to: --to postgresql://user:password@host/name.")
    settings = options.settings()
    source, target = source or settings.database_url, target or settings.database_url
    moved = move_rows(source, target, told=_draw if sys.stderr.isatty() else None)
    if options.json:
        echo_json(asdict(moved) | {"retired": str(moved.retired), "to": without_password(target)})
    else:
        _tell(moved, target, settings)


def _draw(table: str, copied: int) -> None:
    click.echo(f"\r\x1b[2K  {table} {copied}", nl=False, err=True)


def _tell(moved: Moved, target: str, settings: Settings) -> None:
    copied, rows = sum(table.copied for table in moved.tables), sum(table.rows for table in moved.tables)
    where = without_password(target)
    click.echo(f"{copied} rows of {len(moved.tables)} tables copied and verified; {rows - copied} there → {where}")
    click.echo(f"The file is {moved.retired} now; delete it when you are sure.")
    if settings.database_url != target:
        click.echo(f'Now set database = "{where}" in limner.toml, or LIMNER_DATABASE, and start servers and workers.')
    if not settings.storage:
        click.echo("The pictures stay in home. Before other machines paint, too: limner move-storage --to …")
    if not settings.secret:
        click.echo(
            "Signed links stay valid with this home. Before other machines serve, too: set the same secret in all."
        )
