"""The bookshop of examples/existing_app, in processes of its own."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.processes import running

EXAMPLE = Path(__file__).parents[2] / "examples" / "existing_app"
ADA, BEN = ({"Authorization": f"Bearer {token}"} for token in ("ada", "ben"))


class Shop:
    """The example in a folder of its own, with an engine that paints at once."""

    def __init__(self, folder):
        shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__", "*.db"))
        self.folder = folder
        self.environment = {**os.environ, "LIMNER_ENGINES__INSTANT__KIND": "instant", "PYTHONPATH": str(folder)}
        self.run("-m", "alembic", "upgrade", "head")
        self.run("seed.py")

    def run(self, *arguments):
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        )

    @contextlib.contextmanager
    def serve(self, *arguments):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        command = [sys.executable, "-m", "uvicorn", "app:app", "--port", str(port), *arguments]
        where = {"cwd": self.folder, "env": self.environment}
        with (self.folder / "log").open("w") as log, running(command, **where, stdout=log, stderr=log) as process:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
                self.wait_until(lambda: client.get("/jobs", headers=ADA).status_code == 200)
                yield process, client
            process.terminate()
            process.wait(20)

    def wait_until(self, holds):
        end = time.monotonic() + 30
        while time.monotonic() < end:
            with contextlib.suppress(httpx.TransportError):
                if holds():
                    return
            time.sleep(0.05)
        raise TimeoutError((self.folder / "log").read_text()[-4000:])


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path / "shop")


def order(client):
    cover = client.post("/books/1/cover", headers=ADA)
    assert cover.status_code == 202, cover.text
    return client.get(f"/art/jobs/{cover.json()['cover']}", headers={**ADA, "Prefer": "wait=10"}).json()


def test_two_processes_paint_what_its_own_endpoint_orders_and_hear_of_it(shop):
    with shop.serve("--workers", "2") as (_, client):
        job = order(client)
        assert (job["state"], job["reference"], job["metadata"]) == ("succeeded", "book-1", {"book": 1})
        shop.wait_until(lambda: client.get("/jobs", headers=ADA).json() != [])
        assert client.get("/jobs", headers=ADA).json() == [{"id": 1, "book_id": 1, "state": "printing"}]


def test_its_users_see_their_own_pictures_only(shop):
    with shop.serve() as (_, client):
        job = order(client)
        assert client.get(job["urls"]["self"], headers=BEN).json()["code"] == "not_found"
        assert client.get("/art/jobs", headers=BEN).json()["items"] == []
        assert client.get("/art/jobs", headers={"Authorization": "Bearer x"}).json() == {
            "detail": "The bookshop does not know you."
        }


def test_an_img_tag_shows_the_picture_by_its_signed_address(shop):
    with shop.serve() as (_, client):
        (image,) = order(client)["images"]
        picture = client.get(image["signed_url"])
        assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")
        assert client.get(image["url"]).status_code in (401, 403)
        assert "<img" in client.get("/").text


def test_its_hook_refuses_what_the_shop_does_not_print(shop):
    with shop.serve() as (_, client):
        answer = client.post("/art/images", json={"prompt": "a dragon"}, headers=ADA)
        assert (answer.status_code, answer.json()["code"]) == (422, "refused_by_policy")
        assert answer.json()["detail"] == "This shop does not print dragons."


def test_both_have_a_job_in_one_openapi_document(shop):
    with shop.serve() as (_, client):
        schemas = client.get("/openapi.json").json()["components"]["schemas"]
        assert {"Job", "LimnerJob"} <= set(schemas)
        assert "book_id" in schemas["Job"]["properties"]


def test_its_migrations_leave_limners_tables_alone(shop):
    with shop.serve() as (_, client):
        order(client)
    assert "No new upgrade operations detected" in shop.run("-m", "alembic", "check").stdout


def test_a_hundred_watchers_leave_its_pool_of_one_free(shop):
    with shop.serve() as (_, client), ThreadPoolExecutor(100) as threads:
        watching = threading.Barrier(101)
        watches = [threads.submit(_watch, f"{client.base_url}/art/events", watching) for _ in range(100)]
        watching.wait(60)
        assert client.get("/jobs", headers=ADA).status_code == 200
        assert order(client)["state"] == "succeeded"
        assert all(b"succeeded" in watch.result(30) for watch in watches)


def _watch(address, watching):
    """What a watcher is sent until it has seen the end of a job."""
    seen = b""
    with httpx.stream("GET", address, headers=ADA, timeout=60) as stream:
        chunks = stream.iter_raw()
        seen += next(chunks)
        watching.wait(60)
        while b'"succeeded"' not in seen:
            seen += next(chunks)
    return seen


@pytest.mark.parametrize("arguments", [(), ("--workers", "2")])
def test_sigterm_ends_it_although_streams_are_open(shop, arguments):
    with shop.serve(*arguments) as (process, client), client.stream("GET", "/art/events", headers=ADA) as stream:
        assert next(stream.iter_raw()).startswith(b"retry:")
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) is not None


def test_a_reload_takes_the_new_code_and_loses_nothing(shop):
    with shop.serve("--reload") as (_, client):
        before = order(client)
        source = (shop.folder / "app.py").read_text()
        (shop.folder / "app.py").write_text(source.replace('title="Bookshop"', 'title="New bookshop"'))
        shop.wait_until(lambda: client.get("/openapi.json").json()["info"]["title"] == "New bookshop")
        assert client.get(before["urls"]["self"], headers=ADA).json()["state"] == "succeeded"
        assert order(client)["state"] == "succeeded"
