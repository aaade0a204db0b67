"""`limner models`: what can paint."""

from __future__ import annotations

import asyncio

import click

from limner.cli.client import Document, reach
from limner.cli.options import Options, shared_options
from limner.cli.output import echo_json


@click.command()
@shared_options
def models(options: Options) -> None:
    """What can paint, and what it takes."""
    answer = asyncio.run(_models(options))
    if options.json:
        echo_json(answer)
        return
    for model in answer["items"]:
        _tell(model)


async def _models(options: Options) -> Document:
    async with reach(options) as client:
        return await client.get("/models")


def _tell(model: Document) -> None:
    click.echo(model["name"])
