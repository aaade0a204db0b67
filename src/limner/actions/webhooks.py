"""Addresses at which services say that there is news of a call: whoever waits for it looks sooner, and believes nothing."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import logging
from collections.abc import Callable

from limner.actions.quiet_trace import log_fault
from limner.contracts.engine import Delivery, Engine, Webhook

logger = logging.getLogger("limner.webhooks")

VERIFY_SECONDS = 10.0
"""For a delivery, with the keys that it may take to fetch."""
SOONEST = 0.5
"""Seconds after a look in which news causes no other: services may have many, and a look is a request."""


class Ear:
    """One paint that waits for news."""

    def __init__(self, token: str, url: str, engine: Engine) -> None:
        self.token = token
        self.engine = engine
        self.webhook = Webhook(url=url, wait=self.wait)
        self.heard: set[bytes] = set()
        self._news = asyncio.Event()

    def tell(self) -> None:
        self._news.set()

    async def wait(self, seconds: float) -> None:
        soonest = min(seconds, SOONEST)
        await asyncio.sleep(soonest)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), seconds - soonest)
        self._news.clear()


class Webhooks:
    """The paints of this process that services may wake. An address holds for one job; `secret` makes it impossible to
    guess.
    """

    def __init__(self, secret: Callable[[], bytes] = bytes) -> None:
        self._public_url = ""
        self._secret = secret
        self._ears: dict[str, Ear] = {}

    def serve_at(self, public_url: str) -> None:
        """This process has our routes, and the internet finds them there."""
        self._public_url = public_url.rstrip("/")

    def open(self, job_id: str, engine: Engine) -> Ear | None:
        """None: no service can reach this process. A job that is painted again has the address that it had."""
        if not self._public_url:
            return None
        token = self._token_of(job_id)
        ear = self._ears[token] = Ear(token, f"{self._public_url}/webhooks/{token}", engine)
        return ear

    def close(self, ear: Ear) -> None:
        """From now on nothing is heard. Where the job is being painted again already, that goes on."""
        if self._ears.get(ear.token) is ear:
            del self._ears[ear.token]

    def expects(self, token: str) -> bool:
        """Whether a paint waits behind that address."""
        return token in self._ears

    async def hear(self, token: str, delivery: Delivery) -> None:
        """Wakes the paint behind that address where its service has just sent this, for the first time. Whatever else
        comes changes nothing, and whoever sent it learns nothing.
        """
        ear = self._ears.get(token)
        if ear is None:
            return
        try:
            async with asyncio.timeout(VERIFY_SECONDS):
                verified = await ear.engine.verify(delivery)
        except Exception as error:  # noqa: BLE001 - the paint looks by itself, only later
            log_fault(logger, "a webhook's delivery could not be verified", error, {})
            return
        content = hashlib.sha256(delivery.body).digest()
        if verified and content not in ear.heard:
            ear.heard.add(content)
            ear.tell()

    def _token_of(self, job_id: str) -> str:
        seal = hmac.digest(self._secret(), b"limner webhook " + job_id.encode(), "sha256")
        return base64.urlsafe_b64encode(seal).rstrip(b"=").decode()
