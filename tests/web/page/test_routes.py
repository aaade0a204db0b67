"""The document and its assets: careful headers, addresses under any prefix, nothing of anybody's."""

import re
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from hatchling.builders.wheel import WheelBuilder

from limner.domain.errors import SettingsError
from limner.web.page.asset_files import asset_files
from limner.web.router import build_router
from tests.web.house import House

ROOT = Path(__file__).parents[3]
BASES = ("", "/art")


def visitor(app):
    return httpx.AsyncClient(base_url="http://127.0.0.1", transport=httpx.ASGITransport(app))


def mounted(house, base):
    app = FastAPI()
    router = build_router(house.assembly, current_user=lambda: {"id": "ann"}, page=True)
    app.include_router(router, prefix=base)
    return app


@pytest.fixture
def house(tmp_path):
    return House(tmp_path / "home")


async def test_the_policy_allows_our_own_files_and_nothing_inline(house):
    async with house.bare() as client:
        answer = await client.get("/")
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    assert not re.search(r"<script(?! type=\"module\" src=)|<style| style=| on\w+=", answer.text)


@pytest.mark.parametrize("base", BASES)
async def test_all_that_the_document_names_is_there_under_every_prefix(house, base):
    async with visitor(mounted(house, base)) as client:
        page = await client.get(f"{base}/")
        named = re.findall(r'(?:href|src)="([^"#]+)"', page.text)
        found = {address: (await client.get(address)).status_code for address in named}
    assert len(named) == 9
    assert set(found.values()) == {200}
    assert all(address.startswith(f"{base}/") for address in found)


@pytest.mark.parametrize("base", BASES)
async def test_a_pictures_address_is_answered_by_the_same_document(house, base):
    async with visitor(mounted(house, base)) as client:
        page, picture = await client.get(f"{base}/"), await client.get(f"{base}/pictures/0199c2a4")
    assert picture.text == page.text


async def test_a_root_path_is_part_of_every_address(house):
    app = mounted(house, "/art")
    transport = httpx.ASGITransport(app, root_path="/behind")
    async with httpx.AsyncClient(base_url="http://127.0.0.1", transport=transport) as client:
        page = await client.get("/behind/art/")
    assert 'data-base="/behind/art"' in page.text


async def test_assets_are_kept_for_ever_and_the_document_is_asked_for_again(house):
    async with house.bare() as client:
        page = await client.get("/")
        asset = await client.get(f"/assets/{asset_files().version}/start.js")
        again = await client.get("/", headers={"If-None-Match": page.headers["etag"]})
    assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert asset.headers["content-type"] == "text/javascript; charset=utf-8"
    assert page.headers["cache-control"] == "private, no-cache"
    assert again.status_code == 304


@pytest.mark.parametrize("path", ["/assets/0000/start.js", f"/assets/{asset_files().version}/../routes.py"])
async def test_other_files_are_not_there(house, path):
    async with house.bare() as client:
        assert (await client.get(path)).status_code == 404


async def test_in_a_host_there_is_no_page_unless_it_is_asked_for(house):
    app = FastAPI()
    app.include_router(build_router(house.assembly, current_user=lambda: {"id": "ann"}))
    async with visitor(app) as client:
        assert (await client.get("/")).status_code == 404


async def test_in_a_host_nobody_is_offered_a_sign_in(house):
    async with visitor(mounted(house, "")) as client:
        page = (await client.get("/")).text
    assert "sign-in" not in page
    assert "sign-out" not in page


def test_a_host_that_does_not_say_who_looks_gets_no_page(house):
    with pytest.raises(SettingsError, match="current_user"):
        build_router(house.assembly, page=True)


async def test_whoever_is_not_signed_in_is_shown_the_way_in(house):
    async with house.open(), house.bare() as client:
        page = (await client.get("/")).text
    assert '<main id="sign-in">' in page
    assert '<main id="studio" hidden>' in page


async def test_without_authentication_everybody_is_in(tmp_path):
    house = House(tmp_path / "home", authentication=False)
    async with house.open(), house.bare() as client:
        page = (await client.get("/")).text
    assert 'id="sign-in"' not in page
    assert '<main id="studio">' in page


def test_the_wheel_brings_all_of_it():
    packed = {Path(file.distribution_path) for file in WheelBuilder(str(ROOT)).recurse_included_files()}
    ours = {
        path.relative_to(ROOT / "src") for path in (ROOT / "src/limner/web/page").rglob("*.*") if path.suffix != ".pyc"
    }
    assert ours <= packed


@pytest.mark.parametrize(("accepted", "told"), [("gzip, br", "gzip"), ("identity", None)])
async def test_assets_are_packed_for_who_takes_that(house, accepted, told):
    async with house.bare() as client:
        address = f"/assets/{asset_files().version}/start.js"
        answer = await client.get(address, headers={"Accept-Encoding": accepted})
    assert answer.headers.get("content-encoding") == told
    assert answer.content == asset_files().bodies["start.js"]


def test_it_all_weighs_less_than_100_kilobytes():
    assert sum(map(len, asset_files().bodies.values())) < 90_000
