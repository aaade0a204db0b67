"""The image is not built here: what it is built from must be there, and nothing else may get in."""

import re
import tomllib

from limner.settings import Settings
from tests.deploy.files import DEPLOY, ROOT

TEXT = (DEPLOY / "Containerfile").read_text()
LEFT_IN = set(re.findall(r"^!(\S+)$", (DEPLOY / "Containerfile.dockerignore").read_text(), re.MULTILINE))


def copied():
    """What is copied from the checkout."""
    lines = re.findall(r"^COPY (?!--from)(.*) \S+$", TEXT, re.MULTILINE)
    return {name for line in lines for name in line.split()}


def test_everything_that_is_copied_is_there_and_nothing_else_is_sent():
    assert copied() == LEFT_IN
    assert all((ROOT / name).exists() for name in copied())


def test_the_extras_that_it_installs_exist():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(re.search(r"'\.\[(.*)\]'", TEXT)[1].split(",")) <= set(extras)


def test_it_runs_as_nobody_in_particular_and_knows_no_secret():
    assert "\nUSER 10001\n" in TEXT
    assert not re.search(r"SECRET|PASSWORD|KEY", TEXT)


def test_what_it_opens_is_where_the_server_listens(tmp_path):
    port = Settings(home=tmp_path).port
    assert f"\nEXPOSE {port}\n" in TEXT
    assert f"http://127.0.0.1:{port}/health" in TEXT
