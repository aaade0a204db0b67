import asyncio
import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from limner.contracts.storage import LocalStorage, SigningStorage
from limner.domain.errors import NotFound, SettingsError, StorageUnavailable
from limner.storages import object_place
from limner.storages.objects import ObjectStorage
from tests.storages.buckets import AZURE, CONTAINER, CREDENTIALS

KEY = "0199c2a4-7d1e-7c3a-9f0e-2b8c5a6d1e40/0/1.png"
SECRET = CREDENTIALS["AWS_SECRET_ACCESS_KEY"]
S3 = pytest.mark.parametrize("store_url", ["bucket_url"], indirect=True)
SIGNING = pytest.mark.parametrize("store_url", ["bucket_url", *CONTAINER], indirect=True)
"""Those whose servers look at signatures."""


@pytest.mark.skipif(AZURE is None, reason="AZURE_FOR_TESTS names no storage: nothing is tried at Azure")
def test_azure_is_among_the_stores(request):
    request.getfixturevalue("container_url")


@pytest.fixture
async def storage(store_url):
    storage = ObjectStorage(store_url)
    await storage.open()
    yield storage
    await storage.close()


async def opened(url):
    storage = ObjectStorage(url)
    await storage.open()
    return storage


async def opened_though_refused(url):
    """As one whose store changed its mind later."""
    storage = ObjectStorage(url)
    with pytest.raises(SettingsError):
        await storage.open()
    storage._threads = ThreadPoolExecutor(1)
    return storage


def folder_of(url):
    return url.partition("?")[0].rpartition("/")[2]


@pytest.mark.parametrize(
    ("store_url", "server"), [("bucket_url", "s3"), ("google_url", "google")], indirect=["store_url"]
)
async def test_a_large_picture_goes_up_in_parts(request, storage, store_url, server):
    await storage.write(KEY, bytes(range(256)) * 2**16)
    log = request.getfixturevalue(server).log.read_text()
    assert f"complete multipart upload pictures {folder_of(store_url)}/{KEY}" in log


async def test_a_large_picture_comes_back_whole(storage):
    data = bytes(range(256)) * 2**16 + b"and some more"
    await storage.write(KEY, data)
    assert await storage.read(KEY) == data


async def test_the_stores_own_url_serves_the_picture_as_what_it_is(storage):
    await storage.write(KEY, b"0123456789")
    answer = await httpx_get(await storage.signed_url(KEY, timedelta(minutes=1)))
    told = {name: answer.headers[name] for name in ("content-type", "cache-control", "content-disposition")}
    assert (answer.content, told) == (
        b"0123456789",
        {
            "content-type": "image/png",
            "cache-control": "private, max-age=31536000, immutable",
            "content-disposition": "inline",
        },
    )


async def test_the_stores_own_url_knows_ranges_and_tags(storage):
    await storage.write(KEY, b"0123456789")
    url = await storage.signed_url(KEY, timedelta(minutes=1))
    tag = (await httpx_get(url)).headers["etag"]
    assert (await httpx_get(url, Range="bytes=2-4")).content == b"234"
    assert (await httpx_get(url, **{"If-None-Match": tag})).status_code == 304


@SIGNING
@pytest.mark.parametrize("tamper", [lambda url: url.replace("/0/1.png", "/1/1.png"), lambda url: url[:-3]])
async def test_a_signed_url_opens_nothing_else(storage, tamper):
    await storage.write(KEY, b"mine")
    await storage.write(KEY.replace("/0/", "/1/"), b"other")
    assert (await httpx_get(tamper(await storage.signed_url(KEY, timedelta(minutes=1))))).status_code == 403


@pytest.mark.parametrize("store_url", ["google_url"], indirect=True)
async def test_a_url_of_googles_is_signed_by_the_service_account(storage, google):
    """As Google says what it looks at, which no server here does."""
    signed = httpx.URL(await storage.signed_url(KEY, timedelta(minutes=1)))
    query, _, signature = signed.query.decode().rpartition("&X-Goog-Signature=")
    request = f"GET\n{signed.path}\n{query}\nhost:storage.googleapis.com\n\nhost\nUNSIGNED-PAYLOAD"
    told = [signed.params["X-Goog-Date"], signed.params["X-Goog-Credential"].partition("/")[2]]
    text = "\n".join(["GOOG4-RSA-SHA256", *told, sha256(request.encode()).hexdigest()])
    google.key.public_key().verify(bytes.fromhex(signature), text.encode(), PKCS1v15(), SHA256())


async def httpx_get(url, **headers):
    async with httpx.AsyncClient() as client:
        return await client.get(url, headers=headers)


async def test_a_listing_goes_beyond_a_page(storage, monkeypatch):
    monkeypatch.setattr("limner.storages.objects.PAGE", 7)
    keys = {f"job/{number}/1.png" for number in range(30)}
    await asyncio.gather(*(storage.write(key, b"x") for key in keys))
    assert {stored.key async for stored in storage.list()} == keys


async def test_a_listing_gives_the_stores_own_dates(storage):
    before = datetime.now(UTC) - timedelta(seconds=2)
    await storage.write(KEY, b"x")
    (stored,) = [stored async for stored in storage.list()]
    assert before <= stored.modified_at <= datetime.now(UTC) + timedelta(seconds=2)


