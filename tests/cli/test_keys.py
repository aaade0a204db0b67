import time

import httpx
import pytest


def test_a_key_is_shown_once_and_not_kept(limner, ask, folder):
    code, out, _ = limner("keys", "create", "--user", "ann", "--name", "shop")
    key = out.strip()
    assert (code, key[:4]) == (0, "lmn_")
    (kept,) = ask("keys", "list")["items"]
    assert (kept["user"], kept["name"]) == ("ann", "shop")
    secret = key.split("_")[2].encode()
    assert not any(secret in path.read_bytes() for path in (folder / "limner-data").rglob("*") if path.is_file())


def test_a_key_opens_only_its_users_jobs_and_ends_when_it_is_revoked(limner, ask, serve):
    server = serve()
    made = ask("keys", "create", "--user", "ann")
    with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {made['key']}"}, timeout=20) as ann:
        assert ann.get("/jobs").json()["items"] == []
        assert limner("keys", "revoke", made["id"])[:2] == (0, "Revoked.\n")
        end = time.monotonic() + 10
        while (status := ann.get("/jobs").status_code) == 200:
            assert time.monotonic() < end
        assert status == 401


def test_scopes_and_days_are_kept(ask):
    made = ask("keys", "create", "--scope", "jobs:read", "--days", "3")
    assert made["scopes"] == ["jobs:read"]
    assert made["expires_at"] > made["created_at"]


def test_an_unknown_key_cannot_be_revoked(limner):
    assert limner("keys", "revoke", "nobody")[::2] == (1, "limner: There is no such key.\n")


def test_keys_are_made_where_the_data_lies(limner, folder):
    code, _, err = limner("keys", "list", "--url", "http://127.0.0.1:9")
    assert code == 2
    assert "without --url" in err


def test_a_wrong_scope_is_a_usage_error(limner, folder):
    assert limner("keys", "create", "--scope", "everything")[0] == 2


@pytest.mark.parametrize("command", [("keys", "create"), ("page-link",)])
@pytest.mark.parametrize(
    ("user", "fault"), [("", "it is empty."), ("a" * 129, "it has 129 characters; the limit is 128.")]
)
def test_a_user_that_can_own_nothing_is_named_with_what_to_type(limner, folder, command, user, fault):
    code, _, err = limner(*command, "--user", user)
    assert code == 2
    told = " ".join(err.split())
    assert f"Invalid value for '--user': {fault}" in told
    assert "such as --user ann; without --user it is local." in told


def test_sessions_and_links_are_listed_as_what_they_are(limner, ask, serve):
    server, made = serve(), ask("keys", "create", "--name", "shop")
    own = {"Sec-Fetch-Site": "same-origin"}
    httpx.post(f"{server.url}/session", json={"key": made["key"]}, headers=own).raise_for_status()
    kinds = {key["kind"]: key for key in ask("keys", "list")["items"] if key["name"] != "first"}
    assert kinds["session"]["parent"] == kinds["key"]["id"] == made["id"]
    told = limner("keys", "list")[1]
    assert f"session  local  from {made['id']}" in told
    assert "UTC" in next(line for line in told.splitlines() if " link " in line)


def test_ending_a_key_ends_the_sessions_made_from_it(limner, ask, serve):
    server, made = serve(), ask("keys", "create")
    with httpx.Client(base_url=server.url, headers={"Sec-Fetch-Site": "same-origin"}, timeout=20) as browser:
        assert browser.post("/session", json={"key": made["key"]}).status_code == 200
        limner("keys", "revoke", made["id"])
        end = time.monotonic() + 10
        while (status := browser.get("/jobs").status_code) == 200:
            assert time.monotonic() < end
        assert status == 401
