import asyncio
import contextlib
import re
import shlex
import shutil
import subprocess
import threading

import httpx
import pytest

from limner.actions.claim_storage import MARK
from limner.repositories.sql import SqlRepository
from limner.storages.folder import FolderStorage
from tests.repositories.postgres_server import PROGRAMS


def test_the_copy_is_an_installation_of_its_own(limner, ask, folder):
    job = ask("paint", "a fox")
    code, out, _ = limner("backup", "copy")
    assert (code, out.splitlines()[0].startswith("1 picture, ")) == (0, True)
    assert ask("jobs", "list", "--home", "copy")["items"][0]["id"] == job["id"]
    limner("images", "save", job["images"][0]["id"], "--home", "copy", "-o", "again.png")
    assert (folder / "again.png").read_bytes() == (folder / "a-fox.png").read_bytes()
    assert (folder / "copy" / "secret").read_bytes() == (folder / "limner-data" / "secret").read_bytes()


def test_the_preview_of_a_job_that_runs_is_no_picture(limner, ask, folder):
    ask("paint", "a fox")
    (picture,) = (folder / "limner-data").rglob("*.png")
    picture.with_name("preview.json").write_text("{}")
    assert limner("backup", "copy")[1].startswith("1 picture, ")
    assert not list((folder / "copy").rglob("preview.json"))


def test_what_a_storage_says_of_its_installation_is_no_picture(limner, ask, folder):
    ask("paint", "a fox")
    storage = FolderStorage((folder / "limner-data" / "images").as_uri())
    assert asyncio.run(storage.read(MARK))
    asyncio.run(storage.write(f"{MARK}-0123456789abcdef", b"limner"))  # by a process that was killed as it began
    assert limner("backup", "copy")[1].startswith("1 picture, ")


def test_what_jobs_start_from_is_in_the_copy(limner, ask, folder):
    ask("paint", "a fox")
    ask("paint", "in winter", "--image", "a-fox.png")
    _, out, _ = limner("backup", "copy")
    assert out.startswith("3 pictures, ")


@pytest.fixture
def elsewhere(folder, monkeypatch):
    """Rows and pictures outside the home."""
    monkeypatch.setenv("LIMNER_STORAGE", (folder / "pictures").as_uri())
    monkeypatch.setenv("LIMNER_DATABASE", f"sqlite:///{folder / 'rows' / 'limner.db'}")
    (folder / "rows").mkdir()


def test_what_lies_outside_the_home_is_in_the_copy_too(limner, ask, folder, elsewhere, monkeypatch):
    image = ask("paint", "a fox")["images"][0]["id"]
    _, out, _ = limner("backup", "copy")
    assert out.startswith("1 picture, ")
    restore = re.search(r"To restore: (.*) limner serve", out)[1]
    shutil.rmtree(folder / "pictures")
    shutil.rmtree(folder / "rows")
    for variable in shlex.split(restore):
        monkeypatch.setenv(*variable.split("=", 1))
    assert limner("images", "save", image, "-o", "again.png")[0] == 0
    assert (folder / "again.png").read_bytes() == (folder / "a-fox.png").read_bytes()


def test_the_hint_names_what_the_copy_does_without(limner, elsewhere):
    _, out, _ = limner("backup", "copy")
    assert out.splitlines()[-1].endswith("it needs your settings without storage and database.")


def test_pictures_in_memory_cannot_be_copied_by_another_process(limner, folder, monkeypatch):
    monkeypatch.setenv("LIMNER_STORAGE", "memory://")
    code, _, err = limner("backup", "copy")
    assert (code, "LIMNER_STORAGE=file:///" in err) == (1, True)
    assert not (folder / "copy").exists()


@pytest.mark.parametrize("name", ["limner.toml", "limner.toml/copy"])
def test_a_file_is_no_folder_for_a_copy(limner, name):
    code, _, err = limner("backup", name)
    assert (code, err.startswith(f"limner: {name} "), err.endswith("name a new folder.\n")) == (1, True, True)


