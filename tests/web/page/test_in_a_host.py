"""The page in somebody else's application, under a prefix, with users that the application knows by a cookie."""

import asyncio
import contextlib
import threading
from typing import Annotated

import pytest
from fastapi import Cookie, FastAPI, HTTPException
from playwright.sync_api import expect

from limner.web.router import build_router
from tests.web.house import House, serving


def current_user(account: Annotated[str | None, Cookie()] = None):
    if account is None:
        raise HTTPException(401, "The shop does not know you.")
    return {"id": account}


@contextlib.contextmanager
def shop(home):
    """Its address."""
    house, app, started = House(home), FastAPI(), threading.Event()
    app.include_router(build_router(house.assembly, current_user=current_user, page=True), prefix="/art")

    async def serve():
        ending = asyncio.Event()
        async with serving(app, house.assembly) as (_, url):
            told.update(url=url, end=lambda: loop.call_soon_threadsafe(ending.set))
            loop = asyncio.get_running_loop()
            started.set()
            await ending.wait()

    told = {}
    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    started.wait(30)
    try:
        yield told["url"]
    finally:
        told["end"]()
        thread.join(30)


@pytest.fixture(scope="module")
def url(browser, tmp_path_factory):
    with shop(tmp_path_factory.mktemp("shop") / "home") as url:
        yield url


@pytest.fixture
def page(browser, url):
    context = browser.new_context(base_url=url)
    yield context.new_page()
    context.close()


def test_a_user_of_the_host_paints_and_looks_under_its_prefix(page, url):
    page.context.add_cookies([{"name": "account", "value": "ann", "url": url}])
    page.goto("/art")
    page.get_by_role("textbox", name="Prompt").fill("a fox")
    expect(page.locator("#health")).to_have_text("Ready to paint")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="a fox").click()
    expect(page.get_by_role("dialog", name="a fox")).to_be_visible()
    assert page.url.startswith(f"{url}/art/pictures/")
    page.reload()
    expect(page.get_by_role("dialog", name="a fox")).to_be_visible()


def test_whom_the_host_does_not_know_is_sent_to_the_hosts_own_sign_in(page):
    page.goto("/art/")
    expect(page.get_by_text("Sign in to this site")).to_be_visible()
