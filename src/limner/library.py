"""Limner in your own program: mount it, call it, hear from it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypedDict, TypeVar, Unpack

from limner.actions.add_input import add_input
from limner.actions.cancel_job import cancel_job
from limner.actions.create_key import LOCAL_USER
from limner.actions.delete_image import delete_image
from limner.actions.delete_input import delete_input
from limner.actions.delete_job import delete_job
from limner.actions.delete_owner import delete_owner
from limner.actions.deliver import OnFinished
from limner.actions.find_image import find_image
from limner.actions.find_input import find_input
from limner.actions.find_job import find_job
from limner.actions.list_images import list_images
from limner.actions.list_jobs import list_jobs
from limner.actions.page import Page
from limner.actions.read_image import Converted, Original, Thumbnail, Variant, read_image
from limner.actions.restore_image import restore_image
from limner.actions.retry_job import retry_job
from limner.actions.submit_job import BeforeSubmit, fingerprint, submit_job
from limner.actions.tell_usage import tell_usage
from limner.actions.upload_inputs import Sources, read_sources, upload_inputs
from limner.actions.wait_job import LOOK_EVERY, wait_job
from limner.assembly import Assembly
from limner.contracts.codec import Codec
from limner.contracts.engine import Engine
from limner.contracts.repository import Idempotency
from limner.domain.errors import EngineError, LimnerError, NotStarted, engine_error
from limner.domain.identity import Principal
from limner.domain.image import Image
from limner.domain.input import Input
from limner.domain.job import Job, JobState
from limner.domain.request import Ask
from limner.domain.usage import DayOfUsage
from limner.settings import Settings
from limner.web.router import build_operator_router, build_router

if TYPE_CHECKING:
    from fastapi import APIRouter

Before = TypeVar("Before", bound=BeforeSubmit)
Finished = TypeVar("Finished", bound=OnFinished)

PATIENCE = 60.0
FILE_FORMATS = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp"}


class AskFields(TypedDict, total=False):
    """What may be asked beside the prompt; whatever is left out is chosen by the model."""

    model: str
    negative_prompt: str
    width: int
    height: int
    count: int
    seed: int
    steps: int
    guidance: float
    format: str
    strength: float
    options: Mapping[str, Any]
    reference: str
    metadata: Mapping[str, Any]
    priority: int


@dataclass(frozen=True, slots=True)
class Picture:
    """A finished picture: its facts and its bytes."""

    image: Image
    data: bytes = field(repr=False)
    codec: Codec = field(repr=False)

    def save(self, path: str | Path) -> Path:
        """Writes the file, converted where its suffix (.png, .jpg, .webp) names another format."""
        wanted = FILE_FORMATS.get(Path(path).suffix.lower(), self.image.format)
        same = wanted == self.image.format
        Path(path).write_bytes(self.data if same else self.codec.convert(self.data, format=wanted))
        return Path(path)


class Limner:
    """One installation: settings from limner.toml and the environment, then from the arguments. Does no I/O until it
    is started by the router's lifespan, `lifespan` or `async with`.

    `engines` maps names to tables (`{"kind": "painter"}`) or Engine instances. `work=False` leaves the painting to
    other processes with the same home or database, as a dispatcher in the settings does by itself. Raises SettingsError
    and PluginError.
    """

    def __init__(
        self,
        *,
        config: str | Path | None = None,
        engines: Mapping[str, Engine | Mapping[str, Any]] | None = None,
        work: bool | None = None,
        **settings: Any,
    ) -> None:
        made = {name: engine for name, engine in (engines or {}).items() if isinstance(engine, Engine)}
        tables = {name: dict(table) for name, table in (engines or {}).items() if not isinstance(table, Engine)}
        read = Settings.load(config, engines=None if engines is None else tables, **settings)
        self._work = not read.dispatcher if work is None else work
        self._assembly = Assembly(read, engines=made, embedded=True)
        self.jobs = Jobs(self._assembly)
        self.images = Images(self._assembly)
        self.inputs = Inputs(self._assembly)

    def router(
        self,
        *,
        current_user: Callable[..., Any] | None = None,
        user_id: Callable[[Any], str] | None = None,
        scopes: Callable[[Any], Any] | None = None,
        page: bool = False,
    ) -> APIRouter:
        """All routes of the API, to be included under any prefix; it brings its own lifespan.

        `current_user` is your own dependency. `user_id` makes text of what it returns (default: its `id`), `scopes`
        says what that user may do (default: everything but operate). Without `current_user`, API keys are asked for.
        `page` adds a page for people, at the prefix itself; `current_user` must know them by their cookies.
        """
        return build_router(
            self._assembly, current_user=current_user, user_id=user_id, scopes=scopes, lifespan=self.lifespan, page=page
        )

    def operator_router(self) -> APIRouter:
        """/health, /ready and /metrics. Include it where only operators reach it."""
        return build_operator_router(self._assembly)

    @asynccontextmanager
    async def lifespan(self, app: object = None) -> AsyncIterator[None]:
        """For hosts that mount an app of their own, whose routers' lifespans never run. Giving it twice is safe."""
        del app
        await self._assembly.start(work=self._work)
        try:
            yield
        finally:
            await self._assembly.stop()

    async def __aenter__(self) -> Self:
        await self._assembly.start(work=self._work)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._assembly.stop()

    async def submit(
        self,
        prompt: str,
        *,
        owner: str,
        inputs: Sources | None = None,
        idempotency_key: str | None = None,
        **fields: Unpack[AskFields],
    ) -> Job:
        """Durably queued when it returns. `inputs` are pictures by role: `{"image": "house.png", "mask": mask_bytes}`.
        Raises InvalidRequest, Refused, TooManyQueued, TooManyInputs, QueueFull, BudgetExhausted, StorageFull.
        """
        _require_started(self._assembly)
        given = await read_sources(inputs or {})
        ask = Ask(prompt=prompt, inputs=[one.reference for one in given], **fields)
        key = None if idempotency_key is None else Idempotency(key=idempotency_key, fingerprint=fingerprint(ask))
        ask = replace(ask, inputs=await upload_inputs(given, owner, needs=self._assembly.input_needs))
        submission = await submit_job(ask, owner, idempotency=key, needs=self._assembly.submit_needs)
        return submission.job

    async def paint(
        self, prompt: str, *, owner: str = LOCAL_USER, inputs: Sources | None = None, **fields: Unpack[AskFields]
    ) -> list[Picture]:
        """Submits, waits, and returns the pictures. Cancelling it cancels the job. Raises EngineError where no picture
        could be painted, and what `submit` raises.
        """
        job = await self.submit(prompt, owner=owner, inputs=inputs, **fields)
        try:
            done = await self.jobs.wait(job.id, owner=owner)
        except asyncio.CancelledError:
            with suppress(LimnerError):  # it ended meanwhile, or went: the caller still hears of the cancel
                await asyncio.shield(self.jobs.cancel(job.id, owner=owner))
            raise
        if done.state is not JobState.SUCCEEDED:
            raise _as_error(done)
        codec = self._assembly.codec
        return [Picture(image, await self.images.read(image), codec) for image in done.images]

    def before_submit(self, hook: Before) -> Before:
        """Registers `hook(ask, owner)`: raise Refused("why"), return another Ask, or return None to let it pass."""
        self._assembly.before_submit.append(hook)
        return hook

    def on_finished(self, hook: Finished) -> Finished:
        """Registers `hook(job)`, called after every final state: at least once, again after a failure or a crash."""
        self._assembly.on_finished.append(hook)
        return hook

    async def usage(self, *, owner: str, first: date | None = None, last: date | None = None) -> tuple[DayOfUsage, ...]:
        """What an owner used, by engine and day; by default this month. Raises InvalidRequest for more than 366 days."""
        _require_started(self._assembly)
        _, _, days = await tell_usage(_owner(owner), first=first, last=last, repository=self._assembly.repository)
        return days

    async def delete_owner(self, owner: str) -> int:
        """Cancels and deletes all that an owner has; returns how many pictures went."""
        _require_started(self._assembly)
        return await delete_owner(owner, repository=self._assembly.repository, storage=self._assembly.storage)


