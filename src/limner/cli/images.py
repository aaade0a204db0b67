"""`limner images`: finished pictures."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import click

from limner.cli.client import Document, address, reach
from limner.cli.jobs import user_option
from limner.cli.options import Options, shared_options
from limner.cli.output import echo_json, echo_table, slug, write_new
from limner.library import FILE_FORMATS


@click.group()
def images() -> None:
    """Finished pictures."""


@images.command("list")
@click.option("--limit", type=int, default=20, show_default=True)
@click.option("--cursor", help="The `next` of an earlier page.")
@user_option
@shared_options
def list_(options: Options, user: str, **query: Any) -> None:
    """Newest first."""
    page = asyncio.run(_get(options, user, "/images", query))
    if options.json:
        echo_json(page)
        return
    rows = [_row(image) for image in page["items"]]
    echo_table(("IMAGE", "SIZE", "BYTES", "SEED", "CREATED"), rows, nothing="No pictures.")
    if page["next"]:
        click.echo(f"More: --cursor {page['next']}")


@images.command()
@click.argument("image_id")
@click.option("-o", "--output", metavar="FILE", help="File or folder; - for standard output. Nothing is overwritten.")
@user_option
@shared_options
def save(options: Options, user: str, image_id: str, output: str | None) -> None:
    """Write a picture to a file, converted where the suffix says so."""
    path, data = asyncio.run(_read(options, user, image_id, output))
    if output == "-":
        sys.stdout.buffer.write(data)
        return
    file = str(write_new(path, data))
    if options.json:
        echo_json({"id": image_id, "file": file})
    else:
        click.echo(f"→ {file}")


@images.command()
@click.argument("image_id")
@user_option
@shared_options
def delete(options: Options, user: str, image_id: str) -> None:
    """Hide a picture now; its bytes go ten minutes later."""
    asyncio.run(_call(options, user, "DELETE", address("image", image_id)))
    if options.json:
        echo_json({"deleted": image_id})
    else:
        click.echo(f"Deleted; for ten minutes `limner images restore {image_id}` brings it back.")


@images.command()
@click.argument("image_id")
@user_option
@shared_options
def restore(options: Options, user: str, image_id: str) -> None:
    """Bring a deleted picture back."""
    asyncio.run(_call(options, user, "POST", f"{address('image', image_id)}/restore"))
    if options.json:
        echo_json({"restored": image_id})
    else:
        click.echo("Restored.")


async def _get(options: Options, user: str, path: str, query: dict[str, Any]) -> Document:
    async with reach(options, user=user) as client:
        return await client.get(path, query)


async def _call(options: Options, user: str, method: str, path: str) -> None:
    async with reach(options, user=user) as client:
        await client.call(method, path)


async def _read(options: Options, user: str, image_id: str, output: str | None) -> tuple[Path, bytes]:
    wanted = FILE_FORMATS.get(Path(output).suffix.lower()) if output else None
    async with reach(options, user=user) as client:
        image = await client.get(address("image", image_id))
        path = Path(output) if output else Path()
        if not output or path.is_dir():
            job = await client.get(address("job", image["job_id"]))
            path /= f"{slug(job['request']['prompt'])}.{image['format']}"
        return path, await client.content(image_id, wanted if wanted != image["format"] else None)


def _row(image: Document) -> tuple[Any, ...]:
    size = f"{image['width']} × {image['height']} {image['format']}"
    return image["id"], size, image["bytes"], "" if image["seed"] is None else image["seed"], image["created_at"]