@S3
async def test_what_others_put_there_is_not_listed(s3, storage, store_url):
    await storage.write(KEY, b"x")
    (s3.root / "pictures" / folder_of(store_url) / "Read Me.txt").write_text("x")
    assert [stored.key async for stored in storage.list()] == [KEY]


async def test_it_offers_urls_and_no_files(storage):
    assert isinstance(storage, SigningStorage)
    assert not isinstance(storage, LocalStorage)


async def test_wrong_credentials_are_refused_at_the_start_with_where_they_come_from(bucket_url, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong-secret-of-ours")
    with pytest.raises(SettingsError, match=r"refuses us \(SignatureDoesNotMatch\).*AWS_SECRET_ACCESS_KEY") as refused:
        await opened(bucket_url)
    assert "wrong-secret-of-ours" not in str(refused.value)


@pytest.mark.parametrize(
    ("store_url", "variable"),
    [("bucket_url", "AWS_SECRET_ACCESS_KEY"), *((url, "AZURE_STORAGE_ACCOUNT_KEY") for url in CONTAINER)],
    indirect=["store_url"],
)
async def test_a_key_that_became_wrong_is_told_from_an_outage(store_url, variable, monkeypatch):
    monkeypatch.setenv(variable, "wrong000")
    refused = await opened_though_refused(store_url)
    for ask in (refused.read(KEY), refused.write(KEY, b"x"), refused.delete(KEY), anext(refused.list())):
        with pytest.raises(StorageUnavailable, match="refuses us"):
            await ask
    await refused.close()


@pytest.fixture
def url_of_nothing(store_url):
    """The same server's, of a bucket that is not there."""
    return re.sub(r"://[^/]+/", "://absent/", store_url, count=1)


async def test_a_bucket_that_is_not_there_is_refused_at_the_start(url_of_nothing):
    with pytest.raises(SettingsError, match=r"://absent/\w+: There is no such bucket \(\w+\)"):
        await opened(url_of_nothing)


async def test_a_bucket_that_went_away_is_not_taken_for_absent_pictures(url_of_nothing):
    gone = await opened_though_refused(url_of_nothing)
    for ask in (gone.read(KEY), gone.write(KEY, b"x"), gone.delete(KEY)):
        with pytest.raises(StorageUnavailable, match="no such bucket"):
            await ask
    with pytest.raises(StorageUnavailable, match="no such bucket"):
        [stored async for stored in gone.list()]
    await gone.close()


async def test_a_store_that_is_down_is_unavailable_and_comes_back_by_itself(mortal_s3):
    storage = await opened(mortal_s3.url())
    await storage.write(KEY, b"kept")
    mortal_s3.kill()
    for ask in (storage.read(KEY), storage.write(KEY, b"x"), storage.delete(KEY)):
        with pytest.raises(StorageUnavailable):
            await ask
    mortal_s3.start()
    assert await storage.read(KEY) == b"kept"
    await storage.close()


async def test_a_closed_one_does_nothing_any_more(bucket_url):
    storage = await opened(bucket_url)
    await storage.close()
    with pytest.raises(StorageUnavailable, match="closed"):
        await storage.write(KEY, b"late")


async def test_it_opens_while_the_store_is_down(mortal_s3):
    mortal_s3.kill()
    storage = await opened(mortal_s3.url())
    mortal_s3.start()
    await storage.write(KEY, b"kept")
    await storage.close()


@pytest.fixture
def black_hole():
    """An address that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(object_place, "TIMEOUT", timedelta(seconds=0.3))
    monkeypatch.setattr(object_place, "RETRY_FOR", timedelta(0))


async def test_a_store_that_never_answers_is_given_up_after_a_time(bucket_url, black_hole, impatient):
    storage = await opened(f"s3://pictures/limner?endpoint={black_hole}")
    for ask in (storage.read(KEY), storage.write(KEY, b"x")):
        with pytest.raises(StorageUnavailable):
            await ask
    await storage.close()


async def test_whoever_leaves_does_not_wait_for_the_store(mortal_s3):
    storage = await opened(mortal_s3.url())
    mortal_s3.kill()
    with socket.create_server(("127.0.0.1", mortal_s3.port)):
        writing = asyncio.create_task(storage.write(KEY, b"x"))
        await asyncio.sleep(0.1)
        began = time.monotonic()
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
        assert time.monotonic() - began < object_place.TIMEOUT.total_seconds() / 2
    await storage.close()


async def test_no_error_quotes_the_store(mortal_s3):
    storage = await opened(mortal_s3.url())
    mortal_s3.kill()
    with pytest.raises(StorageUnavailable) as failed:
        await storage.read(KEY)
    await storage.close()
    assert (failed.value.__cause__, failed.value.__context__) == (None, None)
    assert "127.0.0.1" not in str(failed.value)


@S3
async def test_nothing_that_is_shown_of_it_holds_the_secret(storage):
    shown = [repr(part) for part in (storage, vars(storage), storage._store)]
    assert not [text for text in shown if SECRET in text]


async def test_an_absent_picture_is_not_found(storage):
    with pytest.raises(NotFound):
        await storage.read(KEY)
