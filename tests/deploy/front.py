"""nginx with the file that is deployed: only names, ports and folders are others."""

import contextlib
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

from tests.faults.installation import free_port
from tests.processes import running

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "nginx.conf"
NOBODY = "127.0.0.1:1"
TEMPORARY = " ".join(f"{name}_temp_path {{folder}};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
AROUND = f"pid {{folder}}/pid; {{user}} daemon off; error_log {{folder}}/log; events {{{{ }}}} http {{{{ access_log off; {TEMPORARY} {{ours}} }}}}"


def _ours(folder, port, servers, store, images):
    changes = {
        "server server:8000 resolve;": " ".join(f"server 127.0.0.1:{server};" for server in servers),
        "access_log /var/log/nginx/access.log limner;": f"access_log {folder}/access.log limner;",
        "listen 8080;": f"listen 127.0.0.1:{port};",
        "server s3:8333 resolve;": f"server {store};",
        "Host s3:8333;": f"Host {store};",
        "alias /var/lib/limner/images/": f"alias {images}/",
        "location /protected/var/lib/limner/images/": f"location /protected{images}/",
    }
    text = CONFIGURATION.read_text()
    for there, here in changes.items():
        assert there in text
        text = text.replace(there, here)
    return re.sub(r"#.*", "", text)


@contextlib.contextmanager
def nginx(folder, servers, *, store=NOBODY, images="/nowhere"):
    """Its address. `store`: host and port of an S3 server; `images`: the folder of a storage."""
    program = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if program is None:
        pytest.skip("needs nginx")
    folder.mkdir()
    port = free_port()
    # Files of a storage are read by their owner only: nginx's workers must be the one who runs the tests.
    user = "user root;" if folder.stat().st_uid == 0 else ""
    written = folder / "nginx.conf"
    written.write_text(AROUND.format(folder=folder, user=user, ours=_ours(folder, port, servers, store, images)))
    command = [program, "-c", written, "-p", folder, "-e", folder / "log"]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    with running(command):
        wait_until_it_listens(port)
        yield f"http://127.0.0.1:{port}"


def wait_until_it_listens(port, seconds=20):
    """Not a request: the server behind may run in this very thread."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise TimeoutError(port)
