"""The fleet of the compose file as plain processes: Postgres, Redis, an S3 server, two servers, two workers, nginx."""

import re
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.faults.installation import free_port, installation, kill
from tests.faults.oracle import check_everything
from tests.processes import running

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "nginx.conf"
SETTINGS = """
dispatcher = "celery+{redis}"
storage = "{storage}"
secret = "0123456789abcdef0123456789abcdef"
trusted_proxies = ["127.0.0.1"]

[engines.painter]

[engines.slow]
kind = "ledger"
ledger = "{home}/slow.jsonl"
paint_seconds = 2.0
on_ambiguous = "retry"
"""
AROUND = "pid {folder}/pid; error_log stderr; events {{}} http {{ access_log off; client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder}; {ours} }}"


@contextmanager
def nginx(folder, port, servers):
    """With the file that is deployed: only names and ports are others."""
    program = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if program is None:
        pytest.skip("needs nginx")
    upstream = " ".join(f"server 127.0.0.1:{server};" for server in servers)
    ours = (
        CONFIGURATION.read_text()
        .replace("server server:8000;", upstream)
        .replace("listen 8080", f"listen 127.0.0.1:{port}")
    )
    folder.mkdir()
    written = folder / "nginx.conf"
    written.write_text(AROUND.format(folder=folder, ours=re.sub(r"#.*", "", ours)))
    command = [
        program,
        "-c",
        written,
        "-p",
        folder,
        "-g",
        "daemon off; user root;" if Path("/root").exists() else "daemon off;",
    ]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with running(command, **quiet), httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        yield client


@pytest.fixture
def fleet(tmp_path, postgres_url, redis_server, bucket_url):
    facts = {"redis": redis_server.url, "storage": bucket_url, "home": tmp_path}
    with installation(tmp_path / "home", SETTINGS.format(**facts), postgres_url) as place:
        other, front = free_port(), free_port()
        servers = [place.start("serve"), place.start("serve", port=other)]
        workers = [place.start("work"), place.start("work")]
        place.wait_ready()
        with nginx(tmp_path / "nginx", front, [place.port, other]) as client:
            client.headers.update(place.headers)
            yield place, servers, workers, client


def submit(client, **body):
    return client.post("/images", json={"prompt": "a red fox in snow", **body}).raise_for_status().json()


def test_a_picture_is_painted_and_watched_through_the_front(fleet):
    _, _, _, client = fleet
    job = submit(client)
    events = []
    with client.stream("GET", job["urls"]["events"]) as stream:
        events += [line.removeprefix("event: ") for line in stream.iter_lines() if line.startswith("event: ")]
    assert events[0] == "job"
    done = client.get(job["urls"]["self"]).json()
    assert done["state"] == "succeeded"
    assert client.get(done["images"][0]["url"]).raise_for_status().headers["content-type"] == "image/png"
    assert client.get("/metrics").status_code == 403


def test_a_server_and_a_worker_may_die_meanwhile(fleet):
    place, servers, workers, client = fleet
    jobs = [submit(client, model=("painter", "slow")[number % 2])["id"] for number in range(10)]
    kill(workers[0])
    kill(servers[1])
    jobs += [submit(client)["id"] for _ in range(10)]
    check_everything(place, jobs, seconds=90, ledgers=[place.home.parent / "slow.jsonl"])
    assert len(client.get("/jobs").json()["items"]) == 20
