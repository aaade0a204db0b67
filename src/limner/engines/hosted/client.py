"""The client that all adapters send through: its limits and time-outs, and what its faults mean. It never tries again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from typing import Any, Self

import httpx

from limner._version import __version__
from limner.domain.errors import BadImage, CallFailed, EngineError, NotSent, RateLimited, Transient, UnknownOutcome
from limner.engines.hosted.answer import Answer, TooLarge, parts, read
from limner.engines.hosted.egress import Egress, ForbiddenAddress, origin_of
from limner.engines.hosted.events import documents
from limner.engines.hosted.faults import wait_of

LARGEST_PICTURE = 64 * 2**20
LARGEST_ANSWER = 96 * 2**20
"""Of a call, which may hold several pictures in base64."""
LARGEST_STATUS = 2 * 2**20
CONNECT_SECONDS = 10.0
STATUS_SECONDS = 30.0
PICTURE_SECONDS = 120.0

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)

FaultOf = Callable[[Answer, bool], EngineError]


class HostedClient:
    """Speaks to `base_url`, the operator's choice, with `headers` that may hold a key; they go nowhere else.

    `call_seconds` is how long a call may take in all. `fault_of` says what an answer that is no success means, for a request
    that may have cost money (True) or not.
    """

    def __init__(self, base_url: str, headers: Mapping[str, str], *, call_seconds: float, fault_of: FaultOf) -> None:
        self._base = httpx.URL(f"{base_url.rstrip('/')}/")
        self._headers = headers
        self._call_seconds = call_seconds
        self._fault_of = fault_of
        self._http = httpx.AsyncClient(
            transport=Egress(self._base),
            headers={"user-agent": f"limner/{__version__}", "accept-encoding": "identity", "accept": "*/*"},
            timeout=httpx.Timeout(call_seconds, connect=CONNECT_SECONDS),
            follow_redirects=False,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def call(self, path: str, **content: Any) -> Any:
        """The JSON object that a request brings which may cost money."""
        answer = await self._exchange("POST", path, LARGEST_ANSWER, self._call_seconds, charges=True, **content)
        return self._document_of(answer, charges=True)

    async def events(self, path: str, **content: Any) -> AsyncGenerator[Any, None]:
        """Like `call`, for a service that streams: each event's JSON, or its whole answer where it does not stream."""
        ends = asyncio.get_running_loop().time() + self._call_seconds
        async with contextlib.AsyncExitStack() as stack:
            with _in_our_words(charges=True):
                async with asyncio.timeout_at(ends):
                    response = await stack.enter_async_context(self._stream("POST", path, **content))
                    streams = response.is_success and "event-stream" in response.headers.get("content-type", "")
                    answer = None if streams else await read(response, LARGEST_ANSWER)
            if answer is not None:
                yield self._document_of(answer, charges=True)
                return
            heard = documents(parts(response, LARGEST_ANSWER))
            while (document := await _next(heard, ends)) is not None:
                yield document

    async def ask(self, path: str) -> Any:
        """The JSON object of a question about a call, which costs nothing. A URL that the service gave must be its own."""
        path = self._owned(path)
        try:
            answer = await self._exchange("GET", path, LARGEST_STATUS, STATUS_SECONDS)
        except CallFailed as error:
            raise Transient(error.detail) from None
        if answer.status in {httpx.codes.NOT_FOUND, httpx.codes.GONE}:
            raise CallFailed("The service no longer knows this call.")
        return self._document_of(answer, charges=False)

    async def look_up(self, url: str) -> Any:
        """The JSON object at an address that the operator trusts; our key goes there only where it is the service itself."""
        asked = self._exchange("GET", url, LARGEST_STATUS, STATUS_SECONDS, named_by="The settings name")
        return self._document_of(await asked, charges=False)

    async def tell(self, method: str, path: str) -> Answer:
        """A request without content, to the service itself, whatever it answers."""
        return await self._exchange(method, self._owned(path), LARGEST_STATUS, STATUS_SECONDS)

    async def fetch(self, url: str) -> bytes:
        """The picture at an address that the service gave. Raises CallFailed where it cannot be had any more."""
        try:
            answer = await self._exchange("GET", url, LARGEST_PICTURE, PICTURE_SECONDS)
        except CallFailed as error:
            raise BadImage(f"The picture cannot be fetched. {error.detail}") from None
        if answer.ok:
            return answer.body
        if answer.status == httpx.codes.TOO_MANY_REQUESTS:
            raise RateLimited(retry_after=wait_of(answer))
        if answer.status >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise Transient(f"The picture could not be fetched ({answer.status}).")
        raise CallFailed(f"The picture is not at its address any more ({answer.status}).")

    async def _exchange(
        self,
        method: str,
        url: str,
        limit: int,
        seconds: float,
        *,
        charges: bool = False,
        named_by: str = "The service names",
        **content: Any,
    ) -> Answer:
        with _in_our_words(charges=charges, named_by=named_by):
            async with asyncio.timeout(seconds), self._stream(method, url, **content) as response:
                return await read(response, limit)

    def _stream(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, **content: Any
    ) -> contextlib.AbstractAsyncContextManager[httpx.Response]:
        url = self._base.join(path)
        ours = self._headers if origin_of(url) == origin_of(self._base) else {}
        return self._http.stream(method, url, headers={**ours, **(headers or {})}, **content)

    def _document_of(self, answer: Answer, *, charges: bool) -> Any:
        if not answer.ok:
            raise self._fault_of(answer, charges)
        document = answer.document
        if not isinstance(document, dict):
            fault = CallFailed if charges else Transient
            raise fault(f"The service answered with {answer.kind} instead of JSON.")
        return document

    def _owned(self, path: str) -> str:
        """Our key goes to the operator's server only."""
        with _in_our_words(charges=False):
            if origin_of(self._base.join(path)) != origin_of(self._base):
                raise CallFailed("The service sends us to another server with our key, which stays here.")
        return path


async def _next(heard: AsyncGenerator[Any, None], ends: float) -> Any:
    with _in_our_words(charges=True):
        async with asyncio.timeout_at(ends):
            return await anext(heard, None)


@contextlib.contextmanager
def _in_our_words(*, charges: bool, named_by: str = "The service names") -> Iterator[None]:
    """What the connection does wrong, as what may be done about it. Words of others stay out: they may quote a key."""
    try:
        yield
    except ForbiddenAddress as error:
        raise CallFailed(f"{named_by} an address that we do not open. {error}") from None
    except _NOT_SENT:
        raise NotSent from None
    except (httpx.InvalidURL, TypeError):
        raise CallFailed(f"{named_by} an address that is none.") from None
    except (TooLarge, httpx.DecodingError) as error:
        raise CallFailed(f"The service's answer cannot be read. {error}") from None
    except (httpx.HTTPError, TimeoutError) as error:
        if charges:
            raise UnknownOutcome from None
        raise Transient(f"The service did not answer ({type(error).__name__}).") from None
