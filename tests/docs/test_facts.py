import ast
import dataclasses
import inspect
import re
from pathlib import Path

import click
import pytest

from limner.cli.main import limner
from limner.domain import errors
from limner.domain.policy import Policy
from limner.engines.isolated import IsolatedEngine
from limner.observers.metrics import COUNTERS, DURATIONS, GAUGES
from limner.plugins import CHILD_OPTIONS, OF_EVERY_ENGINE
from limner.settings import EngineSettings, Settings
from limner.web import errors as web_errors

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
INTERNAL = {"plugin", "settings", "database", "lease_lost", "busy"}


def codes():
    tree = {one.code for _, one in inspect.getmembers(errors, inspect.isclass) if issubclass(one, errors.LimnerError)}
    return sorted((tree | {one.code for one in web_errors.STATUS}) - INTERNAL - {"not_ready"})


@pytest.mark.parametrize("code", codes())
def test_every_error_code_is_documented(code):
    assert f"`{code}`" in (DOCS / "errors.md").read_text()


def field_codes():
    """The codes that are given to FieldErrors; where one is computed, the first words of its module's tuples."""
    found = set()
    for path in (ROOT / "src").rglob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text())))
        made = [node.args[1] for node in nodes if isinstance(node, ast.Call) and is_field_error(node.func)]
        if not all(isinstance(code, ast.Constant) for code in made):
            made += [node.elts[0] for node in nodes if isinstance(node, ast.Tuple) and node.elts]
        found |= {str(code.value) for code in made if isinstance(code, ast.Constant)}
    return {code for code in found if code.isidentifier()}


def is_field_error(called):
    return getattr(called, "attr", getattr(called, "id", None)) == "FieldError"


def test_exactly_the_codes_of_fields_that_exist_are_documented():
    table = (DOCS / "errors.md").read_text().partition("| code of a field |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == field_codes()


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_documented(name):
    assert f"| `{name}` |" in (DOCS / "settings.md").read_text()


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Policy)])
def test_every_limit_is_documented(name):
    assert f"| `{name}` |" in (DOCS / "settings.md").read_text()


@pytest.mark.parametrize("name", OF_EVERY_ENGINE)
def test_every_option_of_an_engines_table_is_documented(name):
    assert f"| `{name}` |" in (DOCS / "settings.md").read_text()


def test_options_of_an_engines_table_are_all_that_are_taken_from_it():
    assert set(CHILD_OPTIONS) <= set(inspect.signature(IsolatedEngine).parameters)
    assert set(EngineSettings.model_fields) | set(CHILD_OPTIONS) | {"isolated"} == set(OF_EVERY_ENGINE)


def test_nothing_is_documented_that_does_not_exist():
    documented = set(re.findall(r"^\| `(\w+)` \|", (DOCS / "settings.md").read_text(), re.MULTILINE))
    limits = {field.name for field in dataclasses.fields(Policy)}
    assert documented <= set(Settings.model_fields) | limits | set(OF_EVERY_ENGINE)


@pytest.mark.parametrize("name", [*DURATIONS, *COUNTERS, *GAUGES])
def test_every_metric_is_documented(name):
    assert f"| `{name}` |" in (DOCS / "operating.md").read_text()


@pytest.mark.parametrize("name", limner.list_commands(click.Context(limner)))
def test_every_command_is_documented(name):
    pages = [(ROOT / "README.md").read_text(), *(page.read_text() for page in DOCS.glob("*.md"))]
    assert any(f"limner {name}" in page for page in pages)


def links():
    pages = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *DOCS.rglob("*.md")]
    return [(page, link) for page in pages for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text())]


@pytest.mark.parametrize(("page", "link"), links(), ids=lambda part: str(getattr(part, "name", part)))
def test_every_link_leads_somewhere(page, link):
    assert (page.parent / link).exists()
