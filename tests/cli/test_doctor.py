import contextlib
import socket
import sqlite3
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from limner.domain.capabilities import Capabilities
from limner.plugins import Plugin, list_plugins


def found(told, what):
    return next(one for one in told["findings"] if one["what"] == what)


def test_a_fresh_folder_is_well_and_stays_untouched(limner, folder):
    code, out, _ = limner("doctor")
    assert (code, out.splitlines()[-1]) == (0, "All is well.")
    assert not (folder / "limner-data").exists()


def test_a_used_folder_tells_its_parts(ask):
    ask("paint", "a fox")
    told = ask("doctor")
    assert told["healthy"]
    assert "jobs waiting 0" in found(told, "database")["detail"]
    assert found(told, "engine instant")["state"] == "ok"


def test_a_broken_database_is_told_with_a_remedy(limner, folder):
    (folder / "limner-data").mkdir()
    (folder / "limner-data" / "limner.db").write_bytes(b"this is not a database" * 1000)
    code, out, _ = limner("doctor")
    assert code == 1
    assert "✗ database" in out
    assert "Restore a backup" in out


def test_a_database_of_a_newer_limner_is_told_with_a_remedy(limner, ask, folder):
    ask("paint", "a fox")
    with contextlib.closing(sqlite3.connect(folder / "limner-data" / "limner.db")) as database, database:
        database.execute("UPDATE limner_migrations SET version_num = '9999'")
    code, out, _ = limner("doctor")
    assert code == 1
    assert "written by a newer Limner (revision 9999). Upgrade Limner" in out


def test_a_database_and_a_bucket_elsewhere_are_asked_though_the_home_is_not_there_yet(limner, folder, monkeypatch):
    monkeypatch.setenv("LIMNER_DATABASE", "postgresql://127.0.0.1:1/limner?connect_timeout=1")
    monkeypatch.setenv("LIMNER_STORAGE", "s3://pictures?endpoint=http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "something")
    code, out, _ = limner("doctor")
    assert code == 1
    assert "✗ database" in out
    assert "✗ storage" in out
    assert "See LIMNER_DATABASE." in out
    assert not (folder / "limner-data").exists()


def test_a_broker_that_cannot_be_reached_is_told_without_its_password(limner, folder, monkeypatch):
    monkeypatch.setenv("LIMNER_DATABASE", "postgresql://127.0.0.1:1/limner?connect_timeout=1")
    monkeypatch.setenv("LIMNER_DISPATCHER", "celery+redis://:hunter2@127.0.0.1:1/0")
    code, out, _ = limner("doctor")
    assert code == 1
    assert "✗ dispatcher celery+redis://:…@127.0.0.1:1/0: nudges cannot be sent (" in out
    assert "Connection refused" in out
    assert "See LIMNER_DISPATCHER." in out
    assert "hunter2" not in out


def test_a_home_without_space_is_told(limner, folder, monkeypatch):
    monkeypatch.setenv("LIMNER_LIMITS__FREE_SPACE", str(2**60))
    (folder / "limner-data").mkdir()
    code, out, _ = limner("doctor")
    assert code == 1
    assert "lower limits.free_space" in out


@pytest.mark.parametrize("text", ["prot = 1", '[engines.x]\nkind = "nobody"', "[engines.instant]\nsise = 3"])
def test_settings_that_cannot_be_used_are_told(limner, folder, text):
    (folder / "limner.toml").write_text(text)
    code, out, _ = limner("doctor")
    assert code == 1
    assert "✗ settings" in out


def test_a_typo_that_is_near_to_nothing_gets_the_list_that_it_is_promised(limner, folder):
    (folder / "limner.toml").write_text("zzz = 1\n")
    assert "`limner doctor` lists the settings" in limner("models")[2]
    _, out, _ = limner("doctor")
    assert "home, database, secret, dispatcher, storage, " in out
    assert "lease, " in out


def test_a_server_is_asked_where_one_is_named(limner, serve):
    server = serve()
    code, out, _ = limner("doctor", "--url", server.url, "--key", server.key)
    assert (code, "paints with instant" in out) == (0, True)
    assert limner("doctor", "--url", "http://127.0.0.1:9")[0] == 1


@pytest.fixture
def free_port(monkeypatch):
    """Where `limner serve` would be, as the settings say."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    monkeypatch.setenv("LIMNER_PORT", str(port))
    return port


def test_a_free_port_is_told_as_one_where_no_server_is(ask, free_port):
    server = found(ask("doctor"), "server")
    assert (server["state"], "`limner serve` starts one" in server["detail"]) == ("note", True)


def test_a_port_that_something_else_has_taken_is_told_with_another(limner, free_port):
    with HTTPServer(("127.0.0.1", free_port), BaseHTTPRequestHandler) as stranger:
        threading.Thread(target=stranger.serve_forever, daemon=True).start()
        code, out, _ = limner("doctor")
        stranger.shutdown()
    assert f"Something else answers at http://127.0.0.1:{free_port}" in out
    assert f"`limner serve --port {free_port + 1}`" in out
    assert code == 0  # who mounts Limner has a server of his own there


def test_a_server_of_ours_is_known_by_whatever_name_it_answers_to(ask, serve, monkeypatch):
    server = serve(environment={"LIMNER_ALLOWED_HOSTS": "127.0.0.1"})
    monkeypatch.setenv("LIMNER_PORT", server.url.rpartition(":")[2])
    for name in ("127.0.0.1", "localhost"):
        monkeypatch.setenv("LIMNER_HOST", name)
        assert found(ask("doctor"), "server")["state"] == "ok"


class Odd:
    """An engine and a storage as a third party's may be."""

    capabilities = Capabilities()

    def __init__(self, url=None):
        pass

    async def open(self):
        raise RuntimeError("odd")

    async def close(self):
        raise RuntimeError("odder")


def test_plugins_of_others_are_told_with_where_they_come_from(ask, monkeypatch):
    sketch = Plugin(kind="engine", name="sketch", distribution="limner-sketch", version="2.1")
    monkeypatch.setattr("limner.cli.doctor.list_plugins", lambda: (*list_plugins(), sketch))
    detail = found(ask("doctor"), "plugins")["detail"]
    assert "sketch (limner-sketch 2.1)" in detail
    assert " painter" in detail


@pytest.mark.parametrize(("load", "what"), [("load_engine", "engine instant"), ("load_storage", "storage")])
def test_whatever_a_plugin_raises_the_rest_is_told(limner, ask, monkeypatch, load, what):
    ask("paint", "a fox")
    monkeypatch.setattr(f"limner.plugins.{load}", lambda name: Odd)
    code, out, _ = limner("doctor")
    assert (code, f"✗ {what}" in out, "RuntimeError: odd" in out) == (1, True, True)
    assert "✓ database" in out


def test_links_and_sessions_are_not_counted_as_keys(limner):
    limner("keys", "create")
    limner("page-link")
    assert "keys 1," in limner("doctor")[1]


def test_a_key_that_is_missing_is_told_with_the_setting_to_write(limner, folder):
    (folder / "limner.toml").write_text(
        '[engines.deepai]\n[engines.fal]\nkey = "env:NO_SUCH"\nmodels = ["someone/flux"]\n'
    )
    code, out, _ = limner("doctor")
    assert code == 1
    assert 'write key = "env:DEEPAI_API_KEY" into its table in the settings' in out
    assert "the variable NO_SUCH is not set" in out
    assert "See [engines.fal] in the settings." in out
