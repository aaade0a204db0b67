import ast
import dataclasses
import inspect
import re
import shlex
from pathlib import Path

import click
import pytest

from limner.assembly import Assembly
from limner.cli.main import limner
from limner.domain import errors
from limner.domain.budget import Budgets
from limner.domain.policy import Policy
from limner.engines.isolated import IsolatedEngine
from limner.observers.metrics import COUNTERS, DURATIONS, GAUGES
from limner.plugins import CHILD_OPTIONS, OF_EVERY_ENGINE
from limner.settings import EngineSettings, ModelSettings, Settings
from limner.web import errors as web_errors
from limner.web.server import create_app
from tests.faults.campaign import POINTS

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


@pytest.mark.parametrize("name", sorted(ModelSettings.model_fields))
def test_every_option_of_a_models_table_is_documented(name):
    assert f"| `{name}` |" in (DOCS / "settings.md").read_text()


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Budgets)])
def test_every_kind_of_budget_is_documented(name):
    assert name in (DOCS / "settings.md").read_text().partition("## Budgets")[2]


@pytest.mark.parametrize("name", OF_EVERY_ENGINE)
def test_every_option_of_an_engines_table_is_documented(name):
    assert f"| `{name}` |" in (DOCS / "settings.md").read_text()


def test_options_of_an_engines_table_are_all_that_are_taken_from_it():
    assert set(CHILD_OPTIONS) <= set(inspect.signature(IsolatedEngine).parameters)
    assert set(EngineSettings.model_fields) | set(CHILD_OPTIONS) | {"isolated"} == set(OF_EVERY_ENGINE)


def test_nothing_is_documented_that_does_not_exist():
    documented = set(re.findall(r"^\| `(\w+)` \|", (DOCS / "settings.md").read_text(), re.MULTILINE))
    limits = {field.name for field in dataclasses.fields(Policy)}
    assert documented <= set(Settings.model_fields) | limits | set(OF_EVERY_ENGINE) | set(ModelSettings.model_fields)


@pytest.mark.parametrize("name", [*DURATIONS, *COUNTERS, *GAUGES])
def test_every_metric_is_documented(name):
    assert f"| `{name}` |" in (DOCS / "operating.md").read_text()


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    """(method, path) of every route of `limner serve`."""
    settings = Settings(home=tmp_path_factory.mktemp("unused"), public_url="https://images.example.com")
    paths = create_app(Assembly(settings)).openapi()["paths"]
    return {(method.upper(), path) for path, methods in paths.items() for method in methods}


def test_exactly_the_routes_that_there_are_are_documented(described):
    pages = [(DOCS / name).read_text() for name in ("http.md", "operating.md")]
    rows = {row for page in pages for row in re.findall(r"^\| `([A-Z]+) (/\S*)` \|", page, re.MULTILINE)}
    assert rows == described


@pytest.mark.parametrize("name", limner.list_commands(click.Context(limner)))
def test_every_command_is_documented(name):
    pages = [(ROOT / "README.md").read_text(), *(page.read_text() for page in DOCS.glob("*.md"))]
    assert any(f"limner {name}" in page for page in pages)


def leaves(command=limner, path=()):
    if isinstance(command, click.Group):
        return [
            leaf
            for name in command.list_commands(None)
            for leaf in leaves(command.get_command(None, name), (*path, name))
        ]
    return [(path, command)]


@pytest.fixture(scope="module")
def typed():
    """The command lines of the terminal's page, as words."""
    page = (DOCS / "terminal.md").read_text()
    return [tuple(shlex.split(line)) for line in re.findall(r"^\$ limner (.*)$", page, re.MULTILINE)]


@pytest.mark.parametrize(
    ("path", "command"), leaves(), ids=lambda part: " ".join(part) if isinstance(part, tuple) else ""
)
def test_the_terminals_page_shows_every_command_with_options_that_it_has(typed, path, command):
    shown = [words[len(path) :] for words in typed if words[: len(path)] == path]
    assert shown
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for words in shown for word in words if word[0] == "-"} <= known


def test_the_terminals_page_shows_no_command_that_there_is_not(typed):
    paths = [path for path, _ in leaves()]
    assert all(words[:1] in paths or words[:2] in paths for words in typed)


def links():
    pages = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *DOCS.rglob("*.md")]
    return [(page, link) for page in pages for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text())]


@pytest.mark.parametrize(("page", "link"), links(), ids=lambda part: str(getattr(part, "name", part)))
def test_every_link_leads_somewhere(page, link):
    assert (page.parent / link).exists()


FAULTS = (DOCS / "faults.md").read_text() + (ROOT / "Makefile").read_text()


CAMPAIGNS = sorted({*re.findall(r"python\)? -m tests\.faults\.([^#|;\n]+)", FAULTS)})
assert CAMPAIGNS


@pytest.mark.parametrize("words", CAMPAIGNS)
def test_every_campaign_exists_and_takes_these_options(words):
    name, *options = shlex.split(words)
    source = (ROOT / "tests" / "faults" / f"{name}.py").read_text()
    for option in (word for word in options if word.startswith("--")):
        assert f'"{option}"' in source or (option == "--on" and "add_ground(parser" in source)


def test_the_points_at_which_workers_die_are_counted():
    assert len(POINTS) == 11
    assert "workers at eleven named points" in FAULTS
