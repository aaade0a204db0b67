"""`limner work`: paints for the servers that share its data folder."""

from __future__ import annotations

import asyncio
import signal

import click

from limner.assembly import Assembly
from limner.cli.options import Options, shared_options
from limner.cli.output import echo_json
from limner.observers import logs
from limner.settings import Settings


@click.command()
@shared_options
def work(options: Options) -> None:
    """Paint only; run as many as you like beside a server."""
    settings = options.settings()
    settings.refuse_memory("`limner work` paints for other processes")
    logs.configure(settings.log_format, settings.log_level)
    asyncio.run(_work(settings, options))


async def _work(settings: Settings, options: Options) -> None:
    assembly = Assembly(settings)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await assembly.start(work=True)
    if options.json:
        echo_json({"home": str(settings.home), "engines": list(assembly.engines)})
    else:
        click.echo(f"Painting for {settings.home} with {', '.join(assembly.engines)}. Ctrl-C stops.")
    try:
        await stop.wait()
    finally:
        await assembly.stop()
