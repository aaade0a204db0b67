"""`limner paint`: a prompt becomes a file, with or without a server."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from limner.cli.client import Client, Document, reach
from limner.cli.options import Options, shared_options
from limner.cli.output import Bar, NotWritten, echo_json, seed_of, slug, write_new
from limner.domain.errors import EngineError, LimnerError
from limner.domain.identity import is_id
from limner.library import FILE_FORMATS


@click.command()
@click.argument("prompt")
@click.option("-o", "--output", metavar="FILE", help="File or folder; - for standard output. Nothing is overwritten.")
@click.option("--model", help="See `limner models`.")
@click.option("--width", type=int, help="Pixels.")
@click.option("--height", type=int, help="Pixels.")
@click.option("--count", type=int, help="How many pictures.")
@click.option("--seed", type=int, help="The same seed paints the same picture.")
@click.option("--negative-prompt", help="What should not be in it.")
@click.option("--steps", type=int)
@click.option("--guidance", type=float)
@click.option("--format", help="png, jpeg or webp [the file's suffix, else the model's first].")
@click.option("--image", "images", metavar="FILE", multiple=True, help="A picture to start from, or the id of one.")
@click.option("--mask", metavar="FILE", help="White where the image is painted anew, black where it stays.")
@click.option("--strength", type=float, help="How far from the image: 0 keeps it, 1 paints anew.")
@click.option("--style", help="Short for --option style=…")
@click.option("--option", "options_given", metavar="NAME=VALUE", multiple=True, help="An option of the model.")
@click.option("--reference", help="A label of your own, to find the job again.")
@shared_options
def paint(options: Options, **asked: Any) -> None:
    """Paint PROMPT. Ctrl-C cancels the job."""
    asyncio.run(_paint(options, asked))


async def _paint(options: Options, asked: dict[str, Any]) -> None:
    output = asked.pop("output")
    sources = _sources(asked.pop("images"), asked.pop("mask"))
    async with reach(options, work=True) as client:
        job = await client.submit(_fields(asked, output) | await _inputs(client, sources))
        bar = Bar(live=sys.stderr.isatty())
        try:
            done = await _follow(client, job, bar)
        except asyncio.CancelledError:
            with suppress(LimnerError):  # it may have ended, or the server gone: Ctrl-C is Ctrl-C
                await asyncio.shield(client.call("POST", f"/jobs/{job['id']}/cancel"))
            raise
        finally:
            bar.clear()
        _refuse_empty(done)
        files = [await _keep(client, image, done, output) for image in done["images"]]
    _report(done, files, bar, options)


def _fields(asked: dict[str, Any], output: str | None) -> dict[str, Any]:
    """The request's body: only what was given, so that the model chooses the rest."""
    given = dict(asked)
    chosen = dict(_option(text) for text in given.pop("options_given"))
    if style := given.pop("style"):
        chosen["style"] = style
    if output and not given["format"]:
        given["format"] = FILE_FORMATS.get(Path(output).suffix.lower())
    return {name: value for name, value in {**given, "options": chosen or None}.items() if value is not None}


def _sources(images: Sequence[str], mask: str | None) -> list[tuple[str, bytes | str]]:
    """Roles and pictures."""
    named = [*(("image", name) for name in images), *([("mask", mask)] if mask else [])]
    return [(role, _source(role, name)) for role, name in named]


def _source(role: str, name: str) -> bytes | str:
    """The file's bytes, or the id of a picture that was painted."""
    if is_id(name) and not Path(name).exists():
        return name
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise click.BadParameter(f"{name} cannot be read ({error.strerror}).", param_hint=f"--{role}") from None


async def _inputs(client: Client, sources: list[tuple[str, bytes | str]]) -> dict[str, Any]:
    """The request's inputs: files are uploaded first."""
    named = [
        {"role": role, "image": source}
        if isinstance(source, str)
        else {"role": role, "input": (await client.upload(source))["id"]}
        for role, source in sources
    ]
    return {"inputs": named} if named else {}


def _option(text: str) -> tuple[str, Any]:
    """`name=value`; values that read as JSON (numbers, true, false) are that."""
    name, equals, value = text.partition("=")
    if not equals:
        raise click.BadParameter(f"{text!r} is not NAME=VALUE.", param_hint="--option")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


async def _follow(client: Client, job: Document, bar: Bar) -> Document:
    bar.wait("waiting")
    async for event, data in client.watch(job["id"]):
        if event == "progress":
            bar.show(data)
        elif event == "job":
            job = data
            if job["state"] != "queued":
                bar.show(job["progress"])
    return job


def _refuse_empty(job: Document) -> None:
    if job["state"] == "succeeded":
        return
    if job["error"] is None:
        raise EngineError("The job was cancelled; nothing was painted.")
    hint = f" Try again with `limner jobs retry {job['id']}`." if job["error"]["retryable"] else ""
    raise EngineError(f"{job['error']['title']}. {job['error']['detail']}{hint}")


async def _keep(client: Client, image: Document, job: Document, output: str | None) -> str:
    data = await client.content(image["id"])
    if output == "-":
        sys.stdout.buffer.write(data)
        return "-"
    suffix = {"jpeg": ".jpg"}.get(image["format"], f".{image['format']}")
    path = Path(output) if output else Path()
    if not output or path.is_dir():
        path /= slug(job["request"]["prompt"]) + suffix
    try:
        return str(write_new(path, data))
    except NotWritten as error:
        raise NotWritten(f"{error} The picture is kept: `limner images save {image['id']}`.") from None


def _report(job: Document, files: list[str], bar: Bar, options: Options) -> None:
    if files == ["-"] * len(files):
        return
    if options.json:
        echo_json({**job, "files": files})
        return
    for image, file in zip(job["images"], files, strict=True):
        click.echo(f"  {bar} {seed_of(image)}   → {file}")
    for note in job["notes"]:
        click.echo(f"  {note['detail']}")
