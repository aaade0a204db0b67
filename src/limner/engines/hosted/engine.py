"""What all engines share that paint at a service: key, client, price, health."""

from __future__ import annotations

import abc
import asyncio
import contextlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

import httpx

from limner.contracts.engine import Engine, PaintTask, Submitting
from limner.domain.capabilities import Capabilities
from limner.domain.errors import BadImage, CallFailed, EngineError, NotSent, Transient, Unauthorised
from limner.domain.identity import digest_of
from limner.domain.request import ImageRequest
from limner.engines.hosted.answer import Answer
from limner.engines.hosted.client import PICTURE_SECONDS, HostedClient
from limner.engines.hosted.faults import fault_of, plain
from limner.engines.hosted.price import Cost, Price

HEALTH_BELIEVED = 30.0
HEALTH_SECONDS = 1.5
SILENCE_MARGIN = 30.0
REFERENCES = ("env:", "file:")
"""How a key begins that the settings could not read from its place."""


class HostedEngine(Engine):
    """Adapters translate: requests into calls, answers into pictures and faults. All else is here.

    `key` is the secret itself. `base_url` is the operator's choice. `timeout` is seconds a call. Raises ValueError for values
    that cannot be used.
    """

    service: ClassVar[str]
    key_variable: ClassVar[str]
    """The environment variable that the advice names."""
    needs_key: ClassVar[bool] = True
    health_path: ClassVar[str] = ""
    """A question that costs nothing and needs the key; "" where the service documents none."""

    longest_call: ClassVar[float] = float("inf")
    """Seconds: a service that paints later takes a call sooner."""

    def __init__(
        self,
        capabilities: Capabilities,
        *,
        base_url: str,
        key: str,
        cost: Cost | None,
        timeout: float,
        concurrency: int,
    ) -> None:
        _check_base_url(base_url)
        _check_timeout(timeout)
        _check_concurrency(concurrency)
        self._price = Price(cost)
        self.capabilities = replace(
            capabilities,
            charges=not self._price.free,
            concurrency=concurrency,
            paint_timeout=timeout * capabilities.max_count + SILENCE_MARGIN,
            silence_timeout=max(timeout, PICTURE_SECONDS) + SILENCE_MARGIN,
        )
        self.credential = digest_of(key) if key else ""
        self._base_url, self._key, self._timeout = base_url, key, timeout
        self._opened: HostedClient | None = None
        self._trouble: EngineError | None = None
        self._believed_until = float("-inf")

    def estimate(self, request: ImageRequest, model: str) -> float | None:
        return self._price.of(request, model, request.count)

    @abc.abstractmethod
    def credentials(self, key: str) -> Mapping[str, str]:
        """The headers that carry the key."""
        raise NotImplementedError

    @abc.abstractmethod
    def words(self, document: Any) -> Any:
        """What the service says went wrong; anything but text where it says nothing."""
        raise NotImplementedError

    def fault(self, answer: Answer, charges: bool) -> EngineError:
        """What an answer means that is no success; adapters know their service's own codes first."""
        return fault_of(answer, self.spoken(answer.document), charges=charges)

    def spoken(self, document: Any) -> str:
        """The service's words, fit to be shown."""
        return plain(self.words(document), self._key)

    @property
    def client(self) -> HostedClient:
        assert self._opened is not None, "open() comes before paint()"
        return self._opened

    async def open(self) -> None:
        self._opened = self._opened or self._client()

    async def close(self) -> None:
        opened, self._opened = self._opened, None
        if opened:
            await opened.close()

    async def health(self) -> None:
        """Asked at most twice a minute: whoever lists models must not hammer the service."""
        if problem := self._key_problem():
            raise Unauthorised(problem)
        if time.monotonic() >= self._believed_until:
            self._trouble = await self._look()
            self._believed_until = time.monotonic() + HEALTH_BELIEVED
        if self._trouble:
            raise self._trouble.with_traceback(None)

    async def _look(self) -> EngineError | None:
        try:
            async with asyncio.timeout(HEALTH_SECONDS), self._client() as client:
                answer = await client.tell("GET", self.health_path)
        except TimeoutError:
            return NotSent(f"{self.service} did not answer within {HEALTH_SECONDS:g} s.")
        except EngineError as error:
            return error
        if self.health_path and answer.status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
            return Unauthorised(f"{self.service} does not accept the key.")
        if answer.status >= httpx.codes.INTERNAL_SERVER_ERROR:
            return Transient(f"{self.service} answers with a fault of its own ({answer.status}).")
        return None

    def _client(self) -> HostedClient:
        headers = self.credentials(self._key) if self._key else {}
        return HostedClient(
            self._base_url, headers, call_seconds=min(self._timeout, self.longest_call), fault_of=self.fault
        )

    def _key_problem(self) -> str:
        """Why the key cannot be used, with what to write."""
        advice = f'write key = "env:{self.key_variable}" into its table in the settings and set that variable'
        if not self._key:
            if not self.needs_key:
                return ""
            return f'It has no key: {advice}, or key = "file:/path/to/the/key".'
        if not self._key.startswith(REFERENCES):
            return ""
        place, _, name = self._key.partition(":")
        missing = f"the variable {name} is not set" if place == "env" else f"the file {name} cannot be read"
        return f"Its key is missing: {missing}."

    def submitting(self, task: PaintTask, ordinals: tuple[int, ...]) -> Submitting:
        """Announces a call. Raises Unauthorised before it where there is no key to call with."""
        if problem := self._key_problem():
            raise Unauthorised(problem)
        cost = self._price.of(task.request, task.model, len(ordinals))
        return Submitting(ordinals=ordinals, request_key=f"{task.request_key}-{ordinals[0]}", cost=cost)


@contextlib.contextmanager
def call_for(ordinals: tuple[int, ...]) -> Iterator[None]:
    """Names the call that a useless answer brings to its end, by its first ordinal."""
    try:
        yield
    except (BadImage, CallFailed) as error:
        error.facts = {**error.facts, "ordinal": ordinals[0]}
        raise


def unpaid(task: PaintTask, most: int = 1) -> Iterator[tuple[int, ...]]:
    """What no earlier try has called for: consecutive ordinals, at most `most` a call."""
    paid = {ordinal for call in task.resume for ordinal in call.ordinals}
    batch: tuple[int, ...] = ()
    for ordinal in sorted(set(task.ordinals) - paid):
        if batch and (len(batch) == most or ordinal != batch[-1] + 1):
            yield batch
            batch = ()
        batch = (*batch, ordinal)
    if batch:
        yield batch


def _check_base_url(base_url: str) -> None:
    try:
        url = httpx.URL(base_url)
    except (httpx.InvalidURL, TypeError):
        raise ValueError(f"base_url is {base_url!r}; it must be an http or https address") from None
    if url.scheme not in {"http", "https"} or not url.host or url.query or url.userinfo:
        raise ValueError("base_url must be an http or https address without user, password and query")


def _check_timeout(timeout: Any) -> None:
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not 0 < timeout < float("inf"):
        raise ValueError(f"timeout is {timeout!r}; it must be a number of seconds above 0")


def _check_concurrency(concurrency: Any) -> None:
    if type(concurrency) is not int or concurrency < 1:
        raise ValueError(f"concurrency is {concurrency!r}; it must be a whole number above 0")
