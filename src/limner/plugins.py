"""Engines and storages by name: entry points of installed distributions, ours among them, loaded when first used."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any, cast
from urllib.parse import urlsplit

from limner.contracts.engine import PLUGIN_API as ENGINE_API
from limner.contracts.engine import Engine
from limner.contracts.storage import PLUGIN_API as STORAGE_API
from limner.contracts.storage import Storage
from limner.domain.errors import PluginError, SettingsError
from limner.domain.wording import listed, meant
from limner.engines.isolated import IsolatedEngine

SUPPORTED = {"engine": ENGINE_API, "storage": STORAGE_API}
"""The kinds of plugin and the major version of each contract."""

CHILD_OPTIONS = ("children", "memory", "memory_limit")
"""Options of an `[engines.NAME]` table that belong to the child process, not to the engine."""

OF_EVERY_ENGINE = ("kind", "queue", "on_ambiguous", "isolated", *CHILD_OPTIONS)
"""What every `[engines.NAME]` table may say, whatever its kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """What is installed under a name, not loaded."""

    kind: str
    name: str
    distribution: str
    version: str


def list_plugins() -> tuple[Plugin, ...]:
    """All that is installed, by kind and name."""
    found = (_describe(kind, entry) for kind in SUPPORTED for entry in entry_points(group=f"limner.{kind}s"))
    return tuple(sorted(found, key=lambda plugin: (plugin.kind, plugin.name)))


def load_engine(name: str) -> type[Engine]:
    """Raises PluginError with the remedy."""
    return cast(type[Engine], _load("engine", name))


def load_storage(name: str) -> type[Storage]:
    """Raises PluginError with the remedy."""
    return cast(type[Storage], _load("storage", name))


def storage_from_url(url: str) -> Storage:
    """The URL's scheme names the storage. Raises PluginError, or what the storage says of its URL."""
    make: Any = load_storage(urlsplit(url).scheme)
    return cast(Storage, make(url))


def engine_from_settings(name: str, kind: str, options: Mapping[str, Any]) -> Engine:
    """The engine of an `[engines.NAME]` table, in child processes where its capabilities or `isolated` say so.

    Raises PluginError for the kind and SettingsError for its options.
    """
    cls = load_engine(kind)
    table = dict(options)
    isolated = table.pop("isolated", None)
    if not isinstance(isolated, bool | None):
        raise SettingsError(f"[engines.{name}] isolated is {isolated!r}; it must be true or false.")
    limits = {key: table.pop(key) for key in CHILD_OPTIONS if key in table and not _takes(cls, key)}
    _check_options(name, cls, table)
    try:
        engine = cls(**table)
        if engine.capabilities.isolated if isolated is None else isolated:
            return IsolatedEngine(f"{cls.__module__}:{cls.__qualname__}", table, **limits)
    except (TypeError, ValueError) as error:
        raise SettingsError(f"[engines.{name}] cannot be used: {error}") from error
    if limits:
        raise SettingsError(f"[engines.{name}] {listed(tuple(limits))} needs isolated = true.")
    return engine


def _takes(cls: type[Engine], option: str) -> bool:
    return option in inspect.signature(cls).parameters


def _check_options(name: str, cls: type[Engine], options: Mapping[str, Any]) -> None:
    parameters = inspect.signature(cls).parameters.values()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return
    known = [parameter.name for parameter in parameters]
    for option in options:
        if option not in known:
            takes = f"It takes {listed(sorted(known))}" if known else "It takes no options of its own"
            near = meant(option, [*known, *OF_EVERY_ENGINE])
            every = f"every engine takes {listed(OF_EVERY_ENGINE)}."
            raise SettingsError(f"[engines.{name}] has no option {option}.{near} {takes}; {every}")
    needed = [parameter.name for parameter in parameters if parameter.default is parameter.empty]
    missing = [parameter for parameter in needed if parameter not in options]
    if missing:
        raise SettingsError(f"[engines.{name}] needs {listed(missing)}.")


def _load(kind: str, name: str) -> type:
    entry = _find(kind, name)
    try:
        cls = entry.load()
    except ImportError as error:
        raise PluginError(f"The {kind} {name} cannot be loaded: {error}. {_install_hint(entry, error)}") from error
    except AttributeError as error:
        raise PluginError(f"The {kind} {name} cannot be loaded: {_origin(entry)} has no {entry.value}.") from error
    version = str(getattr(cls, "plugin_api", SUPPORTED[kind])).partition(".")[0]
    if version != str(SUPPORTED[kind]):
        raise PluginError(
            f"The {kind} {name} of {_origin(entry)} is written for version {version} of the {kind} contract; "
            f"this Limner has {SUPPORTED[kind]}. Install versions of both that fit."
        )
    return cast(type, cls)


def _find(kind: str, name: str) -> EntryPoint:
    entries = entry_points(group=f"limner.{kind}s")
    # An editable install may be listed twice; what counts is whether two things claim the name.
    found = {entry.value: entry for entry in entries.select(name=name)}
    if not found:
        known = sorted(entries.names)
        raise PluginError(f"There is no {kind} {name!r}.{meant(name, known)} Installed: {listed(known)}.")
    if len(found) > 1:
        owners = listed(sorted(map(_origin, found.values())))
        raise PluginError(f"Several distributions offer the {kind} {name}: {owners}. Uninstall all but one.")
    return next(iter(found.values()))


def _install_hint(entry: EntryPoint, error: ImportError) -> str:
    if entry.extras:
        return f"Install what it needs: pip install '{_distribution_of(entry)[0]}[{','.join(entry.extras)}]'"
    if error.name:
        return f"Install what it needs: pip install {error.name.partition('.')[0]}"
    return f"Install {_distribution_of(entry)[0]} again."


def _describe(kind: str, entry: EntryPoint) -> Plugin:
    distribution, version = _distribution_of(entry)
    return Plugin(kind=kind, name=entry.name, distribution=distribution, version=version)


def _origin(entry: EntryPoint) -> str:
    return " ".join(_distribution_of(entry))


def _distribution_of(entry: EntryPoint) -> tuple[str, str]:
    return (entry.dist.name, entry.dist.version) if entry.dist else ("an unknown distribution", "")
