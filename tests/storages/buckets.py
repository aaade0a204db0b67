"""Object stores for tests: `rclone serve s3` over a folder, which can be killed and started again on its port, and Azure's
where somebody names one.
"""

import contextlib
import json
import os
import signal
import socket
import sys
import time
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.processes import kill_group, start

RCLONE = Path(sys.executable).with_name("rclone")
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "limner-tests", "AWS_SECRET_ACCESS_KEY": "limner-tests-secret"}
AZURE = os.environ.get("AZURE_FOR_TESTS")
"""A storage's URL. The container is there, and the credentials are in the environment."""
CONTAINER = ("container_url",) if AZURE else ()
"""The fixture of a place there, where there is one: tests that nobody can run are not made, and one of them says so."""


class Buckets:
    """A server with one bucket, `pictures`, which is a folder below `root`."""

    guard = ("--auth-key", ",".join(CREDENTIALS.values()))

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
        command = [RCLONE, "serve", "s3", self.root, "--addr", f"127.0.0.1:{self.port}", "-vv", *self.guard]
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


class GoogleBuckets(Buckets):
    """Google's XML interface has the requests of S3's, so the same server answers its client. It knows neither Google's
    credentials nor its signatures, and looks at none.
    """

    guard = ()

    def __init__(self, root):
        super().__init__(root)
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.account = root.with_suffix(".json")
        pem = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        who = {"type": "service_account", "client_email": "limner@tests.example", "private_key_id": "1"}
        self.account.write_text(json.dumps({**who, "private_key": pem}))

    def url(self, prefix="limner", bucket="pictures"):
        return f"gs://{bucket}/{prefix}?base_url={self.endpoint}"


def azure_url(prefix):
    """A place at the Azure that the environment names."""
    place, _, options = AZURE.partition("?")
    return f"{place.rstrip('/')}/{prefix}?{options}"
