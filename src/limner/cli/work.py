"""`limner work`: paints for the servers that share its data folder."""

from __future__ import annotations

import asyncio

import click

from limner.assembly import STOP_SIGNALS, Assembly
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


def _stop_signal() -> asyncio.Event:
    """Set by the first signal; the second one does what signals do, so that nobody has to wait for the drain."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def hear() -> None:
        stop.set()
        for number in STOP_SIGNALS:
            loop.remove_signal_handler(number)

    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, hear)
    return stop


async def _work(settings: Settings, options: Options) -> None:
    assembly = Assembly(settings)
    stop = _stop_signal()
    await assembly.start(work=True)
    if options.json:
        echo_json({"home": str(settings.home), "engines": list(assembly.engines)})
    else:
        click.echo(f"Painting for {settings.home} with {', '.join(assembly.engines)}. Ctrl-C stops.")
    try:
        await stop.wait()
    finally:
        await assembly.stop()
