import pytest


@pytest.fixture
def image(ask):
    return ask("paint", "a fox, in ink")["images"][0]


def test_pictures_are_listed(limner, image):
    code, out, _ = limner("images", "list")
    assert code == 0
    assert out.splitlines()[1].startswith(f"{image['id']}  64 × 64 png")


def test_a_picture_is_saved_under_its_prompts_name(limner, folder, image):
    assert limner("images", "save", image["id"])[1] == "→ a-fox-2.png\n"
    assert (folder / "a-fox-2.png").read_bytes() == (folder / "a-fox.png").read_bytes()


def test_a_picture_that_the_object_store_serves_is_saved_here_and_from_a_server(
    limner, ask, serve, folder, bucket_url, monkeypatch
):
    monkeypatch.setenv("LIMNER_STORAGE", bucket_url)
    monkeypatch.setenv("LIMNER_REDIRECT", "true")
    server = serve()
    image = ask("paint", "a fox", "--url", server.url, "--key", server.key)["images"][0]["id"]
    assert limner("images", "save", image, "-o", "here.png")[0] == 0
    assert limner("images", "save", image, "-o", "there.png", "--url", server.url, "--key", server.key)[0] == 0
    assert (folder / "here.png").read_bytes() == (folder / "there.png").read_bytes() != b""


def test_a_file_that_cannot_be_written_is_a_sentence(limner, folder, image):
    code, _, err = limner("images", "save", image["id"], "-o", "absent/x.png")
    assert (code, err) == (1, "limner: absent/x.png cannot be written (No such file or directory).\n")


def test_a_suffix_converts(limner, folder, image):
    limner("images", "save", image["id"], "-o", "fox.jpg")
    assert (folder / "fox.jpg").read_bytes().startswith(b"\xff\xd8")


def test_a_deleted_picture_can_be_restored(limner, ask, image):
    _, out, _ = limner("images", "delete", image["id"])
    assert f"limner images restore {image['id']}" in out
    assert ask("images", "list")["items"] == []
    assert limner("images", "restore", image["id"])[1] == "Restored.\n"
    assert len(ask("images", "list")["items"]) == 1


def test_without_pictures_it_says_so(limner):
    assert limner("images", "list")[1] == "No pictures.\n"
