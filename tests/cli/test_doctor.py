import pytest


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
    assert "storage, engines, model" in out
    assert "lease, " in out


def test_a_server_is_asked_where_one_is_named(limner, serve):
    server = serve()
    code, out, _ = limner("doctor", "--url", server.url, "--key", server.key)
    assert (code, "paints with instant" in out) == (0, True)
    assert limner("doctor", "--url", "http://127.0.0.1:9")[0] == 1
