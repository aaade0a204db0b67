"""The fleet of the compose file as plain processes: Postgres, Redis, an S3 server, two servers, two workers, nginx."""

import hashlib
from urllib.parse import urlsplit

import httpx
import pytest

from tests.deploy.front import nginx
from tests.faults.installation import free_port, installation, kill
from tests.faults.oracle import check_everything

SETTINGS = """
dispatcher = "celery+{redis}"
storage = "{storage}"
accel_redirect = "/protected/"
secret = "0123456789abcdef0123456789abcdef"
trusted_proxies = ["127.0.0.1"]

[engines.painter]

[engines.slow]
kind = "ledger"
ledger = "{home}/slow.jsonl"
paint_seconds = 2.0
on_ambiguous = "retry"
"""


@pytest.fixture
def fleet(tmp_path, postgres_url, redis_server, bucket_url):
    facts = {"redis": redis_server.url, "storage": bucket_url, "home": tmp_path}
    with installation(tmp_path / "home", SETTINGS.format(**facts), postgres_url) as place:
        other = free_port()
        servers = [place.start("serve"), place.start("serve", port=other)]
        workers = [place.start("work"), place.start("work")]
        place.wait_ready()
        with (
            nginx(tmp_path / "nginx", [place.port, other], store=store_of(bucket_url)) as url,
            httpx.Client(base_url=url, headers=place.headers, timeout=30) as client,
        ):
            yield place, servers, workers, client


def store_of(bucket_url):
    """Host and port."""
    return urlsplit(urlsplit(bucket_url).query.removeprefix("endpoint=")).netloc


def submit(client, **body):
    return client.post("/images", json={"prompt": "a red fox in snow", **body}).raise_for_status().json()


def test_a_picture_is_painted_and_watched_through_the_front(fleet):
    place, _, _, client = fleet
    job = submit(client)
    events = []
    with client.stream("GET", job["urls"]["events"]) as stream:
        events += [line.removeprefix("event: ") for line in stream.iter_lines() if line.startswith("event: ")]
    assert events[0] == "job"
    done = client.get(job["urls"]["self"]).json()
    assert done["state"] == "succeeded"
    (image,) = done["images"]
    seen = client.get(image["url"]).raise_for_status()
    assert (seen.headers["content-type"], hashlib.sha256(seen.content).hexdigest()) == ("image/png", image["sha256"])
    with place.client() as direct:
        told = direct.get(image["url"], headers={"x-sendfile-type": "X-Accel-Redirect"})
    assert told.headers["x-accel-redirect"].startswith("/protected/pictures/")
    assert client.get("/metrics").status_code == 403


def test_a_server_and_a_worker_may_die_meanwhile(fleet):
    place, servers, workers, client = fleet
    jobs = [submit(client, model=("painter", "slow")[number % 2])["id"] for number in range(10)]
    kill(workers[0])
    kill(servers[1])
    jobs += [submit(client)["id"] for _ in range(10)]
    check_everything(place, jobs, seconds=90, ledgers=[place.home.parent / "slow.jsonl"])
    assert len(client.get("/jobs").json()["items"]) == 20
