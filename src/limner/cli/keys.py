"""`limner keys`: who may ask over HTTP. Works on the data folder."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any

import click

from limner.actions.create_key import NewKey, create_key
from limner.actions.list_keys import list_keys
from limner.actions.revoke_key import revoke_key
from limner.cli.options import Options, holder_options, shared_options
from limner.cli.output import echo_json, echo_table
from limner.cli.rows import open_rows
from limner.contracts.repository import Repository
from limner.domain.identity import ApiKey, KeyKind, Scope


@click.group()
def keys() -> None:
    """Create, list, revoke API keys."""


@keys.command()
@holder_options
@click.option("--name", default="", help="What it is for.")
@click.option("--days", type=click.IntRange(min=1), help="Expires after so many days [never].")
@shared_options
def create(options: Options, user: str, name: str, scopes: frozenset[Scope], days: int | None) -> None:
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
    """All keys, the sessions that browsers have, and links not used yet; none of them is kept in clear."""
    found = asyncio.run(_list(options))
    if options.json:
        echo_json({"items": [_document(key) for key in found]})
        return
    rows = [(key.id, key.kind, key.user_id, _name(key), _state(key), " ".join(sorted(key.scopes))) for key in found]
    heads = ("KEY", "KIND", "USER", "NAME", "STATE", "SCOPES")
    echo_table(heads, rows, nothing="No keys. Make one: limner keys create")


@keys.command()
@click.argument("key_id")
@shared_options
def revoke(options: Options, key_id: str) -> None:
    """End a key now, with the sessions made from it, its open streams and signed links."""
    asyncio.run(_revoke(options, key_id))
    if options.json:
        echo_json({"revoked": key_id})
    else:
        click.echo("Revoked.")


async def _create(options: Options, user: str, name: str, scopes: frozenset[Scope], days: int | None) -> NewKey:
    expires_in = timedelta(days=days) if days else None
    async with _rows(options) as rows:
        return await create_key(name=name, user_id=user, scopes=scopes, expires_in=expires_in, repository=rows)


async def _list(options: Options) -> tuple[ApiKey, ...]:
    async with _rows(options) as repository:
        return await list_keys(repository=repository)


async def _revoke(options: Options, key_id: str) -> None:
    async with _rows(options) as repository:
        await revoke_key(key_id, repository=repository)


def _rows(options: Options) -> AbstractAsyncContextManager[Repository]:
    if options.url:
        raise click.UsageError("Keys are made on the server's machine: run this there, without --url.")
    return open_rows(options.settings())


def _name(key: ApiKey) -> str:
    """Sessions have none; what they came from says more."""
    if key.kind is KeyKind.SESSION:
        return f"from {key.parent}" if key.parent else "by link"
    return key.name


def _state(key: ApiKey) -> str:
    if key.revoked_at:
        return "revoked"
    form = "%H:%M UTC" if key.kind is KeyKind.LINK else "%Y-%m-%d"
    return f"until {key.expires_at:{form}}" if key.expires_at else "valid"


def _document(key: ApiKey) -> dict[str, Any]:
    times = {"created_at": key.created_at, "expires_at": key.expires_at, "revoked_at": key.revoked_at}
    told = {name: at.isoformat() if at else None for name, at in times.items()}
    facts = {"id": key.id, "kind": key.kind, "parent": key.parent, "user": key.user_id, "name": key.name}
    return {**facts, "scopes": sorted(key.scopes), **told}
