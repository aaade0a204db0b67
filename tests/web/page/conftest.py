import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.web.page.studio import Studio

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP limner.test 127.0.0.1",
)
PATIENCE = 20_000
"""Milliseconds: a loaded machine is slow, not wrong."""


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("There is no Chromium here; apt-get install chromium brings one.")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def studio(browser, tmp_path_factory):
    with Studio(tmp_path_factory.mktemp("studio") / "home", browser).open() as studio:
        yield studio


@pytest.fixture
def visit(studio):
    """Opens the page for a user who has nothing yet; what broke in it is told at the end."""
    visitors = []

    def visit(user=None, path="/", **options):
        visitors.append(studio.visitor(user or studio.new_user(), **options))
        return visitors[-1].go(path)

    yield visit
    studio.gate_open()
    for visitor in visitors:
        visitor.leave()
    assert [fault for visitor in visitors for fault in visitor.faults] == []
