"""`limner doctor`: what is configured, what works, and how to mend the rest."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, fields
from typing import Literal

import click
import httpx

from limner._version import __version__
from limner.assembly import Assembly
from limner.cli.client import reach
from limner.cli.options import Options, shared_options
from limner.cli.output import echo_json
from limner.cli.page_link import url_of
from limner.contracts.engine import Engine
from limner.domain.engine_state import EngineState
from limner.domain.errors import LimnerError
from limner.domain.identity import KeyKind, new_id
from limner.domain.policy import Policy
from limner.plugins import SUPPORTED, Plugin, list_plugins
from limner.repositories.sql.sqlite import retired_of
from limner.settings import Settings, find_file, without_password
from limner.web.errors import WrongHost

SIGNS = {"ok": "✓", "note": "·", "broken": "✗"}
HEALTH_SECONDS = 60.0
ANSWER_SECONDS = 3.0
GIBIBYTE = 1024**3


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `remedy` says how to mend it."""

    what: str
    state: Literal["ok", "note", "broken"]
    detail: str
    remedy: str = ""


@click.command()
@shared_options
def doctor(options: Options) -> int:
    """Exit code 1 where something is broken."""
    findings = asyncio.run(_examine(options))
    broken = [finding for finding in findings if finding.state == "broken"]
    if options.json:
        echo_json({"healthy": not broken, "findings": [asdict(finding) for finding in findings]})
        return 1 if broken else 0
    for finding in findings:
        click.echo(f"{SIGNS[finding.state]} {finding.what:10} {finding.detail}")
        if finding.remedy:
            click.echo(f"  {'':10} {finding.remedy}")
    click.echo("All is well." if not broken else f"{len(broken)} to mend.")
    return 1 if broken else 0


async def _examine(options: Options) -> list[Finding]:
    findings = [Finding("limner", "ok", f"{__version__}, Python {platform.python_version()}, {platform.system()}")]
    if options.url:
        return [*findings, await _server(options)]
    findings.append(_plugins())
    try:
        settings = options.settings()
        findings.append(_settings(options))
        assembly = Assembly(settings, embedded=True)
    except LimnerError as error:
        return [*findings, Finding("settings", "broken", str(error), _known_settings())]
    return findings + [finding async for finding in _parts(assembly)]


async def _parts(assembly: Assembly) -> AsyncIterator[Finding]:
    yield _home(assembly.settings)
    for finding in await _database(assembly):
        yield finding
    yield await _storage(assembly)
    if assembly.settings.dispatcher:
        yield await _dispatcher(assembly)
    yield await _port(assembly.settings)
    for name, engine in assembly.engines.items():
        yield await _engine(name, engine)


def _plugins() -> Finding:
    """What `kind = "…"` and the scheme of `storage` may name."""
    found = list_plugins()
    kinds = (f"{kind}s {', '.join(_named(one) for one in found if one.kind == kind)}" for kind in SUPPORTED)
    return Finding("plugins", "ok", "; ".join(kinds))


def _named(plugin: Plugin) -> str:
    """Those of others with where they come from."""
    ours = plugin.distribution == "limner"
    return plugin.name if ours else f"{plugin.name} ({plugin.distribution} {plugin.version})"


def _settings(options: Options) -> Finding:
    file = find_file(options.config)
    names = sorted(name for name in os.environ if name.startswith("LIMNER_"))
    from_environment = f", and {', '.join(names)}" if names else ""
    return Finding(
        "settings",
        "ok",
        f"{file or 'no limner.toml'}{from_environment}",
        f"There are: {', '.join(Settings.model_fields)}.",
    )


def _known_settings() -> str:
    limits = ", ".join(field.name for field in fields(Policy))
    return f"There are: {', '.join(Settings.model_fields)}; in [limits]: {limits}."


def _home(settings: Settings) -> Finding:
    home = settings.home
    if not home.exists():
        return Finding("home", "note", f"{home} is not there yet; the first start makes it.")
    if not os.access(home, os.W_OK | os.X_OK):
        return Finding("home", "broken", f"{home} is not writable.", "Make it so, or choose another with LIMNER_HOME.")
    free = shutil.disk_usage(home).free
    if free < settings.limits.free_space:
        kept = settings.limits.free_space / GIBIBYTE
        remedy = f"Nothing is accepted below {kept:.1f} GiB: free some, or lower limits.free_space."
        return Finding("home", "broken", f"{home} has {free / GIBIBYTE:.1f} GiB left.", remedy)
    return Finding("home", "ok", f"{home}, {free / GIBIBYTE:.1f} GiB free")


