import time

import httpx


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
    with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {made['key']}"}) as ann:
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
