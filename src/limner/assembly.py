"""The one place that joins contracts to means: an installation, from its settings."""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AsyncExitStack, suppress
from functools import cached_property, partial
from pathlib import Path
from types import FrameType
from typing import Any

from limner import plugins
from limner.actions.add_input import InputNeeds
from limner.actions.claim_storage import claim_storage
from limner.actions.deliver import Deliverer, OnFinished
from limner.actions.job_reader import JobReader
from limner.actions.judge import OnAmbiguous
from limner.actions.models import Models
from limner.actions.previews import find_preview
from limner.actions.submit_job import BeforeSubmit, SubmitNeeds
from limner.actions.sweep import Sweeper
from limner.actions.webhooks import Webhooks
from limner.actions.work import Worker
from limner.actions.worker_name import WorkerName
from limner.authenticators.api_key import ApiKeyAuthenticator
from limner.codecs.pillow import MAX_PIXELS, PillowCodec
from limner.contracts.clock import SystemClock
from limner.contracts.engine import Engine
from limner.contracts.storage import LocalStorage, SigningStorage, Storage
from limner.dispatchers.inprocess import InProcessDispatcher
from limner.domain.errors import NotStarted, SettingsError, StorageUnavailable
from limner.domain.route import Route
from limner.engines.isolated import IsolatedEngine
from limner.notifiers.following import FollowingNotifier, Watch
from limner.notifiers.sqlite import FileWatch
from limner.observers.telemetry import Telemetry
from limner.repositories.sql import SqlRepository
from limner.settings import DEFAULT_QUEUE, Settings, read_key

