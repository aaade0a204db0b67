"""A 600 kB PNG through nginx: sent by nginx, against passed on from Limner, in the same run."""

from __future__ import annotations

import contextlib
import os
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
from load import press
from processes import Server, free_port, limner, need, process, wait_for
from report import Row
from serving import RUNS, finished

SETTINGS = 'accel_redirect = "/protected/"\n'
NGINX = """
worker_processes 1; daemon off; {user} error_log stderr crit; pid {root}/nginx.pid;
events {{ worker_connections 256; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; upstream limner {{ server 127.0.0.1:{behind}; keepalive 64; }}
  proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host;
  client_body_temp_path {root}/a; proxy_temp_path {root}/b; fastcgi_temp_path {root}/c; uwsgi_temp_path {root}/d; scgi_temp_path {root}/e;
  server {{ listen 127.0.0.1:{passes_on}; location / {{ proxy_pass http://limner; }} }}
  server {{
    listen 127.0.0.1:{sends};
    location / {{
      proxy_pass http://limner; proxy_set_header X-Sendfile-Type X-Accel-Redirect;
      proxy_set_header Connection ""; proxy_set_header Host $http_host;
    }}
    location /protected/ {{ internal; alias /; }}
  }}
}}
"""


@contextlib.contextmanager
def fronts(server: Server) -> Iterator[tuple[str, str]]:
    """The addresses of one nginx that sends, and that only passes on."""
    with tempfile.TemporaryDirectory() as folder:
        root, sends, passes_on = Path(folder), free_port(), free_port()
        # Pictures are read by their owner only, and nginx started as root would be somebody else.
        user = "user root;" if os.geteuid() == 0 else ""
        facts = {"root": root, "user": user, "behind": server.port, "sends": sends, "passes_on": passes_on}
        (root / "nginx.conf").write_text(NGINX.format(**facts))
        with process([need("nginx", "nginx-light"), "-c", str(root / "nginx.conf")]):
            wait_for(f"http://127.0.0.1:{sends}/health")
            yield f"http://127.0.0.1:{sends}", f"http://127.0.0.1:{passes_on}"


def rate(url: str, server: Server) -> float:
    load = press(url, headers=server.headers, seconds=3)
    if load.failures:
        raise SystemExit(f"{url}: not every answer was 2xx")
    return load.rate


def rows() -> list[Row]:
    with limner(SETTINGS) as server, fronts(server) as (sends, passes_on):
        path = finished(server)["url"]
        contents = [
            httpx.get(front + path, headers=server.headers).raise_for_status().content for front in (sends, passes_on)
        ]
        if contents[0] != contents[1]:
            raise SystemExit("nginx does not send the picture that Limner does")
        pairs = [(rate(sends + path, server), rate(passes_on + path, server)) for _ in range(RUNS)]
        ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
        size = len(contents[0]) // 1000
        return [Row(f"a {size} kB PNG sent by nginx, requests/s", ours, theirs, ours / theirs, floor=1.0, aim=1.5)]
