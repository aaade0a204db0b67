"""Nudges through a broker that Celery speaks to. They name a queue, never a job: lost, doubled or forged ones are harmless."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from celery import Celery
from kombu.connection import Connection

from limner.dispatchers.inprocess import InProcessDispatcher

logger = logging.getLogger("limner.dispatcher")

LOOK = "limner.look"
"""The task's name: it says to a worker, look whether something can be claimed."""
SCHEME = "celery+"
EXPIRES = 60.0
"""Seconds after which a nudge says nothing any more: workers have looked by themselves."""
COALESCED = 0.05
"""Seconds between two nudges of a queue at least."""
ENOUGH = 100
"""Nudges that wait in a queue at most: where nobody takes them, one more says nothing, and Redis would keep it for ever."""
PATIENCE = 5.0
"""Seconds for which a broker may be silent."""
UP = 60.0
"""Seconds in which a child of Celery's has opened its connections."""
PAUSE = 1.0
"""Seconds until the next try after a fault."""
LEAVE = 1.0
"""Seconds for which a close waits for the thread at most, which may hang at the broker."""


def celery_app(url: str, default_queue: str) -> Celery:
    """An application that keeps no results and holds no message while work is done."""
    app = Celery("limner", broker=url.removeprefix(SCHEME), set_as_current=False)
    app.conf.update(
        task_default_queue=default_queue,
        task_ignore_result=True,
        task_store_errors_even_if_ignored=False,
        task_acks_late=False,
        task_serializer="json",
        accept_content=["json"],
        task_default_delivery_mode="transient",
        task_publish_retry=False,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_proc_alive_timeout=UP,
        worker_cancel_long_running_tasks_on_connection_loss=True,  # cancels none of ours; else each loss warns of it
        broker_connection_timeout=PATIENCE,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_heartbeat=10,
        broker_transport_options=_transport_options(url),
    )
    return app


def _transport_options(url: str) -> dict[str, Any]:
    if url.startswith(f"{SCHEME}redis"):
        return {
            "socket_connect_timeout": PATIENCE,
            "socket_timeout": PATIENCE,
            "socket_keepalive": True,
            "health_check_interval": 10,
        }
    return {"connect_timeout": PATIENCE, "read_timeout": PATIENCE, "write_timeout": PATIENCE}


class CeleryDispatcher(InProcessDispatcher):
    """`queues` tells for each engine whose queue it is in. A thread publishes, one message a queue however many nudges
    there were; while the broker is away it tries on, and nobody waits for it. Raises nothing.
    """

    def __init__(self, url: str, queues: Mapping[str, str], default_queue: str) -> None:
        super().__init__()
        self._app = celery_app(url, default_queue)
        self._passwords = _passwords(url)
        self._queues = dict(queues)
        self._due: set[str] = set()
        self._publisher: _Publisher | None = None

    async def open(self) -> None:
        await super().open()
        self._publisher = _Publisher(self._app, self._due, self._passwords)
        self._publisher.start()

    async def close(self) -> None:
        """What is due is sent if the broker answers at once, else not: workers look by themselves."""
        await super().close()
        publisher, self._publisher = self._publisher, None
        if publisher is not None:
            publisher.leave()
            await asyncio.to_thread(publisher.join, LEAVE)

    async def fault(self) -> str:
        return await asyncio.to_thread(self._fault)

    def _fault(self) -> str:
        try:
            with _connected(self._app):
                return ""
        except Exception as error:  # noqa: BLE001 - each broker's client has errors of its own
            return _sentence(error, self._passwords)

    def nudge(self, engine: str) -> None:
        self.wake()
        if (queue := self._queues.get(engine)) is not None:
            self._due.add(queue)
            if (publisher := self._publisher) is not None:
                publisher.look()


class _Publisher(threading.Thread):
    """Sends what is `due`. One that hangs at its broker when it is told to leave does so later, and takes nothing along."""

    def __init__(self, app: Celery, due: set[str], passwords: frozenset[str]) -> None:
        super().__init__(name="limner-dispatcher", daemon=True)
        self._app = app
        self._due = due
        self._passwords = passwords
        self._wanted = threading.Event()
        self._wanted.set()
        self._closed = threading.Event()
        self._away = False

    def look(self) -> None:
        self._wanted.set()

    def leave(self) -> None:
        self._closed.set()
        self._wanted.set()

    def run(self) -> None:
        while not self._closed.is_set():
            try:
                with _connected(self._app) as connection:
                    self._publish_through(connection)
            except Exception as error:  # noqa: BLE001 - the thread outlives every fault of the broker
                self._note_away(error)
                self._closed.wait(PAUSE)

    def _publish_through(self, connection: Connection) -> None:
        with self._app.amqp.Producer(connection) as producer:
            while True:
                self._wanted.wait()
                self._wanted.clear()
                leaves = self._closed.is_set()
                for queue in tuple(self._due):
                    self._due.discard(queue)
                    self._send(producer, queue)
                if leaves:
                    return
                self._closed.wait(COALESCED)

    def _send(self, producer: Any, queue: str) -> None:
        """What fails is due again."""
        try:
            if self._waiting(producer, queue) < ENOUGH:
                self._app.send_task(
                    LOOK, args=[queue], queue=queue, expires=EXPIRES, producer=producer, ignore_result=True
                )
        except BaseException:
            self._due.add(queue)
            self._wanted.set()
            raise
        self._note_answer()

    def _waiting(self, producer: Any, queue: str) -> int:
        """How many nudges nobody has taken yet."""
        declared = self._app.amqp.queues[queue].bind(producer.channel).queue_declare()
        return int(declared.message_count)

    def _note_away(self, error: Exception) -> None:
        """Once an outage; a connection that can be made says little, a message that was taken says more."""
        if not self._away and not self._closed.is_set():
            sentence = f"nudges cannot be sent ({_sentence(error, self._passwords)}); workers look every few seconds"
            logger.warning(sentence, extra={"fault": type(error).__name__})
        self._away = True

    def _note_answer(self) -> None:
        if self._away:
            logger.info("the broker takes nudges again")
        self._away = False


@contextlib.contextmanager
def _connected(app: Celery) -> Iterator[Connection]:
    with app.connection_for_write() as connection:
        connection.ensure_connection(max_retries=1, timeout=PATIENCE)
        yield connection


def _passwords(url: str) -> frozenset[str]:
    """Of every broker that the URL names: as they are written there, and as the clients use them."""
    written = filter(None, (urlsplit(broker).password for broker in url.split(";")))
    return frozenset(form for password in written for form in (password, unquote(password)))


def _sentence(error: Exception, passwords: frozenset[str]) -> str:
    """One line, without what gives access to the broker."""
    words = " ".join(str(error).split())
    for password in sorted(passwords, key=len, reverse=True):  # one may begin with another
        words = words.replace(password, "…")
    return f"{type(error).__name__}: {words}"