EMBEDDED_GRACE = 2.0
SECRET_BYTES = 32
SPACE_BELIEVED = 1.0
BOUNDLESS = sys.maxsize
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Assembly:
    """All means of one installation, built without I/O. `start` and `stop` are counted: two lifespans may hold it."""

    def __init__(
        self, settings: Settings, *, engines: Mapping[str, Engine] | None = None, embedded: bool = False
    ) -> None:
        self.settings = settings
        self.policy = settings.limits
        self.embedded = embedded
        self.clock = SystemClock()
        self.engines = {**_engines_of(settings), **(engines or {})}
        self.models = Models(
            self.engines,
            default=settings.model or next(iter(self.engines), ""),
            routes={name: Route(models=one.route, on_refusal=one.on_refusal) for name, one in settings.models.items()},
        )
        self.models.check_budgets(settings.budgets)
        self.observer = Telemetry()
        self.codec = PillowCodec(max_pixels=max(MAX_PIXELS, self.policy.input_pixels))
        self.repository = SqlRepository(
            settings.database_url,
            image_age=self.policy.image_age,
            budgets=settings.budgets,
            credentials=self._credentials,
        )
        self.storage = _storage_of(settings)
        self.notifier = FollowingNotifier(
            _watch_of(settings),
            changes_after=self.repository.changes_after,
            progress_of=self.repository.progress_of,
            preview_of=partial(find_preview, storage=self.storage),
            on_change=self._hear_elsewhere,
        )
        self.dispatcher = _dispatcher_of(settings)
        self.job_reader = JobReader(self.repository)
        self.authenticator = ApiKeyAuthenticator(self.repository)
        self.before_submit: list[BeforeSubmit] = []
        self.on_finished: list[OnFinished] = []
        self.deliverer = Deliverer(self.on_finished, repository=self.repository, observer=self.observer)
        self.sweeper = Sweeper(
            repository=self.repository,
            storage=self.storage,
            dispatcher=self.dispatcher,
            notifier=self.notifier,
            observer=self.observer,
            policy=self.policy,
            clock=self.clock,
            deliverer=self.deliverer,
            claim_storage=self._claim_storage,
        )
        self.webhooks = Webhooks(secret=lambda: self.secret)
        self.worker: Worker | None = None
        self.draining = False
        self._secret = b""
        self._space = 0
        self._space_until = float("-inf")
        self._ending: asyncio.Future[None] | None = None
        self._holders = 0
        self._held: AsyncExitStack | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._gate = asyncio.Lock()

    @property
    def started(self) -> bool:
        """Whether it may be used here: inside coroutines, only in the event loop that started it."""
        return self._held is not None and running_loop() in (None, self._loop)

    @property
    def secret(self) -> bytes:
        """Signs links; the same in every process of this home, or wherever the same one is set."""
        if not self._secret:
            raise NotStarted
        return self._secret

    @cached_property
    def submit_needs(self) -> SubmitNeeds:
        return SubmitNeeds(
            models=self.models,
            repository=self.repository,
            dispatcher=self.dispatcher,
            notifier=self.notifier,
            observer=self.observer,
            policy=self.policy,
            before_submit=self.before_submit,
            free_space=self.free_space,
        )

    @cached_property
    def input_needs(self) -> InputNeeds:
        return InputNeeds(
            repository=self.repository,
            storage=self.storage,
            codec=self.codec,
            policy=self.policy,
            free_space=self.free_space,
        )

    def free_space(self) -> int:
        """Bytes that rows and pictures can still take, asked of the disk once a second: every submit needs it."""
        if self.clock.monotonic() >= self._space_until:
            self._space = min(self._spaces(), default=BOUNDLESS)
            self._space_until = self.clock.monotonic() + SPACE_BELIEVED
        return self._space

    def _spaces(self) -> Iterator[int]:
        """Of what lies on this machine's disks."""
        if self.settings.database_path is not None:
            try:
                yield shutil.disk_usage(self.settings.database_path.parent).free
            except OSError as error:
                raise StorageUnavailable(f"The database's folder does not work: {error.strerror}.") from error
        if isinstance(self.storage, LocalStorage):
            yield self.storage.free_space()

    async def metrics(self) -> bytes:
        """The exposition text, with the queue as it is now."""
        self.observer.show_queue(await self.repository.queue_facts(), self.repository.now())
        return self.observer.render()

    async def start(self, *, work: bool, queues: Collection[str] = (), slots: int | None = None) -> None:
        """Opens what is needed, once; with `work`, this process also paints: for the engines of `queues` (all, where none
        is named), `slots` jobs at most at the same time. Raises LimnerErrors with the remedy.
        """
        engines = self._engines_in(queues)
        self._enter_loop()
        async with self._gate:
            held = self._held or await self._open()
            if work and self.worker is None:
                await self._begin_work(held, engines, slots)
            self._held = held
            self._holders += 1

    async def stop(self) -> None:
        """Lets go; the last one drains and closes everything, in reverse. Without a start it does nothing."""
        async with self._gate:
            self._holders = max(self._holders - 1, 0)
            if self._holders or self._held is None:
                return
            held, self._held = self._held, None
            await held.aclose()

    def end_streams(self) -> None:
        """Open streams end now, so that a server that waits for its connections can stop."""
        self.draining = True
        self._ending = asyncio.ensure_future(self.notifier.close())

    def _hear_elsewhere(self) -> None:
        """Another process changed jobs: there may be work, and an end that a hook must hear of."""
        self.dispatcher.wake()
        self.deliverer.wake()

    def _enter_loop(self) -> None:
        """One event loop at a time: a loop that died without `stop` is forgotten, a living one is not shared."""
        loop = asyncio.get_running_loop()
        if self._loop is loop:
            return
        if self._held is not None and self._loop is not None and not self._loop.is_closed():
            raise NotStarted("Limner runs in another event loop; use it there, or make a second Limner for this one.")
        self._loop, self._gate, self._held, self._holders, self.worker = loop, asyncio.Lock(), None, 0, None

    async def _open(self) -> AsyncExitStack:
        async with AsyncExitStack() as stack:
            await asyncio.to_thread(self._prepare_home)
            for mean in (self.repository, self.storage, self.dispatcher, self.notifier):
                await mean.open()
                stack.push_async_callback(mean.close)
            with suppress(StorageUnavailable):  # away now; claimed again before anything is collected
                await self._claim_storage()
            stack.push_async_callback(self._close_children)
            await self._begin_duties(stack)
            self._chain_signals(stack)
            self.draining = False
            return stack.pop_all()

    async def _claim_storage(self) -> None:
        if not self.settings.forgets_pictures:
            shared = self.settings.database_path is None
            await claim_storage(self.storage, repository=self.repository, shared=shared)

    def _prepare_home(self) -> None:
        make_home(self.settings.home)
        given = read_key(self.settings.secret).encode()
        self._secret = hashlib.sha256(given).digest() if given else link_secret(self.settings.home)

    async def _begin_duties(self, stack: AsyncExitStack) -> None:
        """What every process does for all: telling its own hooks, and sweeping."""
        for duty in (self.deliverer, self.sweeper):
            await duty.start()
            stack.push_async_callback(duty.stop)

    def _engines_in(self, queues: Collection[str]) -> dict[str, Engine]:
        """Those of these queues; all, where none is named."""
        self.settings.refuse_unknown_queues(queues)
        own = self.settings.queues
        return {name: one for name, one in self.engines.items() if not queues or own.get(name, DEFAULT_QUEUE) in queues}

    async def _begin_work(self, stack: AsyncExitStack, engines: Mapping[str, Engine], slots: int | None) -> None:
        self.worker = Worker(
            name=str(WorkerName.own()),
            engines=engines,
            slots=slots,
            models=self.models,
            repository=self.repository,
            storage=self.storage,
            codec=self.codec,
            dispatcher=self.dispatcher,
            notifier=self.notifier,
            observer=self.observer,
            policy=self.policy,
            clock=self.clock,
            on_ambiguous=self._on_ambiguous(),
            webhooks=self.webhooks,
            finished=self.deliverer.wake,
            embed_prompt=self.settings.embed == "full",
        )
        await self.worker.start()
        stack.push_async_callback(self._end_work, self.worker)

    async def _close_children(self) -> None:
        """A health check starts a child even where nobody works; the worker closes its own before."""
        children = [engine for engine in self.engines.values() if isinstance(engine, IsolatedEngine)]
        await asyncio.gather(*(child.close() for child in children))

    async def _end_work(self, worker: Worker) -> None:
        self.worker = None
        grace = min(self.policy.drain_grace, EMBEDDED_GRACE) if self.embedded else self.policy.drain_grace
        await worker.drain(grace)

    def _credentials(self) -> dict[str, str]:
        return {name: getattr(engine, "credential", "") for name, engine in self.engines.items()}

    def _on_ambiguous(self) -> dict[str, OnAmbiguous]:
        tables = self.settings.engines.items()
        return {name: engine.on_ambiguous for name, engine in tables if engine.on_ambiguous}

    def _chain_signals(self, stack: AsyncExitStack) -> None:
        """A server waits for open streams before it runs lifespan shutdown, so they hear of the signal from here."""
        if threading.current_thread() is threading.main_thread():
            for number in STOP_SIGNALS:
                stack.callback(chain_signal(number, asyncio.get_running_loop(), self.end_streams))


