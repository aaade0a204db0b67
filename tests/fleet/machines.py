"""Servers and workers with a home of their own each, as on so many machines, and those who watch."""

import contextlib
import json
import threading
import time
from collections import defaultdict
from typing import ClassVar

import httpx

from tests.faults.installation import Installation

PATIENCE = 120.0


class Machines:
    """They share what the settings name, and nothing else."""

    def __init__(self, folder, settings, database):
        self._folder, self._database, self._settings = folder, database, settings
        self._started = []

    def server(self):
        machine = self._machine("serve")
        machine.wait_ready()
        return machine

    def worker(self):
        return self._machine("work")

    def stop(self):
        for machine in self._started:
            machine.stop()

    def _machine(self, command):
        home = self._folder / f"machine-{len(self._started)}"
        machine = Installation(home, self._settings, self._database)
        self._started.append(machine)
        machine.process = machine.start(command)
        return machine


class Watcher:
    """Follows a stream, and where it breaks off goes on at the next server with what it has seen. `told`: (event, id,
    data) in their order. One that is not told to leave goes on for as long as the process lives.
    """

    started: ClassVar[list] = []

    def __init__(self, path, servers, headers):
        self._path, self._servers, self._headers = path, servers, headers
        self.told, self.connections, self._last = [], 0, None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()
        self.started.append(self)

    @classmethod
    def all_leave(cls):
        while cls.started:
            cls.started.pop().leave()

    def of(self, kind):
        return [(number, data) for event, number, data in tuple(self.told) if event == kind]

    def wait_for(self, true, seconds=PATIENCE):
        end = time.monotonic() + seconds
        while not (found := true(self)):
            assert time.monotonic() < end, [(event, number) for event, number, _ in self.told][-20:]
            time.sleep(0.05)
        return found

    def leave(self):
        self._over.set()

    def _follow(self):
        with httpx.Client(timeout=20) as client:
            while not self._over.is_set():
                server = self._servers[self.connections % len(self._servers)]
                self.connections += 1
                last = {} if self._last is None else {"Last-Event-ID": self._last}
                with contextlib.suppress(httpx.HTTPError):
                    self._listen(client, server.url + self._path, self._headers | last)
                time.sleep(0.05)

    def _listen(self, client, url, headers):
        with client.stream("GET", url, headers=headers) as answer:
            if answer.status_code == 204:
                self._over.set()
            self._hear(answer.iter_lines())

    def _hear(self, lines):
        fields = defaultdict(str)
        for line in lines:
            if self._over.is_set():
                return
            name, _, value = line.partition(": ")
            fields[name] = value
            if not line and "data" in fields:
                self._last = fields.get("id", self._last)
                self.told.append((fields["event"], fields.get("id"), json.loads(fields["data"])))
                fields.clear()