class Jobs:
    """`limner.jobs`: every method is for one owner; another owner's job is NotFound."""

    def __init__(self, assembly: Assembly) -> None:
        self._assembly = assembly

    async def find(self, job_id: str, *, owner: str) -> Job:
        _require_started(self._assembly)
        return await find_job(job_id, _owner(owner), repository=self._assembly.repository)

    async def list(
        self,
        *,
        owner: str,
        state: JobState | None = None,
        reference: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[Job]:
        """Newest first; `next` of the page is the cursor of the following one."""
        _require_started(self._assembly)
        repository = self._assembly.repository
        return await list_jobs(
            _owner(owner), state=state, reference=reference, cursor=cursor, limit=limit, repository=repository
        )

    async def wait(self, job_id: str, *, owner: str) -> Job:
        """Returns the job once it is final. Raises NotFound when it is deleted and NotStarted when Limner stops."""
        repository, notifier = self._assembly.repository, self._assembly.notifier
        while not (job := await self.find(job_id, owner=owner)).state.final:
            if self._assembly.draining:  # nobody is notified any more, but the job may end in time
                await asyncio.sleep(LOOK_EVERY)
            await wait_job(
                job, until=lambda seen: seen.state.final, seconds=PATIENCE, repository=repository, notifier=notifier
            )
        return job

    async def cancel(self, job_id: str, *, owner: str) -> Job:
        _require_started(self._assembly)
        means = self._assembly
        return await cancel_job(
            job_id, _owner(owner), repository=means.repository, notifier=means.notifier, observer=means.observer
        )

    async def retry(self, job_id: str, *, owner: str, idempotency_key: str | None = None) -> Job:
        """A new job with the same request, from a failed or cancelled one."""
        _require_started(self._assembly)
        needs = self._assembly.submit_needs
        return (await retry_job(job_id, _owner(owner), needs=needs, idempotency_key=idempotency_key)).job

    async def delete(self, job_id: str, *, owner: str) -> None:
        _require_started(self._assembly)
        repository, storage = self._assembly.repository, self._assembly.storage
        await delete_job(job_id, _owner(owner), repository=repository, storage=storage)


class Images:
    """`limner.images`: facts and bytes of finished pictures, for one owner each."""

    def __init__(self, assembly: Assembly) -> None:
        self._assembly = assembly

    async def find(self, image_id: str, *, owner: str) -> Image:
        _require_started(self._assembly)
        return await find_image(image_id, _owner(owner), repository=self._assembly.repository)

    async def list(self, *, owner: str, cursor: str | None = None, limit: int = 50) -> Page[Image]:
        _require_started(self._assembly)
        return await list_images(_owner(owner), cursor=cursor, limit=limit, repository=self._assembly.repository)

    async def read(self, image: Image, *, format: str | None = None, size: int | None = None) -> bytes:  # noqa: A002
        """The bytes as kept; with `format` converted, with `size` (256, 512, 1024) as a WebP thumbnail."""
        _require_started(self._assembly)
        variant: Variant = Thumbnail(size) if size else Converted(format) if format else Original()
        served = await read_image(image, storage=self._assembly.storage, codec=self._assembly.codec, variant=variant)
        if served.data is not None:
            return served.data
        assert served.path is not None
        return await asyncio.to_thread(served.path.read_bytes)

    async def delete(self, image_id: str, *, owner: str) -> Image:
        """Hidden at once, restorable for ten minutes."""
        _require_started(self._assembly)
        repository, notifier = self._assembly.repository, self._assembly.notifier
        return await delete_image(image_id, _owner(owner), repository=repository, notifier=notifier)

    async def restore(self, image_id: str, *, owner: str) -> Image:
        _require_started(self._assembly)
        repository, notifier = self._assembly.repository, self._assembly.notifier
        return await restore_image(image_id, _owner(owner), repository=repository, notifier=notifier)


class Inputs:
    """`limner.inputs`: uploads, for jobs to start from; every method is for one owner."""

    def __init__(self, assembly: Assembly) -> None:
        self._assembly = assembly

    async def add(self, data: bytes, *, owner: str) -> Input:
        """Kept when it returns: upright, without metadata. Raises InvalidRequest, TooManyInputs, StorageFull."""
        _require_started(self._assembly)
        return await add_input(data, owner, needs=self._assembly.input_needs)

    async def find(self, input_id: str, *, owner: str) -> Input:
        _require_started(self._assembly)
        return await find_input(input_id, _owner(owner), repository=self._assembly.repository)

    async def read(self, found: Input) -> bytes:
        _require_started(self._assembly)
        return await self._assembly.storage.read(found.key)

    async def delete(self, input_id: str, *, owner: str) -> None:
        """Jobs that start from it keep it until they go."""
        _require_started(self._assembly)
        repository, storage = self._assembly.repository, self._assembly.storage
        await delete_input(input_id, _owner(owner), repository=repository, storage=storage)


def _require_started(assembly: Assembly) -> None:
    if not assembly.started:
        raise NotStarted(
            "Limner is not started: use `async with limner:` around this, or run the lifespan of the application "
            "that includes its router. Nothing was queued."
        )


def _owner(owner: str) -> Principal:
    return Principal(user_id=owner)


def _as_error(job: Job) -> EngineError:
    """A job's end without a picture as the error that its engine raised."""
    if job.error is None:
        return EngineError("The job was cancelled.", job_id=job.id)
    return engine_error(job.error.code, job.error.detail, job_id=job.id)
