"""A session changes things only for pages of this server."""

import pytest

from limner.web.errors import CrossSite
from limner.web.same_origin import refuse_cross_site
from tests.web.house import House

OURS = [
    {"sec-fetch-site": "same-origin"},
    {"sec-fetch-site": "none"},
    {"origin": "http://art.local:8000"},
    {"sec-fetch-site": "same-origin", "origin": "http://behind.proxy"},
]
THEIRS = [
    {},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": ""},
    {"sec-fetch-site": "cross-site", "origin": "http://art.local:8000"},
    {"origin": "null"},
    {"origin": "http://art.local"},
    {"origin": "http://art.local:8001"},
    {"origin": "https://art.local:8000"},
    {"origin": "http://art.local:8000.evil.example"},
]
CHANGING = ["POST", "DELETE", "PUT", "PATCH"]


def request(method, headers):
    told = {"host": "Art.local:8000", **headers}
    raw = [(name.encode(), value.encode()) for name, value in told.items()]
    return {"type": "http", "scheme": "http", "method": method, "headers": raw}


@pytest.mark.parametrize("method", CHANGING)
@pytest.mark.parametrize("headers", OURS)
def test_pages_of_this_server_may_change_things(method, headers):
    refuse_cross_site(request(method, headers))


@pytest.mark.parametrize("method", CHANGING)
@pytest.mark.parametrize("headers", THEIRS)
def test_nobody_elses_page_may(method, headers):
    with pytest.raises(CrossSite):
        refuse_cross_site(request(method, headers))


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("headers", THEIRS)
def test_reading_is_not_asked_where_it_comes_from(method, headers):
    refuse_cross_site(request(method, headers))


async def test_a_refused_page_is_told_why_and_changes_nothing(house):
    async with house.browser(await house.session(), **{"Sec-Fetch-Site": "cross-site"}) as page:
        answer = await page.post("/images", json={"prompt": "a fox"})
        assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")
        assert "from this server's own pages" in answer.json()["detail"]
        assert (await page.get("/jobs")).json()["items"] == []


async def test_a_program_with_a_key_says_nothing_of_where_it_is(ann):
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": "https://shop.example"}
    assert (await ann.post("/images", json={"prompt": "a fox"}, headers=headers)).status_code == 202


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 202),
        ({"Origin": "http://127.0.0.1"}, 202),
        ({"Origin": "https://friend.example"}, 202),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
async def test_without_authentication_pages_of_strangers_change_nothing(tmp_path, headers, status):
    house = House(tmp_path, authentication=False, allowed_origins=("https://friend.example",))
    async with house.open(), house.bare(**headers) as caller:
        assert (await caller.post("/images", json={"prompt": "a fox"})).status_code == status
