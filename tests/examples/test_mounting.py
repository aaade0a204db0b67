"""Ways to mount Limner, the wrong ones too."""

from contextlib import asynccontextmanager

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient

from limner import Limner
from limner.testing.instant import InstantEngine


def current_user():
    return "ann"


@pytest.fixture
def limner(tmp_path):
    return Limner(home=tmp_path / "home", engines={"instant": InstantEngine()})


def paint(client, prefix):
    answer = client.post(f"{prefix}/images", json={"prompt": "a fox"}, headers={"Prefer": "wait=10"})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_test_client_without_with_is_told_what_is_missing(limner):
    app = FastAPI()
    app.include_router(limner.router(current_user=current_user), prefix="/art")
    answer = TestClient(app).post("/art/images", json={"prompt": "a fox"})
    assert (answer.status_code, answer.json()["code"]) == (503, "not_started")
    assert "with TestClient(app)" in answer.json()["detail"]
    assert answer.headers["Retry-After"]


def test_the_hosts_lifespan_runs_as_it_did(limner):
    @asynccontextmanager
    async def lifespan(app):
        yield {"motto": "ours"}

    app = FastAPI(lifespan=lifespan)
    app.include_router(limner.router(current_user=current_user), prefix="/art")
    with TestClient(app) as client:
        assert client.app_state["motto"] == "ours"
        paint(client, "/art")


def test_nested_routers_give_addresses_that_hold(limner):
    inner, outer, app = APIRouter(), APIRouter(), FastAPI()
    inner.include_router(limner.router(current_user=current_user), prefix="/art")
    outer.include_router(inner, prefix="/v1")
    app.include_router(outer, prefix="/api")
    with TestClient(app) as client:
        job = paint(client, "/api/v1/art")
        assert client.get(job["urls"]["self"]).json()["id"] == job["id"]
        assert client.get(job["images"][0]["signed_url"]).headers["content-type"] == "image/png"


def test_a_mounted_app_needs_the_lifespan_in_the_outer_one(limner):
    inner = FastAPI()
    inner.include_router(limner.router(current_user=current_user), prefix="/art")
    outer = FastAPI()
    outer.mount("/inner", inner)
    with TestClient(outer) as client:
        assert client.get("/inner/art/jobs").json()["code"] == "not_started"

    outer = FastAPI(lifespan=limner.lifespan)
    outer.mount("/inner", inner)
    with TestClient(outer) as client:
        job = paint(client, "/inner/art")
        assert client.get(job["images"][0]["signed_url"]).status_code == 200


def test_the_lifespan_given_twice_starts_once(limner):
    app = FastAPI(lifespan=limner.lifespan)
    app.include_router(limner.router(current_user=current_user), prefix="/art")
    app.include_router(limner.router(current_user=current_user), prefix="/gallery")
    with TestClient(app) as client:
        paint(client, "/art")
        paint(client, "/gallery")
    assert not limner._assembly.started


def test_one_app_is_tested_many_times(limner):
    app = FastAPI()
    app.include_router(limner.router(current_user=current_user), prefix="/art")
    for count in (1, 2):
        with TestClient(app) as client:
            paint(client, "/art")
            assert len(client.get("/art/jobs").json()["items"]) == count


def test_two_installations_live_in_one_app(limner, tmp_path):
    other = Limner(home=tmp_path / "other", engines={"instant": InstantEngine()})
    app = FastAPI()
    app.include_router(limner.router(current_user=current_user), prefix="/one")
    app.include_router(other.router(current_user=current_user), prefix="/two")
    with TestClient(app) as client:
        job = paint(client, "/one")
        assert client.get(f"/two/jobs/{job['id']}").status_code == 404


def test_the_document_of_two_installations_shows_the_first(limner, tmp_path):
    other = Limner(home=tmp_path / "other", engines={"instant": InstantEngine()})
    app = FastAPI()
    app.include_router(limner.router(current_user=current_user), prefix="/one")
    app.include_router(other.router(current_user=current_user), prefix="/two", include_in_schema=False)
    assert {path.split("/")[1] for path in app.openapi()["paths"]} == {"one"}
