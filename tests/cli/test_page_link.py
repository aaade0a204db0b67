import re

import httpx
import pytest


def link_in(page):
    return page.partition("#sign-in=")[2]


def test_a_link_made_beside_a_running_server_signs_its_user_in(serve, ask):
    server = serve()
    page = ask("page-link", "--user", "ann", "--scope", "jobs:read", "--url", server.url)["page"]
    assert page.startswith(f"{server.url}/#sign-in=")
    with httpx.Client(base_url=server.url, headers={"Sec-Fetch-Site": "same-origin"}, timeout=20) as browser:
        assert browser.post("/session", json={"link": link_in(page)}).json()["user"] == "ann"
        assert browser.get("/jobs").status_code == 200
        assert browser.get("/images").status_code == 403


def test_the_address_is_that_of_the_settings(limner, monkeypatch):
    monkeypatch.setenv("LIMNER_HOST", "0.0.0.0")
    monkeypatch.setenv("LIMNER_PORT", "8123")
    code, out, err = limner("page-link")
    assert code == 0
    assert re.fullmatch(r"http://127\.0\.0\.1:8123/#sign-in=lmn_\w+\n", out)
    assert "within 15 minutes" in err
    assert "--url" in err


@pytest.mark.parametrize("url", ["https://art.example.org/limner", "https://art.example.org/limner/"])
def test_another_address_is_named_by_url(limner, ask, url):
    limner("keys", "create")
    assert ask("page-link", "--url", url)["page"].startswith("https://art.example.org/limner/#sign-in=lmn_")


def test_the_secret_of_a_link_is_not_kept(ask, folder):
    secret = link_in(ask("page-link")["page"]).split("_")[2].encode()
    assert not any(secret in path.read_bytes() for path in (folder / "limner-data").rglob("*") if path.is_file())


def test_away_from_the_data_no_link_is_made_and_no_folder_either(limner, folder):
    code, _, err = limner("page-link", "--url", "https://art.example.org")
    assert (code, "on the server's machine" in err) == (2, True)
    assert not (folder / "limner-data").exists()


def test_where_nobody_signs_in_there_is_no_link(limner, monkeypatch):
    monkeypatch.setenv("LIMNER_AUTHENTICATION", "false")
    code, out, err = limner("page-link")
    assert (code, out) == (1, "")
    assert err == "limner: Authentication is off: http://127.0.0.1:8000/ opens without signing in.\n"
