"""What `limner serve` puts before every route: which names it answers to, and headers that keep browsers careful."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from limner.web.errors import WrongHost, problem
from limner.web.negotiation import header

CAREFUL = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
)


class Guard:
    """A page of another site whose name was made to point here (DNS rebinding) is refused by the name it uses.

    `hosts` are names without a port; `*` is any, `*.example.org` any below.
    """

    def __init__(self, app: ASGIApp, *, hosts: Iterable[str]) -> None:
        self._app = app
        self._names = {host.lower() for host in hosts if not host.startswith("*")}
        self._tails = tuple(host[1:].lower() for host in hosts if host.startswith("*"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def careful(message: Message) -> None:
            if message["type"] == "http.response.start":
                told = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(pair for pair in CAREFUL if pair[0] not in told)]
            await send(message)

        if self._answers(header(scope, b"host") or ""):
            await self._app(scope, receive, careful)
        else:
            await problem(WrongHost())(scope, receive, careful)

    def _answers(self, host: str) -> bool:
        name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
        return name.lower() in self._names or (bool(self._tails) and name.lower().endswith(self._tails))
