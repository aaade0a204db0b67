"""An answer that waits for something. It is made after the route has returned, when FastAPI has closed what the
host's dependencies hold: no database session of the host is kept for a minute by somebody's long poll.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from limner.web.errors import problem


class LateResponse(Response):
    def __init__(self, answer: Callable[[], Awaitable[Response]]) -> None:
        super().__init__()
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            response = await self._answer()
        except Exception as error:  # noqa: BLE001 - the outermost step of ours
            response = problem(error)
        await response(scope, receive, send)
