"""What cannot be run here is read: names and commands must be those that exist."""

import json
import re

import click
import pytest

from limner.cli.main import limner
from limner.settings import Settings
from tests.deploy.files import COMPOSE, CONTAINERS, DEPLOY, MANIFESTS, UNITS

FOREIGN = {"LIMNER_HOSTS", "LIMNER_PORT"}
"""A variable of the compose file's own, and the one that Kubernetes would set."""


@pytest.mark.parametrize(
    "path", sorted(path for path in DEPLOY.rglob("*") if path.is_file()), ids=lambda path: path.name
)
def test_every_variable_is_a_setting(path):
    settings = {f"LIMNER_{name.upper()}" for name in Settings.model_fields} | FOREIGN
    assert set(re.findall(r"\bLIMNER_[A-Z_]+", path.read_text())) <= settings


def commands():
    """(file, words) of every command of ours."""
    image = re.search(r"^CMD (\[.*\])$", (DEPLOY / "Containerfile").read_text(), re.MULTILINE)
    yield "Containerfile", json.loads(image[1])
    yield from ((name, service["command"]) for name, service in COMPOSE.items() if name in {"migrate", "worker"})
    yield from ((container["name"], container["command"]) for container in CONTAINERS)
    yield from (
        (unit.name, re.search(r"^ExecStart=(.*)$", unit.read_text(), re.MULTILINE)[1].split()) for unit in UNITS
    )


@pytest.mark.parametrize(("file", "words"), list(commands()), ids=lambda part: part if isinstance(part, str) else "")
def test_every_command_exists(file, words):
    assert words[0].rpartition("/")[2] == "limner", file
    parse(words[1:])


@pytest.mark.parametrize(
    "file", ["README.md", "compose.yaml", "kubernetes/migrate.yaml", "kubernetes/metrics/prometheus.yaml"]
)
def test_every_way_to_the_first_key_is_a_command(file):
    told = re.findall(r"limner ((?:keys create|page-link) --[^`#\n]+)", (DEPLOY / file).read_text())
    assert any(line.startswith("keys create") for line in told)
    for line in told:
        parse(line.split())


def test_who_is_asked_for_the_first_key_is_there():
    text = (DEPLOY / "README.md").read_text() + (DEPLOY / "kubernetes" / "migrate.yaml").read_text()
    deployments = {one["metadata"]["name"] for one in MANIFESTS if one["kind"] == "Deployment"}
    assert set(re.findall(r"kubectl exec deploy/(\S+)", text)) <= deployments
    assert set(re.findall(r"docker compose exec (\S+)", text)) <= COMPOSE.keys()


def parse(words):
    """Raises what click says of a command line that is wrong."""
    command = limner
    while isinstance(command, click.Group):
        name, *words = words
        command = command.get_command(click.Context(command), name)
    command.make_context(command.name, words)
