"""`limner serve`: the HTTP surface and the painting, in one command."""

from __future__ import annotations

import asyncio
import errno
import gc
import multiprocessing.connection
import os
import shlex
import shutil
import signal
import socket
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import uvicorn
from fastapi import FastAPI
from uvicorn.supervisors import Multiprocess

from limner._version import __version__
from limner.actions.create_key import create_key
from limner.actions.create_page_link import create_page_link
from limner.assembly import Assembly
from limner.cli.options import Options, shared_options
from limner.cli.output import echo_json
from limner.cli.page_link import OPENS, page_address, url_of
from limner.cli.rows import open_rows
from limner.domain.errors import SettingsError
from limner.domain.identity import USER_SCOPES, KeyKind, Scope
from limner.observers import logs
from limner.settings import LOOPBACK_HOSTS, Settings, is_loopback
from limner.web.server import create_app

PROMPT = "three red boats on a calm sea at sunset, watercolour"
BACKLOG = 2048
FIRST_SCOPES = USER_SCOPES | {Scope.OPERATE}


@dataclass(frozen=True, slots=True)
class Entrance:
    """What lets the person at this terminal in: the first key, once, and a link to the page."""

    key: str | None = field(default=None, repr=False)
    link: str | None = field(default=None, repr=False)


@click.command()
@click.option("--host", help="Address to listen on [127.0.0.1].")
@click.option("--port", type=int, help="Port; 0 takes a free one [8000].")
@click.option("--workers", type=int, help="Server processes; they share the data folder [1].")
@shared_options
def serve(options: Options, **flags: Any) -> None:
    """Answer HTTP requests, and paint."""
    settings = options.settings(**flags)
    _refuse_open_house(settings)
    settings.refuse_own_secret()
    if settings.workers > 1:
        settings.refuse_memory(f"{settings.workers} server processes share the pictures")
    if settings.database_path is None:
        settings.refuse_memory("Other machines may answer and paint for this database, too")
    with _listen(settings) as listener:
        entrance = asyncio.run(_prepare(settings))
        _introduce(settings, listener, entrance, options)
        logs.configure(settings.log_format, settings.log_level)
        _run(settings, listener, options, flags)


def served_app() -> FastAPI:
    """The application of one of several server processes; its settings come by the environment."""
    threading.Thread(target=_follow_the_supervisor, name="limner-supervisor", daemon=True).start()
    settings = Settings.load()
    logs.configure(settings.log_format, settings.log_level)
    app = create_app(Assembly(settings))
    _spare_the_collector()
    return app