async def _database(assembly: Assembly) -> list[Finding]:
    """With the engines that all workers leave alone just now."""
    where = without_password(assembly.settings.database_url)
    path = assembly.settings.database_path
    if path is not None and not path.exists() and not retired_of(path).exists():
        return [Finding("database", "note", f"{where} is not there yet.")]
    try:
        await assembly.repository.open()
        try:
            keys = sum(key.kind is KeyKind.KEY for key in await assembly.repository.list_keys())
            facts = await assembly.repository.queue_facts()
            states = await assembly.repository.engine_states()
        finally:
            await assembly.repository.close()
    except LimnerError as error:
        elsewhere = path is None or not path.exists()  # moved, or it would not have been asked
        remedy = "See LIMNER_DATABASE." if elsewhere else "Restore a backup, or name another with --home."
        return [Finding("database", "broken", f"{where}: {error}", remedy)]
    waiting, running = sum(facts.queued.values()), sum(facts.running.values())
    kind = "Postgres" if assembly.settings.database_path is None else f"SQLite {sqlite3.sqlite_version}"
    told = f"keys {keys}, jobs waiting {waiting}, running {running}, {kind}"
    troubles = [_trouble(states[engine]) for engine in facts.blocked if engine in states]
    return [Finding("database", "ok", f"{where}: {told}"), *troubles]


async def _storage(assembly: Assembly) -> Finding:
    where = without_password(assembly.settings.storage_url)
    if not assembly.settings.storage and not assembly.settings.home.exists():
        return Finding("storage", "note", f"{where} is not there yet.")
    storage = assembly.storage
    try:
        await storage.open()
        try:
            probe = f"{new_id()}/doctor"
            await storage.write(probe, b"probe")
            same = await storage.read(probe) == b"probe"
            await storage.delete(probe)
        finally:
            await storage.close()
    except Exception as error:  # noqa: BLE001 - a third party's storage may raise anything
        remedy = "See that it can be written, or set LIMNER_STORAGE."
        return Finding("storage", "broken", f"{where}: {_in_words(error)}", remedy)
    if not same:
        return Finding("storage", "broken", f"{where} returns other bytes than were written.", "Check the disk.")
    return Finding("storage", "ok", where)


async def _dispatcher(assembly: Assembly) -> Finding:
    where = without_password(assembly.settings.dispatcher)
    if fault := await assembly.dispatcher.fault():
        remedy = "See LIMNER_DISPATCHER. Until then workers find each job by themselves, within limits.poll."
        return Finding("dispatcher", "broken", f"{where}: nudges cannot be sent ({fault}).", remedy)
    return Finding("dispatcher", "ok", where)


async def _engine(name: str, engine: Engine) -> Finding:
    what = f"engine {name}"
    try:
        async with asyncio.timeout(HEALTH_SECONDS):
            try:
                await engine.open()
                await engine.health()
            finally:
                await engine.close()
    except TimeoutError:
        return Finding(what, "broken", f"It did not open within {HEALTH_SECONDS:.0f} s.", "Look at its log.")
    except Exception as error:  # noqa: BLE001 - a third party's engine may raise anything
        return Finding(what, "broken", _in_words(error), f"See [engines.{name}] in the settings.")
    return Finding(what, "ok", engine.capabilities.description or "can paint")


async def _port(settings: Settings) -> Finding:
    """Who is where `limner serve` would be. Only a note: those who mount Limner need no server of its own."""
    where = url_of(settings.host, settings.port)
    try:
        async with httpx.AsyncClient(timeout=ANSWER_SECONDS, trust_env=False) as http:
            told = (await http.get(f"{where}/health")).json()
    except (httpx.ConnectError, httpx.ConnectTimeout):
        return Finding("server", "note", f"Nothing answers at {where}; `limner serve` starts one.")
    except (httpx.HTTPError, ValueError):
        told = None
    if isinstance(told, dict) and ("version" in told or told.get("code") == WrongHost.code):
        return Finding("server", "ok", f"Limner answers at {where}")
    other = f"limner serve --port {settings.port + 1}"
    return Finding("server", "note", f"Something else answers at {where}; choose another port: `{other}`.")


def _in_words(error: Exception) -> str:
    return str(error) if isinstance(error, LimnerError) else f"It raised {type(error).__name__}: {error}"


def _trouble(state: EngineState) -> Finding:
    told = f"{state.detail} It is asked again at {state.blocked_until:%H:%M:%S} UTC."
    if state.is_account:
        return Finding(f"engine {state.engine}", "broken", told, "See to the account at the service; jobs wait for it.")
    return Finding(f"engine {state.engine}", "note", told)


async def _server(options: Options) -> Finding:
    try:
        async with reach(options) as client:
            models = await client.get("/models")
    except LimnerError as error:
        return Finding("server", "broken", str(error), "See --url and --key.")
    return Finding("server", "ok", f"{options.url} paints with {', '.join(one['name'] for one in models['items'])}")
