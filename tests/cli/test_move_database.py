import httpx
import pytest


@pytest.fixture
def target(postgres):
    url = postgres.new_database(empty=True)
    yield url
    postgres.drop(url)


def test_an_installation_goes_on_in_postgres_with_its_pictures_keys_and_links(
    limner, ask, serve, folder, target, monkeypatch
):
    first = serve()
    key, job = first.key, ask("paint", "a fox")
    of_server = ask("jobs", "show", job["id"], "--url", first.url, "--key", key)
    link = of_server["images"][0]["signed_url"].removeprefix(first.url)
    first.stop()
    code, out, err = limner("move-database", "--to", target)
    assert (code, err) == (0, "")
    assert f'database = "{target}"' in out
    monkeypatch.setenv("LIMNER_DATABASE", target)
    second = serve()
    assert ask("jobs", "list", "--url", second.url, "--key", key)["items"] != []
    assert httpx.get(second.url + link).content == (folder / "a-fox.png").read_bytes()
    assert ask("paint", "a hen")["state"] == "succeeded"


def test_a_running_server_keeps_its_rows(limner, ask, serve, target):
    server = serve()
    code, _, err = limner("move-database", "--to", target)
    assert (code, "is in use. Stop all servers and workers" in err) == (1, True)
    server.stop()
    assert limner("move-database", "--to", target)[0] == 0


def test_the_setting_may_be_changed_first(limner, ask, folder, target, monkeypatch):
    ask("paint", "a fox")
    monkeypatch.setenv("LIMNER_DATABASE", target)
    told = ask("move-database", "--from", f"sqlite:///{folder}/limner-data/limner.db")
    rows = {table["name"]: (table["rows"], table["copied"]) for table in told["tables"]}
    assert (rows["limner_jobs"], rows["limner_images"]) == ((1, 1), (1, 1))
    assert told["retired"] == f"{folder}/limner-data/limner.db.moved"
    assert len(ask("jobs", "list")["items"]) == 1


def test_who_forgets_the_setting_is_told_that_the_rows_were_moved(limner, ask, folder, target):
    ask("paint", "a fox")
    limner("move-database", "--to", target)
    code, _, err = limner("jobs", "list")
    assert (code, "were moved to another database: name that one (LIMNER_DATABASE)" in err) == (1, True)
    code, out, _ = limner("doctor")
    assert (code, "were moved to another database" in out, "See LIMNER_DATABASE." in out) == (1, True, True)
    assert not (folder / "limner-data" / "limner.db").exists()
    (folder / "limner-data" / "limner.db.moved").rename(folder / "limner-data" / "limner.db")
    assert len(ask("jobs", "list")["items"]) == 1


def test_passwords_are_not_shown(limner, ask, target):
    ask("paint", "a fox")
    code, out, _ = limner("move-database", "--to", target.replace("postgres@/", "postgres:xyzzy@/"))
    assert (code, "xyzzy" in out, ":…@" in out) == (0, False, True)


@pytest.mark.parametrize("arguments", [(), ("--to", "postgresql://x/y", "--url", "http://127.0.0.1:1")])
def test_a_command_line_that_leads_nowhere_is_refused(limner, arguments):
    assert limner("move-database", *arguments)[0] == 2


def test_what_is_not_there_cannot_be_moved(limner, folder, target):
    code, _, err = limner("move-database", "--to", target)
    assert (code, "there is no such file" in err) == (1, True)
    assert not (folder / "limner-data").exists()
