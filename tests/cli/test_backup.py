import contextlib
import threading

import httpx


def test_the_copy_is_an_installation_of_its_own(limner, ask, folder):
    job = ask("paint", "a fox")
    code, out, _ = limner("backup", "copy")
    assert (code, out.splitlines()[0].startswith("1 picture, ")) == (0, True)
    assert ask("jobs", "list", "--home", "copy")["items"][0]["id"] == job["id"]
    limner("images", "save", job["images"][0]["id"], "--home", "copy", "-o", "again.png")
    assert (folder / "again.png").read_bytes() == (folder / "a-fox.png").read_bytes()
    assert (folder / "copy" / "secret").read_bytes() == (folder / "limner-data" / "secret").read_bytes()


def test_under_load_every_row_of_the_copy_has_its_picture(ask, serve, folder):
    server = serve()
    ask("paint", "a fox")
    with painting_on(server):
        told = ask("backup", "copy")
    images = ask("images", "list", "--home", "copy", "--limit", "200")["items"]
    assert 1 <= len(images) <= told["images"]
    for image in images[-20:]:
        ask("images", "save", image["id"], "--home", "copy", "-o", folder / "copy" / f"{image['id']}.png")


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
