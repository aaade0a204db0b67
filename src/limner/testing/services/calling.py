"""A stand-in for a service that calls webhooks, and does that wrong on request."""

from __future__ import annotations

import abc
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any, ClassVar

from limner.testing.services.service import HostedService

HOUR = 3600
OVERSIZED = 2 * 2**20
TIMES = 3
PATIENCE = 15.0

ON_DELIVERY = ("lost", "early", "late", "unsigned", "forged", "duplicate", "oversized", "lying")
"""Never sent; sent before there is news; signed an hour ago; not signed; signed by somebody else; sent three times; with a
body of 2 MiB; telling of an end that it was not.
"""


class CallingService(HostedService):
    """Whoever names a webhook is told there when the call is over. `answers` are the statuses that came back (0: none).

    `misbehave(deed, at="webhook")` takes the deeds in `ON_DELIVERY`.
    """

    deeds_on_delivery: ClassVar = ON_DELIVERY
    lie: ClassVar[Mapping[str, Any]]
    """What a lying delivery says instead."""

    def __init__(self, *, port: int = 0, paint_seconds: float = 0.0) -> None:
        super().__init__(port=port, paint_seconds=paint_seconds)
        self.answers: list[int] = []

    @abc.abstractmethod
    def signed(self, body: bytes, stamp: int, *, forged: bool) -> Mapping[str, str]:
        """The headers that the service sends with it."""
        raise NotImplementedError

    def tell_later(self, url: str | None, document: Mapping[str, Any]) -> None:
        """Nobody, where no webhook is named."""
        if url:
            told = (url, document, self.next_deed("webhook"))
            threading.Thread(target=self._tell_in_time, args=told, daemon=True).start()

    def _tell_in_time(self, url: str, document: Mapping[str, Any], deed: str) -> None:
        if deed != "early" and self.closed.wait(self.paint_seconds):
            return
        if deed != "lost":
            self.tell(url, document, deed)

    def tell(self, url: str, document: Mapping[str, Any], deed: str = "") -> None:
        """Calls a webhook now."""
        body = json.dumps({**document, **(self.lie if deed == "lying" else {})}).encode()
        body += b" " * OVERSIZED if deed == "oversized" else b""
        stamp = int(time.time()) - (HOUR if deed == "late" else 0)
        signed = {} if deed == "unsigned" else self.signed(body, stamp, forged=deed == "forged")
        request = urllib.request.Request(url, body, {"content-type": "application/json", **signed})  # noqa: S310
        for _ in range(TIMES if deed == "duplicate" else 1):
            self.answers.append(_status_of(request))


def _status_of(request: urllib.request.Request) -> int:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(request, timeout=PATIENCE) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0