def _follow_the_supervisor() -> None:
    """A supervisor that is killed tells nobody: its processes would keep the port, and answer for ever."""
    supervisor = multiprocessing.parent_process()
    if supervisor is not None:
        multiprocessing.connection.wait([supervisor.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)


def _refuse_open_house(settings: Settings) -> None:
    if not settings.authentication and not is_loopback(settings.host):
        raise SettingsError(
            f"Without authentication anybody who reaches {settings.host} could paint and delete. "
            "Leave authentication on, or listen on 127.0.0.1."
        )


def _listen(settings: Settings) -> socket.socket:
    """Bound and listening before anything is printed: what is printed works at once."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise SettingsError(_why_not(error, settings)) from None
    listener.set_inheritable(True)
    return listener


def _why_not(error: OSError, settings: Settings) -> str:
    where = f"{settings.host}:{settings.port}"
    if error.errno == errno.EADDRINUSE:
        other = f"limner serve --port {settings.port + 1}"
        return f"Port {settings.port} is taken. Stop what uses it, or choose another: `{other}`."
    if error.errno == errno.EACCES:
        return f"This user may not listen on {where}. Choose a port above 1023."
    return f"Limner cannot listen on {where}: {error.strerror or error}. Choose another --host or --port."


async def _prepare(settings: Settings) -> Entrance:
    """Opens the installation once, so that what is wrong is said now; makes a key where there is none. A server that others
    reach is a service, and what it prints a log, which is no place for keys and links.
    """
    async with open_rows(settings) as repository:
        if not settings.authentication or not is_loopback(settings.host):
            return Entrance()
        link = await create_page_link(scopes=FIRST_SCOPES, repository=repository)
        if any(key.kind is KeyKind.KEY for key in await repository.list_keys()):
            return Entrance(link=link.key)
        made = await create_key(name="first", scopes=FIRST_SCOPES, repository=repository)
        return Entrance(made.key, link.key)


def _introduce(settings: Settings, listener: socket.socket, entrance: Entrance, options: Options) -> None:
    url, key = url_of(*listener.getsockname()[:2]), entrance.key
    page = page_address(url, entrance.link)
    if options.json:
        echo_json({"url": url, "home": str(settings.home), "page": page, "key": key})
        return
    where = f"--home {shlex.quote(options.home)} " if options.home else ""
    command = f"{own_command()} {where}"
    header = f'-H "Authorization: Bearer {key or "$KEY"}" ' if settings.authentication else ""
    lines = [f"Limner {__version__} on {url}   API: {url}/docs", f"Data: {_near(settings.home)}"]
    lines += [f"Page: {page}" + (f"   ({OPENS})" if entrance.link else ""), ""]
    if key:
        lines += ["Your key, shown only now:", f"  {key}", ""]
    elif settings.authentication:
        lines += [f"Keys are made with: {command}keys create; links to the page: {command}page-link", ""]
    if not is_loopback(settings.host) and settings.allowed_hosts == LOOPBACK_HOSTS:
        lines += [f"Only {', '.join(LOOPBACK_HOSTS)} are answered: set allowed_hosts to the names you serve.", ""]
    lines += [
        "In another terminal:",
        f'  {command}paint "{PROMPT}"',
        f"  curl {url}/images {header}-H 'Content-Type: application/json' \\",
        "       -H 'Accept: image/png' -H 'Prefer: wait=30' -d '{\"prompt\":\"a red fox in snow\"}' -o fox.png",
        "",
    ]
    click.echo("\n".join(lines))


def own_command() -> str:
    """What to type for `limner` in another terminal of this folder."""
    script = Path(sys.argv[0]).absolute()
    if script.name != "limner":
        return f"{shlex.quote(_near(Path(sys.executable)))} -m limner.cli.main"
    found = shutil.which("limner")
    return "limner" if found and Path(found).absolute() == script else shlex.quote(_near(script))


def _near(path: Path) -> str:
    """Relative where it lies below the working directory, unless that is the root, where services start."""
    here = Path.cwd()
    return str(path.relative_to(here)) if here.parent != here and path.is_relative_to(here) else str(path)


def _run(settings: Settings, listener: socket.socket, options: Options, flags: dict[str, Any]) -> None:
    if settings.workers == 1:
        server = uvicorn.Server(_config(settings, create_app(Assembly(settings))))
        _spare_the_collector()
        server.run(sockets=[listener])
        return
    _tell_children(options, flags)
    config = _config(settings, "limner.cli.serve:served_app", factory=True, workers=settings.workers)
    Multiprocess(config, sockets=[listener]).run()


def _spare_the_collector() -> None:
    """A full collection looks through all that was imported, and stops every request for 75 ms; through what a thousand
    streams hold, for 100 ms. What is imported stays, and what requests make goes by its counts.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _config(settings: Settings, app: Any, **more: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        lifespan="on",
        log_config=None,
        access_log=settings.access_log,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_graceful_shutdown=round(settings.limits.drain_grace),
        **more,
    )


def _tell_children(options: Options, flags: dict[str, Any]) -> None:
    given = {"home": options.home, "config": options.config, **flags}
    os.environ.update({f"LIMNER_{name.upper()}": str(value) for name, value in given.items() if value is not None})
