import asyncio
import json
import subprocess
import sys

import pytest

from limner.domain.errors import EngineFailed, SettingsError
from limner.engines.mini.engine import Mini
from limner.plugins import engine_from_settings
from limner.testing.engine_suite import collect
from tests.engines.mini.painting import strokes, task
from tests.engines.mini.toy import toy_weights


def refusal(**options):
    """What the engine says when it is opened and then asked how it is."""

    async def start():
        engine = Mini(**options)
        with pytest.raises(EngineFailed) as refused:
            await engine.open()
        with pytest.raises(EngineFailed) as unwell:
            await engine.health()
        with pytest.raises(EngineFailed) as failed:
            await collect(engine, task())
        assert refused.value.detail == unwell.value.detail == failed.value.detail
        return refused.value.detail

    return asyncio.run(start())


def test_without_weights_it_refuses_and_says_what_to_install(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert refusal().startswith("The engine mini has no weights: limner-mini is not installed. Install limner-mini")


def test_an_empty_folder_is_refused(tmp_path):
    assert "holds no manifest.json" in refusal(weights=str(tmp_path))


def test_toy_weights_are_refused(weights):
    said = refusal(weights=str(weights))
    assert "are toys" in said
    assert "allow_toy = true" in said


def test_toy_weights_that_are_allowed_are_told_with_each_picture(weights):
    (painted,) = [one for one in strokes(weights, task())[0] if hasattr(one, "notes")]
    assert [note.code for note in painted.notes] == ["toy_weights"]


@pytest.mark.parametrize("name", ["painter.onnx", "upscaler.onnx", "words.npz", "vocabulary.txt"])
def test_a_changed_file_is_refused_by_name(tmp_path, name):
    file = toy_weights(tmp_path) / name
    file.write_bytes(file.read_bytes() + b"\n")
    assert f"{file} is damaged" in refusal(weights=str(tmp_path), allow_toy=True)


def test_a_missing_file_is_refused_by_name(tmp_path):
    (toy_weights(tmp_path) / "words.npz").unlink()
    assert "words.npz cannot be read" in refusal(weights=str(tmp_path), allow_toy=True)


@pytest.mark.parametrize("change", [{"format": 2}, {"architecture": {"side": 16}}, {"files": {}}])
def test_a_manifest_that_says_too_little_is_refused(tmp_path, change):
    toy_weights(tmp_path, **change)
    assert "manifest.json" in refusal(weights=str(tmp_path), allow_toy=True)


def test_a_manifest_that_is_not_json_is_refused(tmp_path):
    (toy_weights(tmp_path) / "manifest.json").write_text("{", "utf-8")
    assert "is not JSON" in refusal(weights=str(tmp_path), allow_toy=True)


def test_a_file_that_is_no_graph_is_refused(tmp_path):
    folder = toy_weights(tmp_path)
    (folder / "painter.onnx").write_bytes(b"")
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    manifest["files"]["painter.onnx"]["sha256"] = empty
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    assert "cannot be loaded" in refusal(weights=str(folder), allow_toy=True)


@pytest.mark.parametrize("options", [{"batch": 0}, {"threads": True}, {"allow_toy": "yes"}])
def test_options_are_checked_before_anything_is_loaded(options):
    with pytest.raises(SettingsError):
        engine_from_settings("mini", "mini", options)


def test_without_onnxruntime_it_says_what_to_install():
    script = (
        "import sys; sys.modules['onnxruntime'] = None; from limner.plugins import load_engine; load_engine('mini')"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert "pip install 'limner[mini]'" in done.stderr
