"""The compose file is not started here: its parts must agree with each other and with nginx's file."""

import os
import re
import shutil
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from limner.settings import Settings
from tests.deploy.files import COMPOSE, DEPLOY, NGINX

SECRETS = ("POSTGRES_PASSWORD", "S3_SECRET", "LIMNER_SECRET")
OURS = {name: service for name, service in COMPOSE.items() if service["image"].startswith("limner:")}


@pytest.fixture
def settings(monkeypatch):
    """What the servers there are made of."""
    for name, value in COMPOSE["server"]["environment"].items():
        if name.startswith("LIMNER_"):
            monkeypatch.setenv(name, re.sub(r"\$\{.*?\}", "x" * 32, value))
    return Settings.load()


def test_its_settings_are_taken(settings):
    settings.refuse_alone()
    assert settings.database_path is None


def test_whom_it_names_is_there(settings):
    storage = dict(part.split("=") for part in urlsplit(settings.storage_url).query.split("&"))["endpoint"]
    dispatcher = settings.dispatcher.removeprefix("celery+")
    named = {urlsplit(url).hostname for url in (settings.database_url, dispatcher, storage)}
    assert named == {"postgres", "redis", "s3"} <= set(COMPOSE)


def test_nginx_finds_servers_and_pictures_where_they_are(settings, tmp_path):
    assert f"server server:{settings.port} resolve;" in NGINX
    place = urlsplit(settings.storage_url)
    assert f"location {settings.accel_redirect}{place.netloc}/ {{" in NGINX
    store = urlsplit(place.query.removeprefix("endpoint=")).netloc
    assert f"proxy_pass http://pictures/{place.netloc}/;" in NGINX
    assert f"server {store} resolve;" in NGINX
    assert f"proxy_set_header Host {store};" in NGINX
    (port,) = COMPOSE["nginx"]["ports"]
    assert f"listen {port.rpartition(':')[2]};" in NGINX


def test_nginx_looks_up_again_who_comes_back_with_another_address():
    upstreams = dict(re.findall(r"^upstream (\w+) \{(.*?)^\}", NGINX, re.MULTILINE | re.DOTALL))
    assert set(re.findall(r"proxy_pass http://([^/;]+)", NGINX)) == set(upstreams)
    for name, upstream in upstreams.items():
        assert f"zone {name} " in upstream
        assert re.findall(r"server (.*);", upstream) == re.findall(r"server (.* resolve);", upstream)
    assert re.search(r"^resolver 127\.0\.0\.11 ", NGINX, re.MULTILINE), "Docker's own"
    assert "restart" not in COMPOSE["nginx"]["depends_on"]["server"], "it would break every stream"


def test_postgres_is_not_called_well_while_it_is_still_being_made():
    """The image makes the database with a server that answers on its socket only, and stops it again."""
    asked = COMPOSE["postgres"]["healthcheck"]["test"]
    assert asked[asked.index("-h") + 1] == "127.0.0.1"


def test_redis_answers_others_whatever_its_image_thinks_of_them():
    """Unless told otherwise it refuses whoever is not on its own machine. Then workers only poll, and nobody notices."""
    command = COMPOSE["redis"]["command"]
    assert command[command.index("--protected-mode") + 1] == "no"


def test_health_checks_come_by_a_name_that_is_answered(settings):
    assert "127.0.0.1" in settings.allowed_hosts


@pytest.mark.parametrize("name", sorted(COMPOSE))
def test_whoever_is_waited_for_tells_that_it_is_well(name):
    for other, condition in COMPOSE[name].get("depends_on", {}).items():
        expected = "service_completed_successfully" if other == "migrate" else "service_healthy"
        assert condition["condition"] == expected
        assert other in OURS or "healthcheck" in COMPOSE[other]


@pytest.mark.parametrize("name", sorted(set(COMPOSE) - {"postgres"}))
def test_nothing_may_write_where_it_need_not(name):
    service = COMPOSE[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_whoever_stops_it_waits_longer_than_it_drains(settings):
    grace = {int(service["stop_grace_period"].removesuffix("s")) for service in OURS.values()}
    assert min(grace) > settings.limits.drain_grace


def test_what_it_asks_for_has_an_example_and_no_secret_is_published():
    asked = re.findall(r"\$\{(\w+)(.*?)\}", (DEPLOY / "compose.yaml").read_text())
    examples = dict(re.findall(r"^(\w+)=(.*)$", (DEPLOY / "env.example").read_text(), re.MULTILINE))
    assert {name for name, _ in asked} == set(examples)
    assert {name for name, example in examples.items() if not example} == set(SECRETS)
    assert all(missing == ":?see env.example" for name, missing in asked if name in SECRETS)


def test_its_schema_finds_no_fault():
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml"]
    found = subprocess.run(command, cwd=DEPLOY, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


def test_compose_understands_it():
    known = ["docker", "compose", "version"]
    if shutil.which("docker") is None or subprocess.run(known, capture_output=True, check=False).returncode:
        pytest.skip("needs docker compose")
    command = ["docker", "compose", "--env-file", "env.example", "config", "--quiet"]
    given = os.environ | dict.fromkeys(SECRETS, "x" * 32)
    found = subprocess.run(command, cwd=DEPLOY, env=given, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    refused = subprocess.run(command, cwd=DEPLOY, capture_output=True, text=True, check=False)
    assert (refused.returncode != 0, "see env.example" in refused.stderr) == (True, True)
