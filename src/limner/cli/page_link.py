"""`limner page-link`: the page's address with what signs a browser in. Works on the data folder."""

from __future__ import annotations

import asyncio

import click

from limner.actions.create_key import NewKey
from limner.actions.create_page_link import create_page_link
from limner.cli.options import Options, holder_options, shared_options
from limner.cli.output import echo_json
from limner.cli.rows import open_rows
from limner.domain.errors import SettingsError
from limner.domain.identity import Scope
from limner.settings import Settings

OPENS = "opens once, within 15 minutes"
LOCAL = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - what to type instead of an address that is all


@click.command("page-link")
@holder_options
@shared_options
def page_link(options: Options, user: str, scopes: frozenset[Scope]) -> None:
    """Make a link that signs a browser in, once. --url says where the page is."""
    settings = options.settings()
    url = options.url or url_of(settings.host, settings.port)
    _refuse_useless(settings, options, url)
    made = asyncio.run(_create(settings, user, scopes))
    page = page_address(url, made.key)
    if options.json:
        echo_json({"page": page})
        return
    click.echo(page)
    click.echo(f"It {OPENS}. If the page is at another address, name that: --url https://art.example.org", err=True)


def url_of(host: str, port: int) -> str:
    """An address that works on this machine."""
    return f"http://{LOCAL.get(host, f'[{host}]' if ':' in host else host)}:{port}"


def page_address(url: str, link: str | None) -> str:
    """The secret stands in the fragment, which browsers send to nobody: no log, no proxy, no preview sees it."""
    page = f"{url.rstrip('/')}/"
    return f"{page}#sign-in={link}" if link else page


def _refuse_useless(settings: Settings, options: Options, url: str) -> None:
    if not settings.authentication:
        raise SettingsError(f"Authentication is off: {page_address(url, None)} opens without signing in.")
    if options.url and settings.database_path is not None and not settings.database_path.exists():
        raise click.UsageError(
            f"Links are made on the server's machine, and {settings.database_path} is not there: see --home."
        )


async def _create(settings: Settings, user: str, scopes: frozenset[Scope]) -> NewKey:
    async with open_rows(settings) as repository:
        return await create_page_link(user, scopes=scopes, repository=repository)
