"""Pictures served by the store itself, where the operator turns that on."""

import hashlib
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from limner.domain.errors import SettingsError
from tests.web.house import House, paint


@pytest.fixture
async def house(tmp_path, store_url):
    async with House(tmp_path / "home", storage=store_url, redirect=True).open() as house:
        yield house


@pytest.fixture
async def image(ann):
    return (await paint(ann))["images"][0]


def holds(answer):
    """Seconds that the store's URL holds, as each store writes it."""
    told = {name: value for name, (value,) in parse_qs(urlsplit(answer.headers["location"]).query).items()}
    if "se" in told:
        return (datetime.fromisoformat(told["se"]) - datetime.fromisoformat(told["st"])).total_seconds()
    return int(told.get("X-Amz-Expires") or told["X-Goog-Expires"])


async def fetch(url, **headers):
    async with httpx.AsyncClient() as bare:
        return await bare.get(url, headers=headers)


async def test_the_content_is_at_the_store(ann, image):
    answer = await ann.get(image["url"])
    assert (answer.status_code, answer.content) == (307, b"")
    there = await fetch(answer.headers["location"])
    assert hashlib.sha256(there.content).hexdigest() == image["sha256"]
    assert there.headers["content-type"] == "image/png"


async def test_a_signed_link_leads_there_too(house, image):
    async with house.bare() as nobody:
        answer = await nobody.get(image["signed_url"])
    assert answer.status_code == 307
    assert (await fetch(answer.headers["location"], Range="bytes=0-3")).content == b"\x89PNG"


async def test_the_stores_url_holds_shorter_than_our_link_and_is_cached_half_of_that(ann, image):
    answer = await ann.get(image["url"])
    assert holds(answer) == 300
    assert answer.headers["cache-control"] == "private, max-age=150"
    assert answer.headers["referrer-policy"] == "no-referrer"


async def test_it_ends_with_the_key_that_asked(house, image):
    async with await house.client("ann", expires_in=timedelta(seconds=60)) as brief:
        assert holds(await brief.get(image["url"])) <= 60


async def test_whoever_has_it_is_not_sent_anywhere(ann, image):
    answer = await ann.get(image["url"], headers={"If-None-Match": f'"{image["sha256"]}"'})
    assert answer.status_code == 304


async def test_conversions_thumbnails_and_heads_are_ours(ann, image):
    webp = await ann.get(image["url"], params={"format": "webp"})
    small = await ann.get(f"/images/{image['id']}/thumbnail/256")
    head = await ann.head(image["url"])
    assert [answer.status_code for answer in (webp, small, head)] == [200, 200, 200]
    assert (webp.content[8:12], head.headers["content-length"]) == (b"WEBP", str(image["bytes"]))


async def test_whoever_wants_no_redirect_is_served_from_here(ann, image):
    for query in ({"redirect": "false"}, {"redirect": "false", "format": "png"}):
        assert (await ann.get(image["url"], params=query)).content[:4] == b"\x89PNG"


async def test_the_format_that_it_has_is_at_the_store(ann, image):
    assert (await ann.get(image["url"], params={"format": "png"})).status_code == 307


async def test_a_post_that_waits_for_the_picture_gets_it(ann):
    headers = {"Prefer": "wait=20", "Accept": "image/png"}
    answer = await ann.post("/images", json={"prompt": "a red fox"}, headers=headers)
    assert (answer.status_code, answer.content[:4]) == (200, b"\x89PNG")


async def test_a_stranger_is_sent_nowhere(house, image):
    async with await house.client("ben") as ben:
        assert (await ben.get(image["url"])).status_code == 404


async def test_without_the_setting_pictures_are_served_from_here(tmp_path, bucket_url):
    async with House(tmp_path / "home", storage=bucket_url).open() as house, await house.client() as ann:
        answer = await ann.get((await paint(ann))["images"][0]["url"])
        assert (answer.status_code, answer.content[:4]) == (200, b"\x89PNG")


def test_a_storage_that_serves_nothing_itself_is_refused_at_the_start(tmp_path):
    with pytest.raises(SettingsError, match="redirect needs a storage"):
        House(tmp_path, redirect=True)
