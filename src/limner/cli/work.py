"""`limner work`: paints for the servers that share its rows, by itself or as a worker of Celery's."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import click

from limner.assembly import STOP_SIGNALS, Assembly
from limner.cli.options import Options, shared_options
from limner.cli.output import echo_json
from limner.domain.errors import SettingsError
from limner.observers import logs
from limner.settings import Settings


@click.command()
@click.option("--queues", default="", help="Paint for the engines of these queues only, comma-separated [all].")
@click.option(
    "--pool", type=click.Choice(["threads", "prefork"]), help="Celery's: one process, or a child a paint [threads]."
)
@click.option("--concurrency", type=click.IntRange(1), help="Celery's: how many threads or children.")
@shared_options
def work(options: Options, queues: str, pool: str | None, concurrency: int | None) -> int:
    """Paint only; run as many as you like beside a server. Where a dispatcher is set this is a worker of Celery's."""
    settings = options.settings()
    settings.refuse_memory("`limner work` paints for other processes")
    wanted = tuple(queue.strip() for queue in queues.split(",") if queue.strip())
    if settings.dispatcher:
        everything = tuple(sorted(set(settings.queues.values())))
        return _work_with_celery(settings, options, wanted or everything, pool, concurrency)
    if pool or concurrency:
        raise click.UsageError("--pool and --concurrency are for Celery's workers, and no dispatcher is set.")
    logs.configure(settings.log_format, settings.log_level)
    asyncio.run(_work(settings, options, wanted))
    return 0


def _work_with_celery(
    settings: Settings, options: Options, queues: tuple[str, ...], pool: str | None, concurrency: int | None
) -> int:
    """What `celery -A limner.celery worker` does, with what a person would have to know to type."""
    given = {"LIMNER_HOME": options.home, "LIMNER_CONFIG": options.config}
    os.environ.update({name: value for name, value in given.items() if value is not None})
    settings.refuse_alone()
    try:
        from limner.celery import run_worker  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise SettingsError("The dispatcher needs Celery: pip install 'limner[celery]'.") from error
    flags: dict[str, Any] = {
        "--pool": pool or "threads",
        "--concurrency": concurrency or (2 if pool != "prefork" else None),
        "--queues": ",".join(queues),
        "--hostname": f"limner-{os.getpid()}@%h",
        "--loglevel": settings.log_level.upper(),
    }
    quiet = ("--without-gossip", "--without-mingle")
    return run_worker(*(f"{name}={value}" for name, value in flags.items() if value), *quiet)


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


async def _work(settings: Settings, options: Options, queues: tuple[str, ...]) -> None:
    assembly = Assembly(settings)
    stop = _stop_signal()
    await assembly.start(work=True, queues=queues)
    if options.json:
        echo_json({"home": str(settings.home), "engines": list(assembly.engines)})
    else:
        click.echo(f"Painting for {settings.home} with {', '.join(assembly.engines)}. Ctrl-C stops.")
    try:
        await stop.wait()
    finally:
        await assembly.stop()
