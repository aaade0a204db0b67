"""`limner move-storage`: every picture to another storage, beside a running installation, as often as it takes."""

from __future__ import annotations

import asyncio
import shlex
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass

import click

from limner import plugins
from limner.actions.claim_storage import mark_storage
from limner.actions.is_same_storage import is_same_storage
from limner.actions.move_pictures import Moved, move_pictures
from limner.assembly import Assembly
from limner.cli.options import Options, shared_options
from limner.cli.output import count_pictures, echo_json
from limner.contracts.storage import Storage
from limner.domain.errors import SettingsError
from limner.settings import Settings, without_password


@dataclass(frozen=True, slots=True)
class Way:
    """From one storage's URL to another's; `present` is the one in the settings."""

    source: str
    target: str
    present: str


@click.command("move-storage")
@click.option("--to", "target", metavar="URL", help="Where the pictures go [the storage in the settings].")
@click.option("--from", "source", metavar="URL", help="Where they are [the storage in the settings].")
@click.option("--delete-source", is_flag=True, help="Delete what was copied and verified, once nothing uses it.")
@shared_options
def move_storage(options: Options, source: str | None, target: str | None, *, delete_source: bool) -> int:
    """Copy all pictures to another storage while everything runs, and verify them. Run it again after the switch."""
    if options.url:
        raise click.UsageError("Pictures are moved on the server's machine: run this there, without --url.")
    if not (source or target):
        raise click.UsageError("Say where to: --to s3://bucket/prefix.")
    settings = options.settings()
    present = settings.storage_url
    way = Way(source or present, target or present, present)
    _refuse_memory(settings, way)
    moved = asyncio.run(_move(settings, way, delete_source=delete_source))
    if options.json:
        echo_json({"from": way.source, "to": way.target, **asdict(moved)})
    else:
        _tell(moved, way)
    return 0 if moved.whole else 1


def _refuse_memory(settings: Settings, way: Way) -> None:
    settings.refuse_memory("Pictures are moved by a process of its own")
    if any(url.startswith("memory:") for url in (way.source, way.target)):
        raise SettingsError("A memory:// storage is gone with its process; name another place.")


async def _move(settings: Settings, way: Way, *, delete_source: bool) -> Moved:
    assembly = Assembly(settings, embedded=True)
    await assembly.start(work=False)
    try:
        async with _opened(way.source, assembly) as source, _opened(way.target, assembly) as target:
            await mark_storage(target, installation=await assembly.repository.installation())
            if await is_same_storage(target, source):
                raise SettingsError(f"The pictures are in {without_password(way.source)} already; name another place.")
            if delete_source and await is_same_storage(assembly.storage, source):
                raise SettingsError(
                    f"{without_password(way.source)} is still in use. Copy first, change the setting, restart, and "
                    "delete then."
                )
            return await move_pictures(
                repository=assembly.repository,
                source=source,
                target=target,
                delete_source=delete_source,
                told=_draw if sys.stderr.isatty() else None,
            )
    finally:
        await assembly.stop()


@asynccontextmanager
async def _opened(url: str, assembly: Assembly) -> AsyncIterator[Storage]:
    if url == assembly.settings.storage_url:
        yield assembly.storage
        return
    storage = plugins.storage_from_url(url)
    await storage.open()
    try:
        yield storage
    finally:
        await storage.close()


def _draw(moved: Moved) -> None:
    click.echo(f"\r\x1b[2K  {count_pictures(moved.copied + moved.there)}", nl=False, err=True)


def _tell(moved: Moved, way: Way) -> None:
    where = without_password(way.target)
    click.echo(
        f"{count_pictures(moved.copied)}, {moved.bytes} bytes copied and verified; {moved.there} there → {where}"
    )
    if moved.deleted:
        click.echo(f"{count_pictures(moved.deleted)} deleted in {without_password(way.source)}")
    for what, ids in (("not in the source", moved.missing), ("other bytes than were painted", moved.damaged)):
        if ids:
            click.echo(f"{count_pictures(len(ids))} left out, {what}: {', '.join(ids)}", err=True)
    if way.source == way.present:
        click.echo(
            f'Now set storage = "{way.target}" in limner.toml, or LIMNER_STORAGE, and restart all servers and workers.'
        )
        click.echo(f"Then fetch what was painted meanwhile: limner move-storage --from {shlex.quote(way.source)}")
