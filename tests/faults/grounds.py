"""What a campaign stands on: one machine's file, a Postgres server, or all that a fleet's URLs name; of its own, to be struck."""

from __future__ import annotations

import argparse
import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tests.faults.installation import Installation, installation
from tests.fleet.brokers import RABBIT, Rabbit, Redis, rabbit_answers
from tests.repositories.postgres_server import Postgres, prepared
from tests.storages.buckets import CREDENTIALS, Buckets

KINDS = ("sqlite", "postgres", "redis", "rabbitmq")
"""The last two are fleets: Celery's workers over that broker, Postgres and S3."""
FLEETS = KINDS[2:]


class NotHere(Exception):
    """This machine lacks the ground's servers."""


@dataclass(frozen=True, kw_only=True)
class Ground:
    """URLs, empty where a single machine has none, and the servers behind them."""

    database: str = ""
    dispatcher: str = ""
    storage: str = ""
    postgres: Any = None
    store: Any = None

    @property
    def is_fleet(self) -> bool:
        return bool(self.dispatcher)

    def installation(self, home: Path, settings: str) -> contextlib.AbstractContextManager[Installation]:
        named = {"dispatcher": self.dispatcher, "storage": self.storage}
        urls = "".join(f'{name} = "{url}"\n' for name, url in named.items() if url)
        return installation(home, urls + settings, self.database)


@contextlib.contextmanager
def a_ground(kind: str, *, bucket: bool = False) -> Iterator[Ground]:
    """`bucket`: pictures are in one even where it is no fleet. Raises NotHere."""
    with contextlib.ExitStack() as stack:
        dispatcher = stack.enter_context(a_dispatcher(kind))
        postgres = None if kind == "sqlite" else stack.enter_context(contextlib.closing(Postgres(data=prepared())))
        store = stack.enter_context(a_store()) if bucket or dispatcher else None
        yield Ground(
            database=postgres.new_database() if postgres else "",
            dispatcher=dispatcher,
            storage=store.url() if store else "",
            postgres=postgres,
            store=store,
        )


@contextlib.contextmanager
def a_dispatcher(kind: str) -> Iterator[str]:
    """A node of our own, or else the one that runs: a nudge that another campaign takes from us is harmless."""
    if kind not in FLEETS:
        yield ""
    elif kind == "redis" or Rabbit.is_installed():
        with contextlib.closing(Redis() if kind == "redis" else Rabbit()) as server:
            yield f"celery+{server.url}"
    elif rabbit_answers():
        yield f"celery+{RABBIT}"
    else:
        raise NotHere("RabbitMQ is not installed, and none answers at 127.0.0.1:5672")


@contextlib.contextmanager
def a_store() -> Iterator[Buckets]:
    with tempfile.TemporaryDirectory(prefix="limner-s3-") as folder, patch.dict(os.environ, CREDENTIALS):
        store = Buckets(Path(folder) / "s3")
        try:
            yield store
        finally:
            store.kill()


def add_ground(parser: argparse.ArgumentParser, *kinds: str) -> None:
    parser.add_argument("--on", choices=kinds or KINDS, default=(kinds or KINDS)[0], help="what it stands on")
