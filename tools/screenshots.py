"""Takes a picture of every view of the page at three widths, light and dark: into build/screenshots, and those of the
README into docs/page. Look at them before you keep them.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs" / "page"
ALL = ROOT / "build" / "screenshots"
LIMNER = (sys.executable, "-m", "limner.cli.main")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")

WINDOWS = {1440: 900, 820: 1100, 390: 844}
SCHEMES = ("light", "dark")
README = (
    ("gallery", 1440, "light"),
    ("picture", 1440, "dark"),
    ("painting", 1440, "dark"),
    ("asking", 1440, "light"),
)

COLLECTION = (
    ("three red boats on a calm sea at sunset, watercolour", 3, 768, 768),
    ("a torii gate and a cherry tree by a lake, ink", 13, 576, 768),
    ("hot air balloons over a village in the hills at dawn", 6, 1024, 576),
    ("a red fox in snow", 4, 768, 768),
    ("a lighthouse in a storm at night", 2, 576, 1024),
    ("an astronaut riding a horse", 7, 768, 768),
    ("northern lights over an igloo and two penguins", 5, 1024, 576),
    ("a dozen sunflowers in a meadow, oil painting", 8, 768, 576),
    ("a dragon above a castle, stained glass", 9, 768, 768),
    ("a cat on a book", 12, 768, 576),
    ("a motorcycle in a city at night, neon", 14, 1024, 576),
    ("colourful fish and a turtle underwater", 11, 768, 768),
    ("a windmill and tulips under puffy clouds", 21, 768, 576),
    ("a steam train on a bridge in autumn", 22, 1024, 576),
    ("a teapot and an apple on a table, pencil", 23, 768, 768),
)
"""Prompt, seed, width, height; the last hangs first."""


@dataclass(frozen=True)
class Installation:
    """A server with two users: `ann` has a collection, `new` has nothing."""

    url: str
    home: Path

    def key(self, user: str) -> str:
        command = [*LIMNER, "--home", str(self.home), "keys", "create", "--user", user, "--name", user, "--json"]
        found: str = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["key"]
        return found

    def paint_collection(self, key: str) -> None:
        headers = {"Authorization": f"Bearer {key}", "Prefer": "wait=60"}
        for prompt, seed, width, height in COLLECTION:
            ask = {"prompt": prompt, "seed": seed, "width": width, "height": height}
            httpx.post(f"{self.url}/images", json=ask, headers=headers, timeout=90).raise_for_status()


@contextlib.contextmanager
def serving() -> Iterator[Installation]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("LIMNER_")}
        command = [*LIMNER, "serve", "--home", str(home), "--port", str(port)]
        server = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            yield Installation(wait_for(f"http://127.0.0.1:{port}"), home)
        finally:
            server.terminate()
            server.wait(60)


def wait_for(url: str) -> str:
    for _ in range(600):
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{url}/ready", timeout=10).status_code == 200:
                return url
        time.sleep(0.1)
    raise TimeoutError(url)


class Photographer:
    """One window size and colour scheme."""

    def __init__(self, browser: Browser, url: str, width: int, scheme: str) -> None:
        self._browser, self._url, self._width, self._scheme = browser, url, width, scheme

    def window(self, key: str | None) -> Page:
        context: BrowserContext = self._browser.new_context(
            base_url=self._url,
            viewport={"width": self._width, "height": WINDOWS[self._width]},
            color_scheme=self._scheme,
            reduced_motion="reduce",
            device_scale_factor=2 if self._width < 500 else 1,
            is_mobile=self._width < 500,
            has_touch=self._width < 500,
        )
        if key:
            headers = {"Sec-Fetch-Site": "same-origin"}
            context.request.post(f"{self._url}/session", data={"key": key}, headers=headers)
        page = context.new_page()
        page.goto("/")
        if key:
            page.wait_for_selector("#health:not(:empty)")
        return page

    def keep(self, page: Page, view: str) -> None:
        picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        picture.save(ALL / f"{view}-{self._width}-{self._scheme}.png")
        if (view, self._width, self._scheme) in README:
            picture.save(DOCS / f"{view}.webp", quality=86, method=6)


def take_all(photographer: Photographer, newcomer: str, collector: str) -> None:
    page = photographer.window(None)
    photographer.keep(page, "sign-in")
    page.context.close()
    page = photographer.window(newcomer)
    photographer.keep(page, "empty")
    page.context.close()
    page = photographer.window(collector)
    settle(page)
    photographer.keep(page, "gallery")
    show_asking(photographer, page)
    show_error(photographer, page)
    show_painting(photographer, page)
    show_picture(photographer, page)
    page.context.close()


def settle(page: Page) -> None:
    page.wait_for_selector("a.picture.seen")
    page.wait_for_timeout(1200)


def show_asking(photographer: Photographer, page: Page) -> None:
    page.fill("#prompt", "a castle on a hill and two swans on a lake, watercolour")
    page.click("#more")
    page.get_by_label("Time").select_option("Dusk")
    page.locator("#prompt").focus()
    photographer.keep(page, "asking")


def show_error(photographer: Photographer, page: Page) -> None:
    page.get_by_label("Width").fill("4000")
    page.get_by_label("Seed").fill("soon")
    page.locator("#prompt").press("Enter")
    page.wait_for_selector("#width-fault:not([hidden])")
    photographer.keep(page, "error")
    page.click("#reset")
    page.click("#more")


def show_painting(photographer: Photographer, page: Page) -> None:
    for prompt in ("a sailing ship and a whale at sunset", "a castle on a hill and two swans on a lake, watercolour"):
        page.fill("#prompt", prompt)
        page.get_by_role("radio", name="Landscape").check()
        page.locator("#prompt").press("Enter")
    page.wait_for_selector(".painting.live img:not([hidden])")
    page.wait_for_timeout(350)
    photographer.keep(page, "painting")
    page.wait_for_selector(".painting", state="detached")
    settle(page)
    for _ in range(2):
        delete_newest(page)


def delete_newest(page: Page) -> None:
    page.locator("a.picture").first.click()
    page.click("#delete")
    page.wait_for_selector("#toast:not([hidden])")
    page.keyboard.press("Escape")
    page.click('[data-part="dismiss"]')


def show_picture(photographer: Photographer, page: Page) -> None:
    page.get_by_role("link", name="northern lights").click()
    page.wait_for_timeout(1000)
    photographer.keep(page, "picture")


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("There is no Chromium here; apt-get install chromium brings one.")
    for folder in (DOCS, ALL):
        folder.mkdir(parents=True, exist_ok=True)
    with serving() as installation, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        newcomer, collector = installation.key("new"), installation.key("ann")
        installation.paint_collection(collector)
        for width in WINDOWS:
            for scheme in SCHEMES:
                take_all(Photographer(browser, installation.url, width, scheme), newcomer, collector)
        browser.close()
    print(f"Look at {ALL.relative_to(ROOT)}; the README shows {DOCS.relative_to(ROOT)}.")


if __name__ == "__main__":
    main()
