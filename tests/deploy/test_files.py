"""What cannot be run here is read: names, commands, ports and probes must be those that exist."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from limner.assembly import Assembly
from limner.cli.main import COMMANDS
from limner.settings import Settings
from limner.web.server import create_app

DEPLOY = Path(__file__).parents[2] / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
FOREIGN = {"LIMNER_HOSTS", "LIMNER_CONFIG"}
"""A variable of the compose file's own, and one that is no setting."""


def manifests():
    return list(yaml.safe_load_all((DEPLOY / "kubernetes" / "limner.yaml").read_text()))


def containers():
    for manifest in manifests():
        pod = manifest["spec"].get("template", {}).get("spec", {})
        yield from pod.get("containers", ())


def everything(node):
    """All strings of a document."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from everything(key)
            yield from everything(value)
    elif isinstance(node, list):
        for value in node:
            yield from everything(value)
    else:
        yield str(node)


@pytest.mark.parametrize(
    "path", sorted(path for path in DEPLOY.rglob("*") if path.is_file()), ids=lambda path: path.name
)
def test_every_variable_is_a_setting(path):
    settings = {f"LIMNER_{name.upper()}" for name in Settings.model_fields} | FOREIGN
    assert set(re.findall(r"\bLIMNER_[A-Z_]+", path.read_text())) <= settings


def test_every_command_exists():
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    commands = [
        service["command"] for service in compose["services"].values() if "<<" not in service and "command" in service
    ]
    commands += [container["command"] for container in containers()]
    commands += [line.split()[-2:] for unit in UNITS for line in unit.read_text().splitlines() if "ExecStart=" in line]
    ours = [command for command in commands if Path(command[0].removeprefix("ExecStart=")).name == "limner"]
    assert len(ours) >= 6
    assert {command[1] for command in ours} <= set(COMMANDS)


def test_probes_ask_for_what_there_is(tmp_path):
    paths = create_app(Assembly(Settings(home=tmp_path))).openapi()["paths"]
    probed = [
        probe["httpGet"] for container in containers() for name, probe in container.items() if name.endswith("Probe")
    ]
    assert {probe["path"] for probe in probed} == {"/health", "/ready"} <= set(paths)
    (ports,) = [container["ports"] for container in containers() if "ports" in container]
    assert ports == [{"name": "http", "containerPort": Settings(home=tmp_path).port}]


def test_nothing_runs_as_root_or_may_write_where_it_need_not():
    for manifest in manifests():
        if pod := manifest["spec"].get("template", {}).get("spec"):
            assert pod["securityContext"]["runAsNonRoot"]
            assert all(container["securityContext"]["readOnlyRootFilesystem"] for container in pod["containers"])
    assert "\nUSER 10001\n" in (DEPLOY / "Containerfile").read_text()
    for unit in UNITS:
        assert {"DynamicUser=yes", "ProtectSystem=strict", "NoNewPrivileges=yes"} <= set(unit.read_text().splitlines())


def test_whoever_stops_a_process_waits_longer_than_it_drains(tmp_path):
    grace = Settings(home=tmp_path).limits.drain_grace
    pods = [manifest["spec"]["template"]["spec"] for manifest in manifests() if manifest["kind"] == "Deployment"]
    assert pods
    assert all(pod["terminationGracePeriodSeconds"] > grace for pod in pods)
    assert all(int(re.search(r"TimeoutStopSec=(\d+)", unit.read_text())[1]) > grace for unit in UNITS)
    assert int(re.search(r"stop_grace_period: (\d+)s", (DEPLOY / "compose.yaml").read_text())[1]) > grace


def test_what_compose_asks_for_has_an_example():
    asked = set(re.findall(r"\$\{(\w+)\}", (DEPLOY / "compose.yaml").read_text()))
    assert asked == set(re.findall(r"^(\w+)=", (DEPLOY / "env.example").read_text(), re.MULTILINE))


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_finds_no_fault(unit, tmp_path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze")
    copy = tmp_path / unit.name
    copy.write_text(unit.read_text().replace("/opt/limner/bin/limner", "/bin/true"))
    found = subprocess.run(["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, check=False)
    assert unit.name not in found.stderr, found.stderr


def test_compose_understands_its_file():
    if (
        subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode
        if shutil.which("docker")
        else True
    ):
        pytest.skip("needs docker compose")
    command = ["docker", "compose", "--env-file", "env.example", "config", "--quiet"]
    found = subprocess.run(command, cwd=DEPLOY, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
