"""What the cookie of a session is called, and where it counts."""

from http.cookies import SimpleCookie

import pytest


def cookies_of(answer):
    cookie = SimpleCookie()
    for line in answer.headers.get_list("set-cookie"):
        cookie.load(line)
    return {name: {flag: value for flag, value in morsel.items() if value} for name, morsel in cookie.items()}


GUARDED = {"httponly": True, "path": "/", "samesite": "lax"}


async def test_on_a_secure_connection_browsers_guard_it(house):
    house.url = "https://127.0.0.1"
    async with house.browser() as browser:
        answer = await browser.post("/session", json={"link": await house.link()})
        assert answer.json()["secure"] is True
        assert (await browser.get("/session")).json() == answer.json()
        out = await browser.delete("/session")
        assert (await browser.get("/session")).status_code == 401
    month = str(30 * 86_400)
    assert cookies_of(answer) == {"__Host-limner": {**GUARDED, "secure": True, "max-age": month}}
    (ended,) = cookies_of(out).values()
    assert (ended["max-age"], ended["secure"], ended["path"]) == ("0", True, "/")


async def test_on_plain_http_it_says_that_it_is_not(house):
    async with house.browser() as browser:
        answer = await browser.post("/session", json={"link": await house.link()})
    assert answer.json()["secure"] is False
    assert cookies_of(answer) == {"limner_session": {**GUARDED, "max-age": str(30 * 86_400)}}


@pytest.mark.parametrize(("scheme", "name"), [("https", "limner_session"), ("http", "__Host-limner")])
async def test_a_cookie_of_the_other_kind_of_connection_opens_nothing(house, scheme, name):
    house.url = f"{scheme}://127.0.0.1"
    async with house.bare(Cookie=f"{name}={await house.session()}") as browser:
        assert (await browser.get("/session")).status_code == 401


async def test_a_cookie_among_others_is_found(house):
    async with house.bare(Cookie=f"theme=dark; limner_session={await house.session()}; x") as browser:
        assert (await browser.get("/session")).json()["user"] == "ann"


async def test_a_browser_that_took_no_cookie_is_told_at_its_next_question(house):
    async with house.browser() as browser:
        await browser.post("/session", json={"link": await house.link()})
        browser.cookies.clear()
        assert (await browser.get("/session")).status_code == 401
