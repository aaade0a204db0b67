"""`limner keys`: who may ask over HTTP. Works on the data folder."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import click

from limner.actions.create_key import LOCAL_USER, NewKey, create_key
from limner.actions.list_keys import list_keys
from limner.actions.revoke_key import revoke_key
from limner.assembly import Assembly
from limner.cli.options import Options, shared_options
from limner.cli.output import echo_json, echo_table
from limner.contracts.repository import Repository
from limner.domain.identity import USER_SCOPES, ApiKey, Scope


@click.group()
def keys() -> None:
    """Create, list, revoke API keys."""


@keys.command()
@click.option("--user", default=LOCAL_USER, show_default=True, help="Whose jobs and pictures it opens.")
@click.option("--name", default="", help="What it is for.")
@click.option(
    "--scope", "scopes", multiple=True, type=click.Choice([scope.value for scope in Scope]), help="[all but operate]"
)
@click.option("--days", type=click.IntRange(min=1), help="Expires after so many days [never].")
@shared_options
def create(options: Options, user: str, name: str, scopes: tuple[str, ...], days: int | None) -> None:
    """Make a key; it is shown once."""
    made = asyncio.run(_create(options, user, name, scopes, days))
    if options.json:
        echo_json({**_document(made.record), "key": made.key})
        return
    click.echo(made.key)
    click.echo("It is not shown again. Send it as `Authorization: Bearer …`.", err=True)


@keys.command("list")
@shared_options
def list_(options: Options) -> None:
    """All keys; the keys themselves are not kept."""
    found = asyncio.run(_list(options))
    if options.json:
        echo_json({"items": [_document(key) for key in found]})
        return
    rows = [(key.id, key.user_id, key.name, _state(key), " ".join(sorted(key.scopes))) for key in found]
    echo_table(("KEY", "USER", "NAME", "STATE", "SCOPES"), rows, nothing="No keys. Make one: limner keys create")


@keys.command()
@click.argument("key_id")
@shared_options
def revoke(options: Options, key_id: str) -> None:
    """End a key now, with its open streams and signed links."""
    asyncio.run(_revoke(options, key_id))
    if options.json:
        echo_json({"revoked": key_id})
    else:
        click.echo("Revoked.")


async def _create(options: Options, user: str, name: str, scopes: tuple[str, ...], days: int | None) -> NewKey:
    chosen = frozenset(map(Scope, scopes)) or USER_SCOPES
    expires_in = timedelta(days=days) if days else None
    async with _rows(options) as rows:
        return await create_key(name=name, user_id=user, scopes=chosen, expires_in=expires_in, repository=rows)


async def _list(options: Options) -> tuple[ApiKey, ...]:
    async with _rows(options) as repository:
        return await list_keys(repository=repository)


async def _revoke(options: Options, key_id: str) -> None:
    async with _rows(options) as repository:
        await revoke_key(key_id, repository=repository)


@asynccontextmanager
async def _rows(options: Options) -> AsyncIterator[Repository]:
    if options.url:
        raise click.UsageError("Keys are made on the server's machine: run this there, without --url.")
    assembly = Assembly(options.settings(), embedded=True)
    await assembly.start(work=False)
    try:
        yield assembly.repository
    finally:
        await assembly.stop()


def _state(key: ApiKey) -> str:
    if key.revoked_at:
        return "revoked"
    return f"until {key.expires_at:%Y-%m-%d}" if key.expires_at else "valid"


def _document(key: ApiKey) -> dict[str, Any]:
    times = {"created_at": key.created_at, "expires_at": key.expires_at, "revoked_at": key.revoked_at}
    told = {name: at.isoformat() if at else None for name, at in times.items()}
    return {"id": key.id, "user": key.user_id, "name": key.name, "scopes": sorted(key.scopes), **told}
