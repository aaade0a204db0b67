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
    can = model["capabilities"]
    width, height = can["width"], can["height"]
    click.echo(f"{model['name']}{'  (default)' if model['default'] else ''}  {model['description']}")
    any_size = f"{width['minimum']}–{width['maximum']} × {height['minimum']}–{height['maximum']}"
    sizes = " · ".join(f"{one} × {other}" for one, other in can["sizes"] or ()) or any_size
    click.echo(f"  {sizes} px, up to {can['max_count']} pictures, {', '.join(can['formats'])}")
    if model["route"]:
        click.echo(f"  Painted by {', else '.join(model['route'])}")
    if can["inputs"]:
        roles = (f"{role} (up to {limits['max_count']})" for role, limits in can["inputs"].items())
        click.echo(f"  starts from {', '.join(roles)}{', takes --strength' if can['strength'] else ''}")
    for name, schema in can["options"].get("properties", {}).items():
        choices = ", ".join(map(str, schema.get("enum", ()))) or schema.get("type", "")
        click.echo(f"  --option {name}=…  {choices}")
    if model["problem"]:
        again = f" It is asked again at {at}." if (at := model["problem"].get("retry_at")) else ""
        click.echo(f"  It cannot paint now: {model['problem']['detail']}{again}")
