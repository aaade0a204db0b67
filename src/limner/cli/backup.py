"""`limner backup`: a copy of a running installation that is an installation itself."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

import click

from limner.assembly import Assembly
from limner.cli.options import Options, shared_options
from limner.cli.output import count_pictures, echo_json
from limner.domain.errors import NotFound, SettingsError
from limner.settings import Settings


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@shared_options
def backup(options: Options, folder: Path) -> None:
    """Copy jobs, keys and pictures to FOLDER while everything runs. To restore, use the copy as LIMNER_HOME."""
    if options.url:
        raise click.UsageError("A backup is made on the server's machine: run this there, without --url.")
    if folder.exists() and any(folder.iterdir()):
        raise SettingsError(f"{folder} is not empty; name a new folder.")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    copied = asyncio.run(_backup(options.settings(), folder.absolute()))
    if options.json:
        echo_json({"folder": str(folder), **copied})
        return
    click.echo(f"{count_pictures(copied['images'])}, {copied['bytes']} bytes → {folder}")
    click.echo(f"To restore: LIMNER_HOME={folder} limner serve")


async def _backup(settings: Settings, folder: Path) -> dict[str, Any]:
    """Rows first: whatever picture they name was durable before, and is copied after."""
    source = Assembly(settings, embedded=True)
    target = Assembly(Settings(home=folder, engines=settings.engines, model=settings.model), embedded=True)
    await source.start(work=False)
    try:
        await source.repository.backup(str(folder / "limner.db"))
        shutil.copy2(settings.home / "secret", folder / "secret")
        await target.storage.open()
        return await _copy_images(source, target)
    finally:
        await target.storage.close()
        await source.stop()


async def _copy_images(source: Assembly, target: Assembly) -> dict[str, Any]:
    images = size = 0
    async for stored in source.storage.list():
        try:
            data = await source.storage.read(stored.key)
        except NotFound:
            continue
        await target.storage.write(stored.key, data)
        images, size = images + 1, size + len(data)
    return {"images": images, "bytes": size}
