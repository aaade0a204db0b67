"""A stand-in for a service that paints: HTTP on a real socket, a ledger of the calls it took, misdeeds on request."""

from __future__ import annotations

import abc
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Self

from limner.testing.instant import checkerboard
from limner.testing.services.deeds import IN_THE_ANSWER, INSTEAD, OF_THE_PICTURE, ON_THE_WIRE, encoded, reset
from limner.testing.services.exchange import Asked, Reply

RESET_BEFORE = "reset_before"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceCall:
    """A call that was taken and charged. `fields` are what it asked for."""

    prompt: str
    pictures: int
    fields: Mapping[str, Any]


class HostedService(abc.ABC):
    """Serves from `with` to its end, in threads of this process. `calls` is the ledger: what was taken, and charged.

    `purposes` are those of all requests that came. `addresses` replace, by the field's name, what the service would name.
    `paint_seconds` is how long a picture takes. A request without `key` is refused.
    """

    key = "test-key-0123456789"
    refusals: ClassVar[Mapping[str, Reply]] = {}
    """How this service says no, by name: nothing is charged."""
    own_deeds: ClassVar[tuple[str, ...]] = ()
    """What only this service can do wrong."""
    deeds_on_delivery: ClassVar[tuple[str, ...]] = ()
    """What it can do wrong when it calls a webhook."""

    def __init__(self, *, port: int = 0, paint_seconds: float = 0.0) -> None:
        self.paint_seconds = paint_seconds
        self.calls: list[ServiceCall] = []
        self.purposes: list[str] = []
        self.addresses: dict[str, str] = {}
        self.closed = threading.Event()
        self._deeds: list[tuple[str, str]] = []
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", port), _handler_of(self))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closed.set()
        self._server.shutdown()
        self._server.server_close()

    def misbehave(self, deed: str, *, at: str = "call", times: int = 1) -> None:
        """The next `times` requests for the purpose `at` go wrong: see `deeds`, and `refusals` of this service."""
        known = {RESET_BEFORE, *ON_THE_WIRE, *IN_THE_ANSWER, *INSTEAD, *OF_THE_PICTURE, *self.refusals, *self.own_deeds}
        known |= {*self.deeds_on_delivery}
        if deed not in known:
            raise ValueError(f"There is no misdeed {deed}; there are {', '.join(sorted(known))}.")
        with self._lock:
            self._deeds += [(at, deed)] * times

    @property
    def misdeeds_left(self) -> int:
        """How many are still to come."""
        with self._lock:
            return len(self._deeds)

    @abc.abstractmethod
    def purpose(self, method: str, path: str) -> str:
        """Of a request: call, status, result, cancel, picture, health, or "" where there is nothing at that path."""
        raise NotImplementedError

    @abc.abstractmethod
    def allows(self, headers: Mapping[str, str]) -> bool:
        """Whether the key is there."""
        raise NotImplementedError

    @abc.abstractmethod
    def answer(self, asked: Asked) -> Reply:
        """A request in good order, with a good key where one is needed."""
        raise NotImplementedError

    def take(self, prompt: str, pictures: int, fields: Mapping[str, Any]) -> None:
        """The call is taken: from now on it costs."""
        with self._lock:
            self.calls.append(ServiceCall(prompt=prompt, pictures=pictures, fields=fields))

    def picture(self, width: int, height: int, seed: int, deed: str = "") -> bytes:
        spoil = OF_THE_PICTURE.get(deed)
        painted = checkerboard(width, height, seed)
        return spoil(painted) if spoil else painted

    def respond(self, asked: Asked) -> Reply:
        if asked.deed in INSTEAD:
            return INSTEAD[asked.deed]
        if asked.purpose not in {"", "picture"} and not self.allows(asked.headers):
            return self.refusals["unauthorised"]
        if asked.deed in self.refusals:
            return self.refusals[asked.deed]
        reply = self.answer(asked) if asked.purpose else Reply(b"{}", 404)
        spoil = IN_THE_ANSWER.get(asked.deed)
        return spoil(reply) if spoil else reply

    def next_deed(self, purpose: str) -> str:
        """What goes wrong next with that purpose; "" for nothing."""
        with self._lock:
            for number, (at, deed) in enumerate(self._deeds):
                if at == purpose:
                    del self._deeds[number]
                    return deed
        return ""

    def sleep(self) -> None:
        """As long as a picture takes, or until the service closes."""
        self.closed.wait(self.paint_seconds)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 512

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no fault of ours."""


def _handler_of(service: HostedService) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def serve(self) -> None:
            purpose = service.purpose(self.command, self.path)
            service.purposes.append(purpose)
            deed = service.next_deed(purpose)
            if deed == RESET_BEFORE:
                self.close_connection = True
                reset(self.connection)
                return
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = service.respond(Asked(purpose, self.command, self.path, headers, body, deed))
            if act := ON_THE_WIRE.get(deed):
                self.close_connection = True
                act(self.connection, reply, service.closed)
                return
            self.wfile.write(encoded(reply))

        do_GET = do_POST = do_PUT = serve  # noqa: N815 - the server's words

        def log_message(self, *_: Any) -> None:
            """Not even to standard error."""

    return Handler
