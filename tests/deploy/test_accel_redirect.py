"""Through nginx that sends the bytes, every answer is the one that the server gives itself."""

from urllib.parse import urlsplit

import httpx
import pytest

from limner.domain.errors import SettingsError
from tests.deploy.front import nginx
from tests.web.house import House, paint

ORIGIN = "https://shop.example"
CONNECTION = {"date", "server", "connection", "keep-alive"}


@pytest.fixture(params=["folder", "bucket"])
async def house(request, tmp_path):
    storage = request.getfixturevalue("bucket_url") if request.param == "bucket" else ""
    house = House(tmp_path / "home", storage=storage, accel_redirect="/protected/", allowed_origins=[ORIGIN])
    async with house.serve():
        yield house


@pytest.fixture
def front(house, tmp_path):
    """The address of nginx before it."""
    query = urlsplit(house.assembly.settings.storage).query
    store = {"store": urlsplit(query.removeprefix("endpoint=")).netloc} if query else {}
    with nginx(tmp_path / "nginx", [urlsplit(house.url).port], images=tmp_path / "home" / "images", **store) as url:
        yield url


@pytest.fixture
async def ann(house):
    async with await house.client() as client:
        yield client


@pytest.fixture
async def image(ann):
    return (await paint(ann))["images"][0]


async def both(house, front, ann, path, method="GET", **headers):
    """What the server answers itself, and what comes through nginx."""
    headers = {"authorization": ann.headers["authorization"], "origin": ORIGIN} | headers
    async with httpx.AsyncClient(headers=headers, timeout=20) as client:
        return [facts(await client.request(method, f"{url}{path}")) for url in (house.url, front)]


def facts(answer):
    """A part says by itself that there are parts, and nginx's does not say so again."""
    ignored = CONNECTION | ({"accept-ranges"} if answer.status_code == 206 else set())
    kept = {name: value for name, value in answer.headers.items() if name not in ignored}
    return answer.status_code, kept, answer.content


CONDITIONS = [
    {},
    {"range": "bytes=0-0"},
    {"range": "bytes=5-99"},
    {"range": "bytes=100-"},
    {"range": "bytes=-7"},
    {"range": "bytes=10-99999999999"},
    {"range": "bytes=-99999999999"},
    {"range": "bytes=99999999999-"},
    {"range": "bytes=5-2"},
    {"range": "bytes=0-1,5-6"},
    {"range": "lines=1-2"},
    {"range": "bytes=5-9", "if-range": '"{sha256}"'},
    {"range": "bytes=5-9", "if-range": '"other"'},
    {"range": "bytes=5-9", "if-range": "Wed, 21 Oct 2099 07:28:00 GMT"},
    {"if-none-match": '"{sha256}"'},
    {"if-none-match": '"other"'},
    {"if-modified-since": "Wed, 21 Oct 2099 07:28:00 GMT"},
    {"if-match": '"other"'},
    {"if-unmodified-since": "Wed, 21 Oct 2015 07:28:00 GMT"},
    {"accept-encoding": "gzip"},
]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_conditions_and_ranges_are_answered_alike(house, front, ann, image, method):
    for asked in CONDITIONS:
        headers = {name: value.format(**image) for name, value in asked.items()}
        own, through = await both(house, front, ann, image["url"], method, **headers)
        assert own == through, headers


async def test_whoever_has_no_key_a_wrong_one_or_anothers_gets_nothing_there_either(house, front, ann, image):
    own, through = await both(house, front, ann, image["url"], authorization="Bearer nonsense")
    assert (own, own[0]) == (through, 401)
    async with await house.client("ben") as ben:
        own, through = await both(house, front, ben, image["url"])
    assert (own, own[0]) == (through, 404)


async def test_conversions_thumbnails_links_and_uploads_come_through(house, front, ann, image):
    upload = await ann.post("/inputs", files={"file": (await ann.get(image["url"])).content})
    paths = [f"{image['url']}?format=webp", f"/images/{image['id']}/thumbnail/256", image["signed_url"]]
    for path in [*paths, f"/inputs/{upload.raise_for_status().json()['id']}/content"]:
        own, through = await both(house, front, ann, path)
        assert (own, own[0]) == (through, 200)


async def test_nginx_sends_the_bytes_and_not_the_server(front, ann, image):
    """Told to look where nothing is, it finds nothing: the server sent no bytes along."""
    told = await ann.get(image["url"], headers={"x-sendfile-type": "X-Accel-Redirect"})
    assert (told.status_code, told.content) == (200, b"")
    assert told.headers["x-accel-redirect"].startswith("/protected/")
    async with httpx.AsyncClient(headers=dict(ann.headers)) as client:
        assert "x-accel-redirect" not in (await client.get(f"{front}{image['url']}")).headers


async def test_nobody_reaches_the_bytes_by_nginxs_own_address(front, ann, image):
    told = await ann.get(image["url"], headers={"x-sendfile-type": "X-Accel-Redirect"})
    async with httpx.AsyncClient(headers=dict(ann.headers)) as client:
        assert (await client.get(f"{front}{told.headers['x-accel-redirect']}")).status_code == 404


async def test_bytes_that_are_gone_are_not_found(house, front, ann, image):
    for stored in [kept async for kept in house.assembly.storage.list(image["job_id"])]:
        await house.assembly.storage.delete(stored.key)
    own, through = await both(house, front, ann, image["url"])
    assert own[0] == through[0] == 404


def test_a_storage_where_nginx_finds_nothing_is_refused_at_the_start(tmp_path):
    with pytest.raises(SettingsError, match="accel_redirect needs pictures where nginx finds them"):
        House(tmp_path, storage="memory://", accel_redirect="/protected/")


@pytest.mark.parametrize("prefix", ["protected/", "/protected", "/", "http://elsewhere/", "/a b/", "/../"])
def test_what_cannot_be_an_internal_location_is_refused(tmp_path, prefix):
    with pytest.raises(SettingsError, match="an internal location of nginx"):
        House(tmp_path, accel_redirect=prefix)
