"""`limner serve` with the built-in painter, as anybody has it: ask, watch, keep; and a server that is killed meanwhile."""

import os
import re
import socket
import time

import httpx
import pytest
from playwright.sync_api import expect

from tests.processes import LIMNER, kill_group, start
from tests.web.page.studio import Visitor

BOATS = "three red boats on a calm sea at sunset, watercolour"


class Installation:
    """A server in a process of its own, always at the same address."""

    def __init__(self, folder, browser):
        self.folder, self.browser = folder, browser
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.url = f"http://127.0.0.1:{probe.getsockname()[1]}"
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("LIMNER_")}

    def start(self):
        with (self.folder / "log").open("w") as log:
            command = [*LIMNER, "serve", "--port", self.url.rpartition(":")[2]]
            self.process = start(command, cwd=self.folder, env=self.environment, stdout=log, stderr=log)
        end = time.monotonic() + 60
        while not self._is_ready():
            assert time.monotonic() < end, self.printed()
            time.sleep(0.05)
        return self

    def _is_ready(self):
        try:
            return httpx.get(f"{self.url}/ready", timeout=30).status_code == 200
        except httpx.TransportError:
            return False

    def kill(self):
        kill_group(self.process)

    def printed(self):
        return (self.folder / "log").read_text()

    @property
    def link(self):
        return re.search(r"http://\S+#sign-in=\S+", self.printed())[0]


@pytest.fixture(scope="module")
def installation(browser, tmp_path_factory):
    made = Installation(tmp_path_factory.mktemp("installation"), browser).start()
    yield made
    made.kill()


@pytest.fixture(scope="module")
def visitor(installation):
    visitor = Visitor(installation, "local", installation.url, session=False).go(installation.link)
    yield visitor.ready()
    visitor.leave()
    assert visitor.faults == []


def test_a_picture_is_asked_for_watched_and_kept(visitor):
    visitor.page.get_by_role("button", name=BOATS).click()
    visitor.options()
    visitor.page.get_by_label("Style").select_option("Pencil")
    visitor.prompt.press("Enter")
    expect(visitor.page.locator(".painting.live img")).to_be_visible()
    expect(visitor.page.locator(".painting")).to_contain_text("Painting")
    expect(visitor.page.get_by_role("link", name=BOATS)).to_be_visible()
    visitor.page.get_by_role("link", name=BOATS).click()
    dialog = visitor.page.get_by_role("dialog", name=BOATS)
    expect(dialog.locator("dl")).to_contain_text("pencil")
    with visitor.page.expect_download() as download:
        dialog.get_by_role("link", name="JPEG").click()
    assert download.value.path().read_bytes().startswith(b"\xff\xd8\xff")
    visitor.page.keyboard.press("Escape")


def test_what_the_painter_left_out_is_noted_on_the_picture(visitor):
    visitor.paint("a fox and a flurble")
    visitor.pictures.first.click()
    expect(visitor.page.get_by_role("dialog").locator(".note")).to_have_text("I left out: flurble.")
    visitor.page.keyboard.press("Escape")


def test_a_server_that_is_killed_while_it_paints_is_said_and_all_is_painted(visitor, installation):
    count = visitor.pictures.count()
    visitor.ask("a castle", count="6")
    expect(visitor.pictures).to_have_count(count + 1)
    installation.kill()
    expect(visitor.connection).to_have_text("No connection to Limner. Trying again; nothing is lost.")
    installation.start()
    expect(visitor.connection).to_be_hidden()
    expect(visitor.pictures).to_have_count(count + 6, timeout=90_000)
    assert len(visitor.jobs()[0]["images"]) == 6
