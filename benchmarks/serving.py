"""A 600 kB PNG, its 304 and a thumbnail, against the same bytes from nginx in the same run."""

from __future__ import annotations

import contextlib
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
from load import press
from processes import application, free_port, need, process, wait_for
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


def finished(url: str) -> dict[str, str]:
    body = {"prompt": "x", "width": 512, "height": 512}
    job = httpx.post(f"{url}/images", json=body, headers={"prefer": "wait=30"}, timeout=60).raise_for_status().json()
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


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as home:
        environment = {"BENCH_HOME": home, "BENCH_SECONDS": "0.01", "BENCH_TICKS": "1"}
        with application("served:app", environment) as url:
            image = finished(url)
            content = url + image["url"]
            thumbnail = f"{url}/images/{image['id']}/thumbnail/256"
            whole, small = httpx.get(content), httpx.get(thumbnail)
            with nginx({"whole.png": whole.content, "small.webp": small.content}) as base:
                etag = httpx.get(f"{base}/whole.png").headers["etag"].replace('"', '\\"')
                own_etag = whole.headers["etag"].replace('"', '\\"')
                return [
                    compare(f"a {len(whole.content) // 1000} kB PNG, requests/s", content, f"{base}/whole.png", {}, {}),
                    compare(
                        "its 304", content, f"{base}/whole.png", {"if-none-match": own_etag}, {"if-none-match": etag}
                    ),
                    compare(f"a {len(small.content) // 1000} kB thumbnail", thumbnail, f"{base}/small.webp", {}, {}),
                ]
