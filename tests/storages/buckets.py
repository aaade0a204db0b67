"""A real S3 server for tests: `rclone serve s3` over a folder, which can be killed and started again on its port."""

import contextlib
import os
import signal
import socket
import sys
import time
from pathlib import Path

from tests.processes import kill_group, start

RCLONE = Path(sys.executable).with_name("rclone")
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "limner-tests", "AWS_SECRET_ACCESS_KEY": "limner-tests-secret"}


class Buckets:
    """A server with one bucket, `pictures`, which is a folder below `root`."""

    def __init__(self, root):
        self.root, self.log = root, root.with_suffix(".log")
        (root / "pictures").mkdir(parents=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.start()

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    def url(self, prefix="limner", bucket="pictures"):
        return f"s3://{bucket}/{prefix}?endpoint={self.endpoint}"

    def start(self):
        """Again, where somebody's connection has the port for a moment."""
        end = time.monotonic() + 30
        self.process = self._launch()
        while not self._answers():
            assert time.monotonic() < end, self.log.read_text()[-2000:]
            time.sleep(0.02)
            if self.process.poll() is not None:
                self.process = self._launch()

    def _launch(self):
        key = ",".join(CREDENTIALS.values())
        command = [RCLONE, "serve", "s3", self.root, "--addr", f"127.0.0.1:{self.port}", "--auth-key", key, "-vv"]
        environment = {**os.environ, "RCLONE_CONFIG": os.devnull}
        with self.log.open("ab") as log:
            return start(command, env=environment, stdout=log, stderr=log)

    def kill(self):
        kill_group(self.process)

    def freeze(self):
        """The port stays open, and nothing answers."""
        self.process.send_signal(signal.SIGSTOP)

    def _answers(self):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False
