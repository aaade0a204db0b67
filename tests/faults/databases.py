"""Where a campaign keeps its rows: in a file of the installation's, or on a Postgres server that it has for itself."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from tests.repositories.postgres_server import Postgres


@contextlib.contextmanager
def a_server() -> Iterator[Postgres]:
    server = Postgres()
    try:
        yield server
    finally:
        server.close()


@contextlib.contextmanager
def a_database(postgres: bool) -> Iterator[str]:
    """A URL, or nothing for the file."""
    if not postgres:
        yield ""
        return
    with a_server() as server:
        yield server.new_database()
