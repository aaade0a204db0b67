"""A 600 kB PNG, its 304 and a thumbnail, against the same bytes from nginx in the same run."""

from __future__ import annotations

import contextlib
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
from load import press
from processes import Server, application, free_port, limner, need, process, wait_for
from report import Row

RUNS = 3

NGINX = """
worker_processes 1; daemon off; error_log stderr crit; pid {root}/nginx.pid;
events {{ worker_connections 256; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; default_type image/png;
  client_body_temp_path {root}/a; proxy_temp_path {root}/b; fastcgi_temp_path {root}/c; uwsgi_temp_path {root}/d; scgi_temp_path {root}/e;
  server {{ listen 127.0.0.1:{port}; root {root}/files; }}
}}
"""


@contextlib.contextmanager
def nginx(files: dict[str, bytes]) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        root, port = Path(folder), free_port()
        root.chmod(0o755)
        (root / "files").mkdir()
        for name, data in files.items():
            (root / "files" / name).write_bytes(data)
        (root / "nginx.conf").write_text(NGINX.format(root=root, port=port))
        with process([need("nginx", "nginx-light"), "-c", str(root / "nginx.conf")]):
            url = f"http://127.0.0.1:{port}"
            wait_for(f"{url}/{next(iter(files))}")
            yield url


def finished(server: Server) -> dict[str, str]:
    body = {"prompt": "a red fox in snow", "width": 704, "height": 704, "seed": 7}
    headers = {**server.headers, "prefer": "wait=30"}
    job = httpx.post(f"{server.url}/images", json=body, headers=headers, timeout=60).raise_for_status().json()
    return dict(job["images"][0])


def compare(name: str, own: str, base: str, headers: dict[str, str], base_headers: dict[str, str]) -> Row:
    pairs = [
        (press(own, headers=headers, seconds=3), press(base, headers=base_headers, seconds=3)) for _ in range(RUNS)
    ]
    ours = statistics.median(pair[0].rate for pair in pairs)
    theirs = statistics.median(pair[1].rate for pair in pairs)
    if any(pair[0].failures for pair in pairs):
        raise SystemExit(f"{name}: not every answer was 2xx or 3xx")
    return Row(name, ours, theirs, ours / theirs, floor=0.25, aim=0.5)


def known(etag: str) -> dict[str, str]:
    return {"if-none-match": etag.replace('"', '\\"')}


def rows() -> list[Row]:
    with limner() as server:
        image = finished(server)
        content = server.url + image["url"]
        thumbnail = f"{server.url}/images/{image['id']}/thumbnail/256"
        whole, small = (httpx.get(url, headers=server.headers) for url in (content, thumbnail))
        with nginx({"whole.png": whole.content, "small.webp": small.content}) as base:
            theirs = known(httpx.get(f"{base}/whole.png").headers["etag"])
            ours = {**server.headers, **known(whole.headers["etag"])}
            size, small_size = len(whole.content) // 1000, len(small.content) // 1000
            with application("bare:app") as bare:
                ceiling = [
                    compare("no Limner: a bare coroutine's 304", bare, f"{base}/whole.png", known('"x"'), theirs),
                    compare("no Limner: 6 kB from a bare coroutine", bare, f"{base}/small.webp", {}, {}),
                ]
            return [
                *ceiling,
                compare(f"a {size} kB PNG, requests/s", content, f"{base}/whole.png", server.headers, {}),
                compare("its 304, requests/s", content, f"{base}/whole.png", ours, theirs),
                compare(
                    f"a {small_size} kB thumbnail, requests/s", thumbnail, f"{base}/small.webp", server.headers, {}
                ),
            ]