def running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def chain_signal(
    number: signal.Signals, loop: asyncio.AbstractEventLoop, act: Callable[[], None]
) -> Callable[[], None]:
    """Runs `act` in the loop at the signal, then what handled it before. Returns what undoes this."""
    before: Any = signal.getsignal(number)

    def handle(received: int, frame: FrameType | None) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(act)
        if callable(before):
            before(received, frame)

    def undo() -> None:
        if signal.getsignal(number) is handle:
            signal.signal(number, before)

    if callable(before):
        signal.signal(number, handle)
    return undo


def make_home(home: Path) -> None:
    """The data folder, for its owner only where we make it."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"{home} cannot be made ({error.strerror}); choose another folder with LIMNER_HOME."
        ) from None
    if not os.access(home, os.W_OK | os.X_OK):
        raise SettingsError(f"{home} is not writable; make it so, or choose another folder with LIMNER_HOME.")


def link_secret(home: Path) -> bytes:
    """The home's secret, made on first use. Processes that come at once agree: whoever links first wins."""
    path = home / "secret"
    if not path.exists():
        fresh = home / f".secret-{secrets.token_hex(8)}"
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(SECRET_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    secret = path.read_bytes()
    if len(secret) != SECRET_BYTES:
        raise SettingsError(f"{path} is damaged; delete it (signed links that are out will stop working).")
    return secret


def _dispatcher_of(settings: Settings) -> InProcessDispatcher:
    if not settings.dispatcher:
        return InProcessDispatcher()
    settings.refuse_alone()
    try:
        from limner.dispatchers.celery import CeleryDispatcher  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise SettingsError("The dispatcher needs Celery: pip install 'limner[celery]'.") from error
    return CeleryDispatcher(settings.dispatcher, settings.queues, DEFAULT_QUEUE)


def _watch_of(settings: Settings) -> Watch:
    if settings.database_path is not None:
        return FileWatch(settings.database_path)
    from limner.notifiers.postgres import ListenWatch  # noqa: PLC0415 - its driver is an extra
    from limner.repositories.sql.postgres import PostgresDatabase  # noqa: PLC0415

    return ListenWatch(PostgresDatabase(settings.database_url).connect_for_listening)


def _storage_of(settings: Settings) -> Storage:
    storage = plugins.storage_from_url(settings.storage_url)
    if settings.redirect and not isinstance(storage, SigningStorage):
        raise SettingsError(
            "redirect needs a storage that serves pictures itself, such as s3://bucket/prefix; leave it out otherwise."
        )
    if settings.accel_redirect and not isinstance(storage, LocalStorage | SigningStorage):
        raise SettingsError(
            "accel_redirect needs pictures where nginx finds them, in a folder or at s3://bucket/prefix; "
            f"leave it out with {settings.storage_url}."
        )
    return storage


def _engines_of(settings: Settings) -> dict[str, Engine]:
    return {
        name: plugins.engine_from_settings(name, table.kind, table.options) for name, table in settings.engines.items()
    }
