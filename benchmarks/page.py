"""The page in real Chromium: what it weighs, how soon it is seen, what progress costs it, how a long gallery scrolls."""

from __future__ import annotations

import contextlib
import json
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
from playwright.sync_api import Browser, Page, sync_playwright
from processes import HERE, free_port, process, wait_for
from report import Row

PICTURES = 10_000
A_JOB = 8
LIVE = 50
WATCHED_MS = 8000
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]

SCROLL = """async () => {
  let last = await new Promise(requestAnimationFrame), longest = 0, seen = 0, still = 0;
  while (still < 60) {
    scrollBy(0, 900);
    const now = await new Promise(requestAnimationFrame);
    longest = Math.max(longest, now - last);
    last = now;
    const end = Number(document.querySelector(".cell:last-child")?.getAttribute("aria-posinset"));
    still = end === seen ? still + 1 : 0;
    seen = Math.max(seen, end);
  }
  return [longest, seen, document.querySelectorAll(".cell").length];
}"""


@contextlib.contextmanager
def served() -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "served_page:app", "--app-dir", str(HERE), "--port", str(port)]
    with tempfile.TemporaryDirectory() as home, process([*command, "--log-level", "warning"], {"BENCH_HOME": home}):
        url = f"http://127.0.0.1:{port}"
        wait_for(f"{url}/models")
        yield url


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        raise SystemExit("There is no Chromium here; apt-get install chromium brings one.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


def opened(browser: Browser, url: str) -> Page:
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.goto(url)
    page.wait_for_selector("#health:not(:empty)")
    return page


def weight(browser: Browser, url: str) -> float:
    """Kilobytes over the network, headers included, until the page is ready."""
    page = browser.new_context().new_page()
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    loaded: list[float] = []
    network.on("Network.loadingFinished", lambda event: loaded.append(event["encodedDataLength"]))
    page.goto(url)
    page.wait_for_selector("#health:not(:empty)")
    page.context.close()
    return sum(loaded) / 1000


def first_paint(browser: Browser, url: str) -> float:
    """Seconds, with nothing cached."""
    page = opened(browser, url)
    found: float = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    page.context.close()
    return found / 1000


def longest_script(browser: Browser, url: str) -> float:
    """The longest that script ran at a stretch, in ms, while so many jobs told their progress."""
    for number in range(LIVE):
        httpx.post(f"{url}/images", json={"prompt": f"slow {number}", "model": "slow"}).raise_for_status()
    page = opened(browser, url)
    page.wait_for_selector(".painting.live")
    browser.start_tracing(page=page, categories=["devtools.timeline"])
    page.wait_for_timeout(WATCHED_MS)
    events = json.loads(browser.stop_tracing())["traceEvents"]
    page.context.close()
    return max(event.get("dur", 0) for event in events if event["name"] in {"RunMicrotasks", "FunctionCall"}) / 1000


def longest_frame(browser: Browser, url: str) -> float:
    """Milliseconds between two frames, at most, on the way to the gallery's end."""
    page = opened(browser, url)
    longest, seen, cells = page.evaluate(SCROLL)
    assert seen >= PICTURES, seen
    assert cells < 200, cells
    page.context.close()
    return float(longest)


def fill(url: str) -> None:
    def ask(number: int) -> None:
        headers = {"Prefer": "wait=60"}
        body = {"prompt": f"picture {number}", "count": A_JOB, "width": 96, "height": (64, 96, 128)[number % 3]}
        client.post(f"{url}/images", json=body, headers=headers).raise_for_status()

    with httpx.Client(timeout=90) as client, ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(PICTURES // A_JOB)))


def rows() -> list[Row]:
    with served() as url, chromium() as browser:
        weighed = weight(browser, url)
        painted = statistics.median(first_paint(browser, url) for _ in range(5))
        script = longest_script(browser, url)
        fill(url)
        frame = longest_frame(browser, url)
    return [
        Row("the page's weight without pictures, kB", weighed, None, weighed, floor=100, aim=90, smaller=True),
        Row("first paint, s", painted, None, painted, floor=0.3, aim=0.2, smaller=True),
        Row(f"longest script with {LIVE} jobs live, ms", script, None, script, floor=16, aim=8, smaller=True),
        Row(f"longest frame through {PICTURES:,} pictures, ms", frame, None, frame, floor=100, aim=50, smaller=True),
    ]
