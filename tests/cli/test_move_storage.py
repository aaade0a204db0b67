import re
import shlex

import pytest

from tests.storages.buckets import CONTAINER


@pytest.fixture
def elsewhere(folder):
    return (folder / "elsewhere").as_uri()


@pytest.fixture
def switch(monkeypatch):
    return lambda url: monkeypatch.setenv("LIMNER_STORAGE", url)


@pytest.mark.parametrize("store_url", ["bucket_url", *CONTAINER], indirect=True)
def test_pictures_move_to_a_store_beside_a_running_server(limner, ask, serve, folder, store_url, switch):
    server = serve()
    first = ask("paint", "a fox")["images"][0]["id"]
    code, out, _ = limner("move-storage", "--to", store_url)
    assert (code, out.startswith("1 picture, ")) == (0, True)
    meanwhile = ask("paint", "a hen")["images"][0]["id"]
    server.stop()
    switch(store_url)
    assert ask(*again(out)) | {"bytes": 0} == told(folder, store_url, copied=1, there=1)
    emptied = ask(*again(out), "--delete-source")
    assert (emptied["there"], emptied["deleted"]) == (2, 2)
    assert not list((folder / "limner-data" / "images").rglob("*.png"))
    serve()
    for image in (first, meanwhile):
        assert limner("images", "save", image, "-o", folder / image)[0] == 0


def again(out):
    """The command that the first run prints for after the switch."""
    return shlex.split(re.search(r"meanwhile: limner (.*)", out)[1])


def told(folder, target, **counts):
    source = (folder / "limner-data" / "images").as_uri()
    usual = {"bytes": 0, "copied": 0, "there": 0, "deleted": 0, "missing": [], "damaged": []}
    return {"from": source, "to": target, **usual, **counts}


def test_it_says_which_line_to_change(limner, ask, elsewhere):
    ask("paint", "a fox")
    assert f'storage = "{elsewhere}"' in limner("move-storage", "--to", elsewhere)[1]


def test_a_picture_whose_bytes_are_gone_is_named_by_its_key_and_the_exit_code_tells(limner, ask, folder, elsewhere):
    job = ask("paint", "a fox")["id"]
    for path in (folder / "limner-data" / "images").rglob("*.png"):
        path.unlink()
    code, _, err = limner("move-storage", "--to", elsewhere)
    assert (code, f"not in the source: {job}/0/1.png" in err) == (1, True)


@pytest.mark.parametrize("source", ["limner-data/images", "limner-data/images/", "link"])
def test_what_is_still_in_use_is_not_emptied_under_any_name(limner, ask, folder, elsewhere, source):
    ask("paint", "a fox")
    (folder / "link").symlink_to(folder / "limner-data" / "images")
    code, _, err = limner("move-storage", "--from", f"file://{folder}/{source}", "--to", elsewhere, "--delete-source")
    assert (code, "still in use" in err) == (1, True)
    assert list((folder / "limner-data" / "images").rglob("*.png"))


def test_a_place_is_not_moved_to_itself_under_another_name(limner, ask, folder):
    ask("paint", "a fox")
    (folder / "link").symlink_to(folder / "limner-data" / "images")
    code, _, err = limner("move-storage", "--from", f"file://{folder}/link", "--delete-source")
    assert (code, "already; name another place" in err) == (1, True)
    assert list((folder / "limner-data" / "images").rglob("*.png"))


@pytest.mark.parametrize("arguments", [(), ("--to", "s3://b", "--url", "http://127.0.0.1:1")])
def test_a_command_line_that_leads_nowhere_is_refused(limner, arguments):
    assert limner("move-storage", *arguments)[0] == 2


@pytest.mark.parametrize("place", ["memory://", "file:///limner-data/images", "ftp://x", "s3://b?regio=x"])
def test_a_place_that_cannot_be_is_refused(limner, ask, folder, place):
    ask("paint", "a fox")
    code, _, err = limner("move-storage", "--to", place.replace("file:///", f"file://{folder}/"))
    assert (code, err.startswith("limner: ")) == (1, True)


def test_another_installations_place_is_refused_untouched(limner, ask, folder, elsewhere):
    ask("paint", "a fox")
    ask("paint", "a hen", "--home", "other")
    limner("move-storage", "--to", elsewhere)
    code, _, err = limner("move-storage", "--to", elsewhere, "--home", "other")
    assert (code, "another installation's pictures" in err) == (1, True)
    assert len(list((folder / "elsewhere").rglob("*.png"))) == 1


def test_a_server_refuses_to_start_on_another_installations_pictures(limner, ask, elsewhere, switch):
    switch(elsewhere)
    ask("paint", "a fox")
    code, _, err = limner("paint", "a hen", "--home", "other")
    assert (code, "another installation's pictures" in err) == (1, True)


def test_new_rows_do_not_take_the_homes_pictures_for_orphans(limner, ask, folder, postgres_url, monkeypatch):
    image = ask("paint", "a fox")["images"][0]["id"]
    monkeypatch.setenv("LIMNER_DATABASE", postgres_url)
    code, _, err = limner("paint", "a hen")
    assert (code, "another installation's pictures" in err) == (1, True)
    monkeypatch.setenv("LIMNER_DATABASE", "")
    assert limner("images", "save", image)[0] == 0
