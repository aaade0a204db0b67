"""A real server in a thread of its own, and visitors with real browser windows: Playwright's calls block."""

import asyncio
import contextlib
import itertools
import threading

from playwright.sync_api import expect

from limner.actions.create_key import create_key
from limner.actions.sign_in import sign_in
from limner.actions.submit_job import submit_job
from limner.assembly import Assembly
from limner.domain.capabilities import Capabilities
from limner.domain.errors import Transient
from limner.domain.identity import KeyKind
from limner.domain.request import Ask
from limner.settings import Settings
from limner.testing.instant import InstantEngine
from limner.web.server import create_app
from tests.web.house import GatedEngine, serving

CHOICES = {
    "type": "object",
    "properties": {
        "mood": {"enum": ["calm", "wild"], "description": "How it feels."},
        "frame": {"type": "boolean", "title": "With a frame"},
        "strength": {"type": "number", "minimum": 0, "maximum": 1},
        "colours": {"type": "array", "items": {"type": "string"}},
    },
}


class ChoosyEngine(InstantEngine):
    """Takes options of all kinds, and only some sizes; what is busy it paints at the second try."""

    def __init__(self):
        self.capabilities = Capabilities(
            default_width=64,
            default_height=64,
            sizes=((64, 64), (96, 64), (64, 96)),
            steps=(1, 50),
            options=CHOICES,
            description="Takes options.",
            examples=("a choice",),
        )

    async def paint(self, task):
        if "busy" in task.request.prompt and task.attempt == 1:
            raise Transient("It is busy.")
        async for stroke in super().paint(task):
            yield stroke


class Studio:
    """`gated` paints when the gate is open, `instant` at once, `choosy` has options."""

    def __init__(self, home, browser, **settings):
        self.browser = browser
        self.gated = GatedEngine()
        engines = {"instant": InstantEngine(), "gated": self.gated, "choosy": ChoosyEngine()}
        limits = {"drain_grace": 0.1, "queued_per_owner": 2000}
        hosts = "127.0.0.1,localhost,limner.test"
        read = Settings.load(
            home=str(home), engines={}, model="instant", limits=limits, allowed_hosts=hosts, **settings
        )
        self.assembly = Assembly(read, engines=engines)
        self.app = create_app(self.assembly)
        self._users = (f"user {number}" for number in itertools.count())

    @contextlib.contextmanager
    def open(self):
        self._ending, opened = asyncio.Event(), threading.Event()
        thread = threading.Thread(target=lambda: asyncio.run(self._serve(opened)))
        thread.start()
        opened.wait(30)
        try:
            yield self
        finally:
            self.loop.call_soon_threadsafe(self._ending.set)
            thread.join(30)

    async def _serve(self, opened):
        self.loop = asyncio.get_running_loop()
        async with serving(self.app, self.assembly) as (_, self.url):
            opened.set()
            await self._ending.wait()

    def do(self, coroutine):
        """What it returns in the server's event loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(30)

    def gate_open(self):
        self.loop.call_soon_threadsafe(self.gated.gate.set)

    def gate_shut(self):
        self.loop.call_soon_threadsafe(self.gated.gate.clear)

    def new_user(self):
        return next(self._users)

    def key(self, user):
        return self.do(create_key(user, name="test", repository=self.assembly.repository)).key

    def session(self, user):
        means = self.assembly
        made = sign_in(
            self.key(user),
            KeyKind.KEY,
            authenticator=means.authenticator,
            repository=means.repository,
            age=3600.0,
        )
        return self.do(made).key

    def submit(self, user, prompts, **fields):
        """Jobs that were asked for elsewhere."""

        async def submit():
            for prompt in prompts:
                await submit_job(Ask(prompt=prompt, **fields), user, idempotency=None, needs=self.assembly.submit_needs)

        self.do(submit())

    def visitor(self, user, *, host="127.0.0.1", session=True, **options):
        return Visitor(self, user, self.url.replace("127.0.0.1", host), session=session, **options)


class Visitor:
    """A browser of somebody's, with a window open."""

    def __init__(self, studio, user, url, *, session=True, **options):
        self.studio, self.user, self.url = studio, user, url
        self.context = studio.browser.new_context(base_url=url, **{"reduced_motion": "reduce", **options})
        self.context.set_default_timeout(20_000)
        self.faults = []
        if session:
            value = studio.session(user)
            self.context.add_cookies([{"name": "limner_session", "value": value, "url": url}])
        self.page = self.window()

    def window(self):
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", self._listen)
        return page

    def _listen(self, message):
        if "Content Security Policy" in message.text or "TrustedScript" in message.text:
            self.faults.append(message.text)

    def go(self, path="/"):
        self.page.goto(path)
        return self

    def leave(self):
        self.context.close()

    @property
    def prompt(self):
        return self.page.get_by_role("textbox", name="Prompt")

    @property
    def pictures(self):
        return self.page.locator("a.picture")

    @property
    def toast(self):
        return self.page.locator("#toast")

    @property
    def connection(self):
        return self.page.get_by_role("region", name="Connection", include_hidden=True)

    def ready(self):
        expect(self.page.locator("#health")).to_have_text("Ready to paint")
        return self

    def ask(self, prompt="a red fox", model=None, **choices):
        """Types a prompt and sends it."""
        self.ready()
        if model:
            self.options()
            self.page.get_by_label("Model", exact=True).select_option(model)
        for label, value in choices.items():
            self.page.locator(f"#{label}").select_option(value)
        self.prompt.fill(prompt)
        self.prompt.press("Enter")
        return self

    def paint(self, prompt="a red fox", **choices):
        """A picture more in the gallery."""
        count = self.ready().pictures.count()
        self.ask(prompt, **choices)
        expect(self.pictures).to_have_count(count + int(choices.get("count", 1)))
        return self

    def lose_answer(self):
        """The server hears the next ask, and the page hears nothing of it."""
        self.page.route("**/images", lambda route: (route.fetch(), route.abort()), times=1)

    def options(self):
        button = self.page.locator("#more")
        if button.get_attribute("aria-expanded") == "false":
            button.click()
        return self

    def call(self, method, path, **options):
        """An answer of the API to this browser's session."""
        headers = {"Sec-Fetch-Site": "same-origin"}
        return self.context.request.fetch(f"{self.url}{path}", method=method, headers=headers, **options)

    def jobs(self):
        return self.call("GET", "/jobs?limit=200").json()["items"]
