"""`limner`: finds the command, and makes sentences of errors."""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import Any, NoReturn

import click

from limner._version import __version__
from limner.cli.options import Options, shared_options
from limner.domain.errors import LimnerError

COMMANDS = {
    "serve": ("limner.cli.serve:serve", "Answer HTTP requests, and paint."),
    "work": ("limner.cli.work:work", "Paint only; run as many as you like beside a server."),
    "paint": ("limner.cli.paint:paint", "Paint a prompt into a file."),
    "jobs": ("limner.cli.jobs:jobs", "List, show, watch, cancel, retry, delete."),
    "images": ("limner.cli.images:images", "List, save, delete, restore."),
    "models": ("limner.cli.models:models", "What can paint, and what it takes."),
    "usage": ("limner.cli.usage:usage", "What was painted and what it cost."),
    "page-link": ("limner.cli.page_link:page_link", "Make a link that signs a browser in, once."),
    "keys": ("limner.cli.keys:keys", "Create, list, revoke API keys; list and end sessions."),
    "doctor": ("limner.cli.doctor:doctor", "What is configured, what works, and how to mend the rest."),
    "migrate": ("limner.cli.migrate:migrate", "Bring a Postgres database to this version."),
    "backup": ("limner.cli.backup:backup", "Copy a running installation safely."),
    "move-database": ("limner.cli.move_database:move_database", "Move all rows from SQLite to Postgres."),
    "move-storage": ("limner.cli.move_storage:move_storage", "Copy all pictures to another storage."),
}


class LazyGroup(click.Group):
    """Loads a command when it is used: `limner --help` does not wait for the database's library."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, meaning) for name, (_, meaning) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="limner", message="%(prog)s %(version)s")
@shared_options
@click.pass_context
def limner(context: click.Context, options: Options) -> None:
    """Pictures from words, in the background. Without --url, commands use the data folder itself."""
    context.obj = options


def main(arguments: list[str] | None = None) -> NoReturn:
    """Exit codes: 0 done, 1 it failed, 2 the command line is wrong, 130 stopped by Ctrl-C."""
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Runs one command; returns its exit code."""
    as_json = "--json" in (sys.argv if arguments is None else arguments)
    try:
        outcome: Any = limner.main(arguments, prog_name="limner", standalone_mode=False)
    except click.ClickException as error:
        if as_json:
            _tell("usage", error.format_message(), as_json=True)
        else:
            error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if os.environ.get("LIMNER_DEBUG"):
            raise
        _tell(*_in_words(error), as_json=as_json)
        return 1
    return outcome if isinstance(outcome, int) else 0


def _in_words(error: Exception) -> tuple[str, str]:
    """Its code, and a sentence."""
    if isinstance(error, LimnerError):
        return error.code, str(error)
    return "internal", f"Something broke: {type(error).__name__}: {error}. Run it again with LIMNER_DEBUG=1."


def _tell(code: str, sentence: str, *, as_json: bool) -> None:
    click.echo(json.dumps({"code": code, "detail": sentence}) if as_json else f"limner: {sentence}", err=True)


if __name__ == "__main__":
    main()