def test_under_load_every_row_of_the_copy_has_its_picture(ask, serve, folder):
    server = serve()
    ask("paint", "a fox")
    with painting_on(server):
        told = ask("backup", "copy")
    images = ask("images", "list", "--home", "copy", "--limit", "200")["items"]
    assert 1 <= len(images) <= told["images"]
    for image in images[-20:]:
        ask("images", "save", image["id"], "--home", "copy", "-o", folder / "copy" / f"{image['id']}.png")


def test_a_picture_that_is_deleted_while_the_rows_are_copied_is_in_the_copy(limner, ask, folder, monkeypatch):
    image = ask("paint", "a fox")["images"][0]["id"]
    backup = SqlRepository.backup

    async def backup_and_lose_the_bytes(self, path):
        await backup(self, path)
        shutil.rmtree(folder / "limner-data" / "images")
        (folder / "limner-data" / "images").mkdir()

    monkeypatch.setattr(SqlRepository, "backup", backup_and_lose_the_bytes)
    limner("backup", "copy")
    assert limner("images", "save", image, "--home", "copy", "-o", "again.png")[0] == 0


@contextlib.contextmanager
def painting_on(server):
    stop = threading.Event()

    def paint():
        with httpx.Client(base_url=server.url, headers=server.headers, timeout=20) as client:
            while not stop.is_set():
                client.post("/images", json={"prompt": "a hen"}, headers={"Prefer": "wait=5"})

    painting = threading.Thread(target=paint)
    painting.start()
    try:
        yield
    finally:
        stop.set()
        painting.join()


def test_a_folder_that_holds_something_is_refused(limner, folder):
    (folder / "copy").mkdir()
    (folder / "copy" / "precious").write_text("")
    code, _, err = limner("backup", "copy")
    assert code == 1
    assert "copy is not empty" in err


def test_without_a_secret_in_home_all_else_is_copied(limner, ask, folder, monkeypatch):
    monkeypatch.setenv("LIMNER_SECRET", "s" * 32)
    job = ask("paint", "a fox")["id"]
    assert limner("backup", "copy")[0] == 0
    assert not (folder / "copy" / "secret").exists()
    assert ask("jobs", "list", "--home", "copy")["items"][0]["id"] == job


def test_rows_in_postgres_are_left_to_its_own_tool_before_anything_is_copied(limner, ask, folder, monkeypatch):
    monkeypatch.setenv("LIMNER_DATABASE", "postgresql://limner:xyzzy@db/limner")
    code, _, err = limner("backup", "copy")
    assert (code, "limner backup --pictures copy; pg_dump " in err, "xyzzy" in err) == (1, True, False)
    assert not (folder / "copy").exists()


def test_pictures_and_a_dump_make_an_installation_again(limner, ask, folder, postgres, postgres_url, monkeypatch):
    monkeypatch.setenv("LIMNER_DATABASE", postgres_url)
    early = ask("paint", "a fox")["images"][0]["id"]
    assert limner("backup", "--pictures", "copy")[1].startswith("1 picture, ")
    late = ask("paint", "a hen")["images"][0]["id"]
    dump(postgres_url, folder / "rows.dump")
    code, out, _ = limner("backup", "--pictures", "copy")
    assert (code, out.startswith("1 picture, "), "LIMNER_HOME=copy limner serve" in out) == (0, True, True)
    restored = postgres.new_database(empty=True)
    restore(restored, folder / "rows.dump")
    monkeypatch.setenv("LIMNER_DATABASE", restored)
    for image in (early, late):
        assert limner("images", "save", image, "--home", "copy", "-o", image)[0] == 0
    postgres.drop(restored)


def dump(url, file):
    subprocess.run([tool("pg_dump"), "-Fc", "-t", "limner_*", "-f", file, url], check=True)


def restore(url, file):
    subprocess.run([tool("pg_restore"), "-d", url, file], check=True)


def tool(name):
    """Of the tests' own server, whose version it must have."""
    found = next(PROGRAMS.rglob(f"bin/{name}"), None)
    if found is None:
        pytest.skip(f"the wheel has no {name}")
    return found
