"""What the guides tell people to type, set and look at exists, and what is quoted is said."""

import dataclasses
import inspect
import re
import shlex
from pathlib import Path

import click
import pytest

from limner.cli.main import limner
from limner.domain import errors
from limner.domain.policy import Policy
from limner.observers.metrics import COUNTERS, DURATIONS, GAUGES
from limner.settings import OTHER_VARIABLES, EngineSettings, Settings

ROOT = Path(__file__).parents[2]
PAGES = [*sorted((ROOT / "docs" / "how-to").glob("*.md")), ROOT / "deploy" / "README.md"]
LIMITS = {field.name for field in dataclasses.fields(Policy)}
CODES = {one.code for _, one in inspect.getmembers(errors, inspect.isclass) if issubclass(one, errors.LimnerError)}
SOURCE = "\n".join(path.read_text() for path in (ROOT / "src").rglob("*.py"))

pytestmark = pytest.mark.parametrize("page", [page.read_text() for page in PAGES], ids=[page.stem for page in PAGES])


def quoted(page):
    """What stands in backticks within lines."""
    return re.findall(r"(?<!`)`([^`\n]+)`(?!`)", page)


def typed(page):
    """Command lines of ours, as words."""
    blocks = re.findall(r"^```sh\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()] + quoted(page)
    return [words for line in lines if (words := shlex.split(line, comments=True))[:1] == ["limner"]]


def test_every_command_exists_and_takes_these_options(page):
    for _, *words in typed(page):
        command = limner
        while isinstance(command, click.Group) and words:
            command = command.get_command(click.Context(command), words.pop(0))
            assert command is not None, words
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= known, words


def test_every_metric_exists(page):
    known = {*DURATIONS, *COUNTERS, *GAUGES, "limner_drain_rate"}
    assert {word for word in quoted(page) if re.fullmatch(r"limner_\w+", word)} - {"limner_"} <= known


def test_every_variable_and_limit_exists(page):
    variables = {f"LIMNER_{name.upper()}" for name in Settings.model_fields} | OTHER_VARIABLES
    assert set(re.findall(r"\bLIMNER_[A-Z_]+", page)) <= variables
    assert set(re.findall(r"\blimits\.(\w+)", page)) <= LIMITS


def test_every_bare_word_in_backticks_is_a_name_of_ours(page):
    known = {*Settings.model_fields, *EngineSettings.model_fields, *CODES, *GAUGES, *COUNTERS, *DURATIONS, *LIMITS}
    foreign = {"fsync", "options", "session", "concurrency", "limner_"}
    assert {word for word in quoted(page) if re.fullmatch(r"[a-z_]+", word)} <= known | foreign | {"limner"}


def test_every_message_is_one_that_is_said(page):
    """Messages stand in italics; what ends in a colon there is no message."""
    for said in re.findall(r"(?<!\*)\*([^*\n]+)\*(?!\*)", re.sub(r"\*[^*\n]+:\*", "", page)):
        assert said.lower() in SOURCE.lower(), said
