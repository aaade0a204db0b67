"""The distribution of the weights, built with toys."""

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from limner.domain.errors import EngineFailed
from limner.engines.mini.weights import FILES, Weights
from tests.engines.mini.toy import toy_weights

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "packages" / "limner-mini"


@pytest.fixture
def package(tmp_path):
    copy = tmp_path / "package"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("weights", "__pycache__", "dist"))
    toy_weights(copy / "limner_mini" / "weights")
    (copy / "limner_mini" / "weights" / "sources.json").write_text("[]", "utf-8")
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
    (licences,) = (tmp_path / "installed").glob("*.dist-info/licenses")
    assert (licences / "LICENSE").read_text("utf-8") == (ROOT / "LICENSE").read_text("utf-8")
    assert "Copyright (c) Microsoft Corporation." in (licences / "LICENSE-MIT").read_text("utf-8")
    assert "vocabulary.txt" in (licences / "NOTICE").read_text("utf-8")


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


def refused(package):
    built = build(package)
    assert built.returncode != 0
    assert "Traceback" not in built.stderr
    return built.stderr


def test_without_weights_nothing_is_built(package):
    shutil.rmtree(package / "limner_mini" / "weights")
    # The version stands in the manifest, so the builder itself already misses it.
    assert "file does not exist: limner_mini/weights/manifest.json" in build(package).stderr


@pytest.mark.parametrize("name", FILES)
def test_all_files_of_the_engine_are_demanded(package, name):
    change(package, toy=False)
    (package / "limner_mini" / "weights" / name).unlink()
    assert f"its weights lack {name}" in refused(package)


def test_a_manifest_that_leaves_a_file_out_is_refused(package):
    change(package, toy=False, files={})
    assert "manifest.json is not a manifest: KeyError: 'painter.onnx'" in refused(package)


def test_the_engine_finds_no_weights_where_the_wheel_is_not_installed(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(EngineFailed, match="limner-mini is not installed"):
        Weights.load(None, allow_toy=False)
