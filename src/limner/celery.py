"""The Celery application that `celery -A limner.celery worker` finds, and `limner work` runs where a dispatcher is set.

In a pool of threads one studio paints for all of them. In a pool of processes each has its own, and paints one job at a
time. A task says only that there may be work: it lasts until nothing is left, so that what Celery shows as active is.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import sys
import threading
import traceback
from typing import Any, NoReturn

from celery import bootsteps, signals
from celery.bin.celery import celery as celery_command
from celery.worker.consumer import Consumer

from limner.dispatchers.celery import LOOK, celery_app
from limner.domain.errors import LimnerError, SettingsError
from limner.observers import logs
from limner.settings import DEFAULT_QUEUE, Settings
from limner.studio import Studio

POOLS = ("threads", "prefork")
BROKER_CLIENTS = ("kombu", "redis")

settings = Settings.load()
if not settings.dispatcher:
    raise SettingsError("There is no dispatcher: set LIMNER_DISPATCHER, such as celery+redis://127.0.0.1:6379/0.")
app = celery_app(settings.dispatcher, DEFAULT_QUEUE)


class _Process:
    """What this process of Celery's has; a child has its parent's queues."""

    queues: tuple[str, ...] = ()
    studio: Studio | None = None
    told, telling = multiprocessing.Pipe(duplex=False)
    """Its end says to a child that its parent stops; an event would make the parent wait for a child that was killed."""


class _Consumer(Consumer):
    """Celery's own ends the worker over what kombu says of a connection to Redis that was let go of: it has no such
    attribute. That is heard while messages are given back through it, or acknowledged, and nothing depends on either. An
    attribute that somebody else misses is a mistake, and ends the worker as before.
    """

    connection: Any

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.connection_errors += (AttributeError,)

    def on_connection_error_before_connected(self, exc: Exception) -> None:
        _raise_mistake(exc)
        super().on_connection_error_before_connected(exc)

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        _raise_mistake(exc)
        connection = self.connection
        try:
            super().on_connection_error_after_connected(exc)
        except AttributeError as fault:
            _raise_mistake(fault)
            self.connection = None
            with contextlib.suppress(AttributeError):
                connection.close()  # what tripped over its messages counts as closed now, and the rest goes, too


def _raise_mistake(error: Exception) -> None:
    """An attribute that is missed anywhere but in the broker's clients."""
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    if isinstance(error, AttributeError) and frame.f_globals["__name__"].partition(".")[0] not in BROKER_CLIENTS:
        raise error


class _Drain(bootsteps.StartStopStep):
    """However Celery is stopped, from afar, too: nothing more is claimed before it waits for what is active."""

    def close(self, parent: Any) -> None:
        del parent
        _drain()


def run_worker(*options: str) -> int:
    """What `celery -A limner.celery worker` does; its exit code."""
    code: int | None = celery_command.main(["--app", __name__, "worker", *options], standalone_mode=False)
    return code or 0


def look(queue: str) -> None:
    """There may be work in a queue."""
    del queue  # this process looks at all queues that it was told to
    if _Process.studio is not None:
        _Process.studio.look()


def _set_up_logging(**_: Any) -> None:
    logs.configure(settings.log_format, settings.log_level)


def _begin(instance: Any, **_: Any) -> None:
    """Before the first message, and though the broker be away."""
    _Process.queues = tuple(instance.app.amqp.queues.consume_from)
    try:
        settings.refuse_unknown_queues(_Process.queues)
    except SettingsError as error:
        _refuse(str(error))
    pool = instance.pool_cls.__module__.rpartition(".")[2]
    if pool == "thread":
        _open()
    elif pool != "prefork":
        _refuse(f"Limner paints in Celery's pools {' and '.join(POOLS)}; {pool} is another: use --pool threads.")


def _begin_in_child(**_: Any) -> None:
    _Process.telling.close()
    _open(slots=1)
    threading.Thread(target=_drain_with_parent, name="limner-parent", daemon=True).start()


def _drain(**_: Any) -> None:
    _Process.telling.close()
    if _Process.studio is not None:
        _Process.studio.drain()


def _end(**_: Any) -> None:
    studio, _Process.studio = _Process.studio, None
    if studio is not None:
        studio.close()


def _open(slots: int | None = None) -> None:
    try:
        studio = Studio(settings, _Process.queues, slots=slots)
        studio.open()
    except LimnerError as error:
        _refuse(str(error))
    _Process.studio = studio


def _refuse(sentence: str) -> NoReturn:
    """Celery swallows what a signal's receiver raises, and the words of an exit."""
    print(f"limner: {sentence}", file=sys.stderr, flush=True)  # noqa: T201 - this is a command's door
    sys.exit(1)


def _drain_with_parent() -> None:
    _Process.told.poll(None)
    if _Process.studio is not None:
        _Process.studio.drain()


app.task(look, name=LOOK, ignore_result=True)
app.conf.worker_consumer = _Consumer
app.steps["worker"].add(_Drain)
for signal, receiver in (
    (signals.setup_logging, _set_up_logging),
    (signals.celeryd_after_setup, _begin),
    (signals.worker_process_init, _begin_in_child),
    (signals.worker_shutting_down, _drain),
    (signals.worker_shutdown, _end),
    (signals.worker_process_shutdown, _end),
):
    signal.connect(receiver)
