"""Options that every command takes, before or after its name."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

import click

from limner.actions.create_key import LOCAL_USER
from limner.domain.checking import owner_fault
from limner.domain.identity import USER_SCOPES, Scope
from limner.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Where the installation is, and how to answer. With `url` a server is asked, else the data folder is used."""

    home: str | None = None
    config: str | None = None
    url: str | None = None
    key: str | None = None
    json: bool = False

    def settings(self, **flags: Any) -> Settings:
        return Settings.load(self.config, home=self.home, **flags)


_SHARED = (
    click.option("--home", metavar="FOLDER", help="Data folder [LIMNER_HOME, else ./limner-data]."),
    click.option("--config", metavar="FILE", help="Settings [LIMNER_CONFIG, else ./limner.toml]."),
    click.option("--url", metavar="URL", envvar="LIMNER_URL", help="Ask this server [LIMNER_URL]."),
    click.option("--key", metavar="KEY", envvar="LIMNER_KEY", help="Your key there [LIMNER_KEY]."),
    click.option("--json", is_flag=True, help="Answer in JSON."),
)


def shared_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives the command its `options`; those given at the group hold where its own are absent."""

    @functools.wraps(command)
    def run(*arguments: Any, **values: Any) -> Any:
        own = {field.name: values.pop(field.name) for field in fields(Options)}
        above = click.get_current_context().find_object(Options) or Options()
        options = replace(above, **{name: value for name, value in own.items() if value})
        return command(*arguments, options=options, **values)

    for option in reversed(_SHARED):
        run = option(run)
    return run


def _checked_user(_context: click.Context, _option: click.Parameter, user: str) -> str:
    """Raises BadParameter for what can own nothing."""
    if fault := owner_fault(user):
        raise click.BadParameter(
            f"it {fault}. Say whose jobs and pictures it opens, such as --user ann; without --user it is {LOCAL_USER}."
        )
    return user


_HOLDER = (
    click.option(
        "--user",
        default=LOCAL_USER,
        show_default=True,
        callback=_checked_user,
        help="Whose jobs and pictures it opens.",
    ),
    click.option(
        "--scope",
        "scopes",
        multiple=True,
        type=click.Choice([scope.value for scope in Scope]),
        callback=lambda _context, _option, names: frozenset(map(Scope, names)) or USER_SCOPES,
        help="[all but operate]",
    ),
)


def holder_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives the command the `user` and the `scopes` of what it makes."""
    for option in reversed(_HOLDER):
        command = option(command)
    return command
