import json
import subprocess
import sys

import click
import pytest

from limner import __version__
from limner.cli.main import COMMANDS
from limner.cli.main import limner as group


def test_the_version_is_told(limner):
    assert limner("--version")[:2] == (0, f"limner {__version__}\n")


def test_help_lists_every_command_without_loading_one():
    code = "import sys; from limner.cli.main import run; run(['--help']); print(sorted({'sqlalchemy', 'fastapi'} & set(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.endswith("[]\n")
    assert all(f"  {name}" in out for name in COMMANDS)


def _leaves(command, path=()):
    if isinstance(command, click.Group):
        for name in command.list_commands(None):
            yield from _leaves(command.get_command(None, name), (*path, name))
    else:
        yield path, command


@pytest.mark.parametrize(("path", "command"), list(_leaves(group)))
def test_every_command_explains_itself_and_takes_json_home_and_config(path, command):
    names = {parameter.name for parameter in command.params}
    assert {"json", "home", "config", "url", "key"} <= names
    assert command.help


def test_options_before_the_command_hold_for_it(limner, folder):
    assert limner("--home", "other", "keys", "create")[0] == 0
    assert (folder / "other" / "limner.db").exists()


def test_with_json_errors_are_json_too(limner, folder):
    code, _, err = limner("jobs", "show", "nonsense", "--json")
    assert (code, json.loads(err)) == (1, {"code": "not_found", "detail": "There is no such job."})
    _, _, err = limner("paint", "", "--json")
    assert json.loads(err)["code"] == "invalid_request"


def test_with_json_a_wrong_command_line_is_json_too(limner, folder):
    code, _, err = limner("images", "save", "--json")
    assert (code, json.loads(err)) == (2, {"code": "usage", "detail": "Missing argument 'IMAGE_ID'."})


def test_what_nobody_foresaw_is_a_sentence_too(limner, folder, monkeypatch):
    monkeypatch.setitem(COMMANDS, "work", ("limner.cli.main:nothing", ""))
    code, _, err = limner("work")
    assert (code, err.startswith("limner: Something broke: AttributeError: ")) == (1, True)
    assert "LIMNER_DEBUG=1" in err
