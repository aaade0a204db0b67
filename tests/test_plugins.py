import sys
from pathlib import Path

import pytest

from limner.domain.errors import PluginError, SettingsError
from limner.engines.isolated import IsolatedEngine
from limner.plugins import engine_from_settings, list_plugins, load_engine, load_storage, storage_from_url
from limner.testing.instant import InstantEngine


@pytest.fixture
def distribution(tmp_path, monkeypatch):
    """Makes an installed distribution with one module and one entry point a group."""

    def install(name, code, *, version="2.1", **entry_points):
        module = name.replace("-", "_")
        facts = tmp_path / f"{module}-{version}.dist-info"
        facts.mkdir()
        (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        groups = [f"[limner.{kind}s]\n{entry}\n" for kind, entry in entry_points.items()]
        (facts / "entry_points.txt").write_text("\n".join(groups))
        Path(tmp_path, f"{module}.py").write_text(code)
        monkeypatch.delitem(sys.modules, module, raising=False)

    monkeypatch.syspath_prepend(tmp_path)
    return install


ENGINE = """
from limner.testing.instant import InstantEngine
class Sketch(InstantEngine):
    plugin_api = {api}
"""


def test_our_own_come_through_the_same_entry_points():
    names = {(plugin.kind, plugin.name) for plugin in list_plugins() if plugin.distribution == "limner"}

    assert {("engine", "instant"), ("engine", "painter"), ("storage", "file"), ("storage", "memory")} <= names
    assert load_engine("instant") is InstantEngine


def test_a_listing_names_distribution_and_version(distribution):
    distribution("limner-sketch", ENGINE.format(api=1), engine="sketch = limner_sketch:Sketch")

    (sketch,) = [plugin for plugin in list_plugins() if plugin.name == "sketch"]
    assert (sketch.distribution, sketch.version) == ("limner-sketch", "2.1")


def test_a_listing_loads_nothing(distribution):
    distribution("limner-sketch", "raise RuntimeError", engine="sketch = limner_sketch:Sketch")

    assert list_plugins()
    assert "limner_sketch" not in sys.modules


def test_an_unknown_name_gets_the_nearest_and_all():
    with pytest.raises(PluginError, match=r"no engine 'instand'. Did you mean instant\? Installed: .*painter"):
        load_engine("instand")


def test_an_unknown_scheme_gets_all_storages():
    with pytest.raises(PluginError, match=r"no storage 'attik'.*Installed: az, file, gs, memory, s3"):
        storage_from_url("attik://folder")


@pytest.mark.parametrize("api", ["2", "'2.0'", "0"])
def test_another_major_version_is_refused_by_name(distribution, api):
    distribution("limner-sketch", ENGINE.format(api=api), engine="sketch = limner_sketch:Sketch")

    with pytest.raises(PluginError, match=r"engine sketch of limner-sketch 2.1 is written for version \d"):
        load_engine("sketch")


@pytest.mark.parametrize("api", ["1", "'1.7'"])
def test_minor_versions_are_taken(distribution, api):
    distribution("limner-sketch", ENGINE.format(api=api), engine="sketch = limner_sketch:Sketch")

    assert load_engine("sketch").__name__ == "Sketch"


def test_a_storage_without_a_version_is_taken(distribution):
    distribution("limner-attic-box", "class Box:\n    pass", storage="box = limner_attic_box:Box")

    assert load_storage("box").__name__ == "Box"


def test_a_missing_module_is_named(distribution):
    distribution("limner-sketch", "import not_there.at_all", engine="sketch = limner_sketch:Sketch")

    with pytest.raises(PluginError, match=r"pip install not_there$"):
        load_engine("sketch")


def test_a_declared_extra_is_the_hint(distribution):
    distribution("limner-sketch", "import not_there", engine="sketch = limner_sketch:Sketch [torch]")

    with pytest.raises(PluginError, match=r"pip install 'limner-sketch\[torch\]'$"):
        load_engine("sketch")


def test_a_missing_class_is_named(distribution):
    distribution("limner-sketch", "", engine="sketch = limner_sketch:Sketch")

    with pytest.raises(PluginError, match=r"limner-sketch 2.1 has no limner_sketch:Sketch"):
        load_engine("sketch")


def test_a_name_that_two_distributions_claim_is_refused(distribution):
    distribution("limner-sketch", ENGINE.format(api=1), engine="sketch = limner_sketch:Sketch")
    distribution("limner-other", ENGINE.format(api=1), engine="sketch = limner_other:Sketch")

    with pytest.raises(PluginError, match=r"limner-other 2.1, limner-sketch 2.1"):
        load_engine("sketch")


def test_options_reach_the_engine():
    engine = engine_from_settings("quick", "instant", {"size": 32})

    assert engine.capabilities.default_width == 32


def test_an_unknown_option_gets_the_nearest_and_all():
    with pytest.raises(
        SettingsError, match=r"\[engines.quick\] has no option sise. Did you mean size\? It takes size."
    ):
        engine_from_settings("quick", "instant", {"sise": 32})


def test_a_missing_option_is_named():
    with pytest.raises(SettingsError, match=r"\[engines.paid\] needs ledger."):
        engine_from_settings("paid", "ledger", {})


def test_what_a_constructor_refuses_is_a_settings_error(distribution):
    code = (
        ENGINE.format(api=1) + "    def __init__(self, *, depth):\n        raise ValueError('depth is 3; at most 2')\n"
    )
    distribution("limner-sketch", code, engine="sketch = limner_sketch:Sketch")

    with pytest.raises(SettingsError, match=r"\[engines.deep\] cannot be used: depth is 3; at most 2"):
        engine_from_settings("deep", "sketch", {"depth": 3})


@pytest.mark.parametrize(("says", "setting", "isolated"), [(True, {}, True), (False, {}, False)])
def test_capabilities_decide_whether_it_is_isolated(distribution, says, setting, isolated):
    code = (
        "import dataclasses\n" + ENGINE.format(api=1) + "    def __init__(self):\n        super().__init__()\n"
        f"        self.capabilities = dataclasses.replace(self.capabilities, isolated={says})\n"
    )
    distribution("limner-sketch", code, engine="sketch = limner_sketch:Sketch")

    assert isinstance(engine_from_settings("sketch", "sketch", setting), IsolatedEngine) is isolated
    assert isinstance(engine_from_settings("sketch", "sketch", {"isolated": not says}), IsolatedEngine) is not isolated


def test_a_child_may_be_limited():
    engine = engine_from_settings("quick", "instant", {"isolated": True, "memory_limit": 2**30, "children": 2})

    assert isinstance(engine, IsolatedEngine)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"memory": "RSS"}, "memory is 'RSS'; there are address_space, rss"),
        ({"children": 0}, "children is 0; it must be a whole number above 0"),
        ({"children": True}, "children is True; it must be"),
        ({"memory_limit": 0}, "memory_limit is 0; it must be"),
        ({"memory_limit": "1GB"}, "memory_limit is '1GB'; it must be"),
        ({"isolated": "no"}, "isolated is 'no'; it must be true or false"),
    ],
)
def test_a_child_is_not_started_with_what_it_does_not_understand(options, sentence):
    with pytest.raises(SettingsError, match=rf"\[engines.quick\] .*{sentence}"):
        engine_from_settings("quick", "instant", {"isolated": True, **options})


def test_a_typo_in_what_every_engine_takes_gets_the_nearest():
    with pytest.raises(
        SettingsError, match=r"Did you mean memory_limit\? .*every engine takes kind, queue, on_ambiguous"
    ):
        engine_from_settings("quick", "instant", {"memroy_limit": 2**30})


def test_limits_of_a_child_need_a_child():
    with pytest.raises(SettingsError, match=r"\[engines.quick\] memory_limit needs isolated = true"):
        engine_from_settings("quick", "instant", {"memory_limit": 2**30})
