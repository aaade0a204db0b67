import asyncio
import re

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from limner.actions.picture_cache import PictureCache
from limner.actions.read_image import Converted, Original, Thumbnail, etag_of
from limner.codecs.pillow import PillowCodec
from limner.storages.folder import FolderStorage
from limner.web.serving import CHUNK, image_response
from tests.actions.gallery import Gallery
from tests.codecs.pictures import encoded, opened, paint

VARIANTS = {"/original": Original(), "/jpeg": Converted("jpeg"), "/small": Thumbnail(256)}
DATA = encoded("png", paint((300, 200)))


class Site:
    """One picture behind real HTTP semantics."""

    def __init__(self, storage, image, cache):
        self.storage, self.image, self.cache = storage, image, cache
        routes = [Route(path, self.serve, methods=["GET", "POST"]) for path in VARIANTS]
        self.app = Starlette(routes=routes)
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://site")

    async def serve(self, request):
        variant = VARIANTS[request.url.path]
        means = {"storage": self.storage, "codec": PillowCodec(), "cache": self.cache}
        return await image_response(request, self.image, variant, **means)

    async def get(self, path="/original", method="GET", **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.request(method, path, headers=named)


@pytest.fixture(params=["from memory", "from a file"])
async def site(request, tmp_path):
    storage = FolderStorage(f"file://{tmp_path}")
    await storage.open()
    data = DATA if request.param == "from memory" else DATA + bytes(2 * CHUNK)
    image = Gallery().add(bytes=len(data), seed=418320975, key="job/0/1.png")
    await storage.write(image.key, data)
    yield Site(storage, image, PictureCache(limit=8 * len(DATA)))
    await storage.close()


async def whole(site):
    return await site.storage.read(site.image.key)


async def test_the_whole_picture_comes_with_its_length_and_type(site):
    answer = await site.get()
    assert (answer.status_code, answer.content) == (200, await whole(site))
    assert answer.headers["content-length"] == str(site.image.bytes)
    assert answer.headers["content-type"] == "image/png"


async def test_the_headers_make_it_private_lasting_and_inert(site):
    fixed = {
        "accept-ranges": "bytes",
        "cache-control": "private, max-age=31536000, immutable",
        "content-disposition": f'inline; filename="limner-418320975-{site.image.id[-12:]}.png"',
        "content-security-policy": "default-src 'none'; sandbox",
        "cross-origin-resource-policy": "same-site",
        "etag": f'"{site.image.sha256}"',
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }
    headers = (await site.get()).headers
    assert {name: headers.get(name) for name in fixed} == fixed


async def test_a_filename_never_needs_quoting(site):
    await site.storage.write(site.image.key, DATA)
    for path in VARIANTS:
        disposition = (await site.get(path)).headers["content-disposition"]
        assert re.fullmatch(r'inline; filename="[a-z0-9-]+\.(png|jpeg|webp)"', disposition)


@pytest.mark.parametrize("tags", ["{}", "W/{}", '"other", {}', "*"])
async def test_a_client_that_has_it_gets_304_and_nothing_is_read(site, tags):
    await site.storage.delete(site.image.key)
    for path, variant in VARIANTS.items():
        etag = etag_of(site.image, variant)
        answer = await site.get(path, if_none_match=tags.format(etag))
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
        assert "content-length" not in answer.headers


async def test_a_client_that_has_another_gets_the_picture(site):
    assert (await site.get(if_none_match='"other"')).status_code == 200
    assert (await site.get(if_none_match=f'"{site.image.sha256}-256"')).status_code == 200


async def test_head_tells_the_length_and_reads_nothing(site):
    await site.storage.delete(site.image.key)
    answer = await site.get(method="HEAD")
    assert (answer.status_code, answer.headers["content-length"], answer.content) == (200, str(site.image.bytes), b"")


RANGES = [
    ("bytes=0-0", slice(0, 1)),
    ("bytes=5-99", slice(5, 100)),
    ("BYTES=100-", slice(100, None)),
    ("bytes=-7", slice(-7, None)),
    ("bytes=10-99999999999", slice(10, None)),
    ("bytes=-99999999999", slice(0, None)),
]


@pytest.mark.parametrize(("asked", "part"), RANGES)
async def test_a_range_is_answered_with_that_part(site, asked, part):
    start, stop, _ = part.indices(site.image.bytes)
    answer = await site.get(range=asked)
    assert (answer.status_code, answer.content) == (206, (await whole(site))[part])
    assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{site.image.bytes}"
    assert answer.headers["content-length"] == str(stop - start)


@pytest.mark.parametrize("asked", ["bytes={size}-", "bytes={size}-{size}", "bytes=-0", "bytes=99999999999-"])
async def test_a_range_beyond_the_end_is_416_with_the_length(site, asked):
    answer = await site.get(range=asked.format(size=site.image.bytes))
    assert (answer.status_code, answer.content) == (416, b"")
    assert answer.headers["content-range"] == f"bytes */{site.image.bytes}"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,4-5", "bytes=5-4", "bytes=-", "bytes=x-y", "pixels=0-5", "0-5", "bytes=1" * 99]
)
async def test_several_malformed_and_foreign_ranges_get_the_whole(site, asked):
    answer = await site.get(range=asked)
    assert (answer.status_code, len(answer.content)) == (200, site.image.bytes)


async def test_a_range_of_other_bytes_gets_the_whole(site):
    assert (await site.get(range="bytes=0-4", if_range='"other"')).status_code == 200
    assert (await site.get(range="bytes=0-4", if_range=f'"{site.image.sha256}"')).status_code == 206


async def test_a_post_that_answers_with_the_picture_knows_no_conditions(site):
    answer = await site.get(method="POST", range="bytes=0-4", if_none_match="*")
    assert (answer.status_code, answer.content) == (200, await whole(site))


async def test_variants_have_their_own_type_tag_and_bytes(site):
    await site.storage.write(site.image.key, DATA)
    for path, kind in (("/jpeg", "jpeg"), ("/small", "webp")):
        answer = await site.get(path)
        assert (opened(answer.content).format.lower(), answer.headers["content-type"]) == (kind, f"image/{kind}")
        assert answer.headers["etag"] == etag_of(site.image, VARIANTS[path])
        head = await site.get(path, method="HEAD")
        assert head.headers["content-length"] == str(len(answer.content))


async def test_a_real_server_sends_the_same_on_one_connection(site):
    server = uvicorn.Server(uvicorn.Config(site.app, port=0, log_level="error", ws="none", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", limits=httpx.Limits(max_connections=1)) as client:
        asked = [("HEAD", {}), ("GET", {"Range": "bytes=3-9"}), ("GET", {"If-None-Match": "*"}), ("GET", {})]
        answers = [await client.request(method, "/original", headers=headers) for method, headers in asked]
    server.should_exit = True
    await serving
    assert [answer.status_code for answer in answers] == [200, 206, 304, 200]
    assert [answer.content for answer in answers] == [b"", (await whole(site))[3:10], b"", await whole(site)]
