"""`limner backup`: a copy of a running installation that is an installation itself."""

from __future__ import annotations

import asyncio
import shlex
import shutil
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from limner import plugins
from limner.actions.claim_storage import MARK, mark_storage
from limner.actions.previews import is_preview
from limner.assembly import Assembly
from limner.cli.options import Options, shared_options
from limner.cli.output import count_pictures, echo_json
from limner.contracts.storage import Storage
from limner.domain.errors import NotFound, SettingsError
from limner.settings import Settings, without_password

OWN_PLACES = ("storage", "database")
"""Settings that put something outside the home; a copy has everything inside."""


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--pictures", is_flag=True, help="The pictures only, for rows in Postgres; FOLDER may have some already.")
@shared_options
def backup(options: Options, folder: Path, *, pictures: bool) -> None:
    """Copy jobs, keys and pictures to FOLDER while everything runs. To restore, use the copy as LIMNER_HOME."""
    if options.url:
        raise click.UsageError("A backup is made on the server's machine: run this there, without --url.")
    settings = options.settings()
    settings.refuse_memory("A backup is made by a process of its own")
    if not pictures:
        _refuse_postgres(settings, folder)
    _make(folder, may_be_used=pictures)
    copied = asyncio.run(_backup(settings, folder.absolute(), rows=not pictures))
    if options.json:
        echo_json({"folder": str(folder), **copied})
        return
    click.echo(f"{count_pictures(copied['images'])}, {copied['bytes']} bytes → {folder}")
    click.echo(_how_to_restore(settings, folder, rows=not pictures))


def _refuse_postgres(settings: Settings, folder: Path) -> None:
    if settings.database_path is None:
        pictures = f"limner backup --pictures {shlex.quote(str(folder))}"
        raise SettingsError(
            "The rows are in Postgres, and its own pg_dump copies them while everything runs. Copy the pictures before "
            f"and after it, so that none is missing that a row names; what is there is not copied again: {pictures}; "
            f"pg_dump -Fc -t 'limner_*' -f rows.dump {shlex.quote(without_password(settings.database_url))}; {pictures}"
        )


def _make(folder: Path, *, may_be_used: bool) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        empty = not any(folder.iterdir())
    except FileExistsError:
        raise SettingsError(f"{folder} is a file; name a new folder.") from None
    except OSError as error:
        raise SettingsError(f"{folder} cannot be used ({error.strerror}); name a new folder.") from None
    if not (empty or may_be_used):
        raise SettingsError(f"{folder} is not empty; name a new folder.")


def _how_to_restore(settings: Settings, folder: Path, *, rows: bool) -> str:
    """An empty variable means the home's own place, whatever limner.toml says."""
    elsewhere = [name for name in (OWN_PLACES if rows else OWN_PLACES[:1]) if getattr(settings, name)]
    variables = " ".join(f"LIMNER_{name.upper()}=" for name in elsewhere)
    command = f"To restore: LIMNER_HOME={shlex.quote(str(folder))} {variables and f'{variables} '}limner serve"
    if not rows:
        return f"{command}\nThe copy holds the pictures only: bring the rows back first, with pg_restore."
    if not elsewhere:
        return command
    return f"{command}\nThe copy holds all in one folder: it needs your settings without {' and '.join(elsewhere)}."


async def _backup(settings: Settings, folder: Path, *, rows: bool) -> dict[str, Any]:
    """Pictures before the rows, for they may be deleted while it goes on, and once more after, for new ones come."""
    source = Assembly(settings, embedded=True)
    target = plugins.storage_from_url((folder / "images").as_uri())
    await source.start(work=False)
    try:
        await target.open()
        await mark_storage(target, installation=await source.repository.installation())
        there = {stored.key async for stored in target.list()}
        sizes = await _copy_images(source.storage, target, known=there)
        if rows:
            await source.repository.backup(str(folder / "limner.db"))
            sizes |= await _copy_images(source.storage, target, known=sizes)
        with suppress(FileNotFoundError):  # where the settings have it, home has none
            shutil.copy2(settings.home / "secret", folder / "secret")
        return {"images": len(sizes), "bytes": sum(sizes.values())}
    finally:
        await target.close()
        await source.stop()


async def _copy_images(source: Storage, target: Storage, *, known: Collection[str]) -> dict[str, int]:
    """The keys that were copied, and their bytes."""
    sizes = {}
    async for stored in source.list():
        if stored.key.startswith(MARK) or stored.key in known or is_preview(stored.key):
            continue
        with suppress(NotFound):
            data = await source.read(stored.key)
            await target.write(stored.key, data)
            sizes[stored.key] = len(data)
    return sizes
