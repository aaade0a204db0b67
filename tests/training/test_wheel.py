"""The distribution of the weights, built with toys."""

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from limner.domain.errors import EngineFailed
from limner.engines.mini.weights import Weights
from tests.engines.mini.toy import toy_weights

PACKAGE = Path(__file__).parents[2] / "packages" / "limner-mini"


@pytest.fixture
def package(tmp_path):
    copy = tmp_path / "package"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("weights", "__pycache__", "dist"))
    toy_weights(copy / "limner_mini" / "weights")
    return copy


def build(package, **environment):
    return subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel"],
        cwd=package,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def change(package, **facts):
    file = package / "limner_mini" / "weights" / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | facts), "utf-8")


def test_the_wheel_brings_weights_that_the_engine_finds(package, tmp_path, monkeypatch):
    change(package, version="0.3.0", toy=False)
    built = build(package)
    assert built.returncode == 0, built.stderr
    (wheel,) = (package / "dist").glob("limner_mini-0.3.0-*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "installed")
    monkeypatch.syspath_prepend(str(tmp_path / "installed"))
    weights = Weights.load(None, allow_toy=False)
    assert weights.version == "0.3.0"
    assert weights.folder.is_relative_to(tmp_path / "installed")
    assert list((tmp_path / "installed").glob("*.dist-info/licenses/NOTICE"))


def test_toys_are_not_built_unless_that_is_asked_for(package):
    refused = build(package)
    assert refused.returncode != 0
    assert "its weights are toys" in refused.stderr
    assert build(package, LIMNER_MINI_ALLOW_TOY="1").returncode == 0


def test_a_changed_file_is_not_built(package):
    change(package, toy=False)
    (package / "limner_mini" / "weights" / "vocabulary.txt").write_text("other", "utf-8")
    assert "vocabulary.txt is not the file that the manifest names" in build(package).stderr


def test_too_large_weights_are_not_built(package):
    change(package, toy=False)
    with (package / "limner_mini" / "weights" / "more").open("wb") as file:
        file.truncate(40 * 10**6)
    assert "at most 40,000,000 are allowed" in build(package).stderr


def test_without_weights_nothing_is_built(package):
    shutil.rmtree(package / "limner_mini" / "weights")
    assert build(package).returncode != 0


def test_the_engine_finds_no_weights_where_the_wheel_is_not_installed(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(EngineFailed, match="limner-mini is not installed"):
        Weights.load(None, allow_toy=False)
