"""A storage in one SQLite file: each write is a transaction of its own, durable when it returns."""

import asyncio
import re
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime

from limner.contracts.storage import StoredObject
from limner.domain.errors import NotFound

KEY = re.compile(r"(?=.{1,200}\Z)[a-z0-9_-][a-z0-9._-]*(/[a-z0-9_-][a-z0-9._-]*)*")
TABLE = "CREATE TABLE IF NOT EXISTS attic (key TEXT PRIMARY KEY, data BLOB, modified_at REAL)"
WRITE = "INSERT OR REPLACE INTO attic VALUES (?, ?, ?)"
LIST = "SELECT key, length(data), modified_at FROM attic WHERE ?1 = '' OR key = ?1 OR key GLOB ?1 || '/*'"


class AtticStorage:
    """`attic:///absolute/path.db`"""

    plugin_api = 1

    def __init__(self, url):
        self.path = url.removeprefix("attic://")

    async def open(self):
        await self._run(TABLE)

    async def close(self):
        pass

    async def write(self, key, data):
        await self._run(WRITE, checked(key), data, time.time())

    async def read(self, key):
        rows = await self._run("SELECT data FROM attic WHERE key = ?", checked(key))
        if not rows:
            raise NotFound
        return rows[0][0]

    async def delete(self, key):
        await self._run("DELETE FROM attic WHERE key = ?", checked(key))

    async def list(self, prefix=""):
        for key, size, modified_at in await self._run(LIST, prefix):
            yield StoredObject(key=key, size=size, modified_at=datetime.fromtimestamp(modified_at, UTC))

    async def _run(self, statement, *values):
        return await asyncio.to_thread(self._run_now, statement, values)

    def _run_now(self, statement, values):
        with closing(sqlite3.connect(self.path, timeout=60)) as connection, connection:
            connection.execute("PRAGMA synchronous = FULL")
            return connection.execute(statement, values).fetchall()


def checked(key):
    if not KEY.fullmatch(key):
        raise ValueError(f"{key!r} is no key.")
    return key
