"""In somebody else's application: its users, sessions, handlers and prefixes stay as they are, and so do we."""

import asyncio
import contextlib
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, Cookie, Depends, FastAPI, Header, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import OAuth2PasswordBearer
from fastapi.testclient import TestClient
from pydantic import BaseModel

from limner.web.router import build_router
from tests.web.house import TLS, Events, House, paint, serving, submit

OAUTH = OAuth2PasswordBearer("token", auto_error=False)


class OddError(Exception):
    """As a third party's: it quotes what it was given."""


class Pool:
    """A database that has one connection, and counts."""

    def __init__(self):
        self.free = asyncio.Semaphore(1)
        self.closed = 0

    async def session(self):
        async with asyncio.timeout(5), self.free:
            yield self
        self.closed += 1


class Host:
    def __init__(self, tmp_path):
        self.house = House(tmp_path)
        self.pool = Pool()

        async def current_user(
            session: Annotated[Pool, Depends(self.pool.session)],
            token: Annotated[str | None, Depends(OAUTH)],
            x_user: Annotated[str | None, Header()] = None,
        ):
            if x_user is None:
                raise HTTPException(401, "Who are you?", headers={"X-Host": "mine"})
            return {"id": x_user}

        self.current_user = current_user
        self.router = build_router(self.house.assembly, current_user=current_user)
        self.app = FastAPI()

    @contextlib.asynccontextmanager
    async def open(self, base=""):
        async with serving(self.app, self.house.assembly) as (_, url), client(url + base) as visitor:
            yield visitor


def client(url):
    limits = httpx.Limits(max_connections=None)
    return httpx.AsyncClient(base_url=url, headers={"X-User": "ann"}, verify=TLS, timeout=20, limits=limits)


@pytest.fixture
def host(tmp_path):
    return Host(tmp_path)


async def test_a_hundred_watchers_leave_a_pool_of_one_free(host):
    host.app.include_router(host.router, prefix="/art")
    async with host.open("/art") as ann:
        job = await submit(ann, model="gated")
        async with contextlib.AsyncExitStack() as streams:
            for _ in range(100):
                url = f"/jobs/{job['id']}/events"
                response = await streams.enter_async_context(ann.stream("GET", url))
                assert (await Events(response).next())[0] == "job"
            assert not host.pool.free.locked()
            assert (await ann.get("/jobs")).status_code == 200


async def test_what_the_including_router_depends_on_is_not_held_by_streams_either(host):
    host.app.include_router(host.router, dependencies=[Depends(host.pool.session)])
    async with host.open() as ann:
        job = await submit(ann, model="gated")
        async with ann.stream("GET", f"/jobs/{job['id']}/events") as first:
            assert (await Events(first).next())[0] == "job"
            async with ann.stream("GET", "/events") as second:
                assert (await Events(second).next())[0] == "job"
                assert not host.pool.free.locked()


async def test_a_hundred_long_polls_leave_a_pool_of_one_free(host):
    host.app.include_router(host.router, prefix="/art")
    async with host.open("/art") as ann:
        job = await submit(ann, model="gated")
        url, headers = f"/jobs/{job['id']}", {"Prefer": "wait=20"}
        polls = [asyncio.create_task(ann.get(url, headers=headers)) for _ in range(100)]
        while host.pool.closed < 101:
            await asyncio.sleep(0.01)
        assert (await ann.get("/jobs")).status_code == 200
        assert not any(poll.done() for poll in polls)
        host.house.gated.gate.set()
        assert {answer.json()["state"] for answer in await asyncio.gather(*polls)} == {"succeeded"}


async def test_the_hosts_session_is_closed_when_its_user_is_refused(host):
    host.app.include_router(host.router)
    async with host.open() as ann:
        for _ in range(3):
            answer = await ann.get("/jobs", headers={"X-User": ""})
            assert answer.status_code == 401
            assert answer.json()["code"] == "unauthenticated"
    assert not host.pool.free.locked()


async def set_cookie(request, call_next):
    """The host's middleware, which gives everybody a session."""
    response = await call_next(request)
    response.set_cookie("session", request.headers["x-user"])
    return response


@pytest.mark.parametrize("path", ["/events", "/jobs", "/jobs/x", "/models"])
async def test_a_cookie_that_the_host_sets_reaches_its_own_user_only(host, path):
    host.app.middleware("http")(set_cookie)
    host.app.include_router(host.router)
    async with host.open() as visitor:
        for user in ("ann", "ben"):
            async with visitor.stream("GET", path, headers={"X-User": user}) as answer:
                assert answer.headers.get_list("set-cookie") == [f"session={user}; Path=/; SameSite=lax"]


async def test_the_hosts_own_refusal_passes_untouched(host):
    host.app.include_router(host.router)
    async with host.open() as ann:
        del ann.headers["X-User"]
        answer = await ann.get("/jobs")
        assert (answer.status_code, answer.headers["x-host"]) == (401, "mine")
        assert answer.json() == {"detail": "Who are you?"}


async def test_the_hosts_handlers_do_not_reach_our_errors(host):
    for kind in (Exception, RequestValidationError, HTTPException, 422, 404):
        host.app.add_exception_handler(kind, lambda request, error: JSONResponse({"host": "was here"}, 499))
    host.app.include_router(host.router)
    async with host.open() as ann:
        answers = [
            await ann.get("/jobs?limit=0"),
            await ann.get("/jobs/x"),
            await ann.post("/images", json={}),
            await ann.put("/images"),
        ]
        assert [answer.json()["code"] for answer in answers] == [
            "invalid_request",
            "not_found",
            "invalid_request",
            "method_not_allowed",
        ]
        assert answers[3].headers["allow"] == "GET, POST"


@pytest.mark.parametrize("headers", [{}, {"Prefer": "wait=20"}], ids=["at once", "late"])
async def test_what_breaks_is_told_and_logged_without_its_words(host, caplog, monkeypatch, headers):
    def fail(job, addresses):
        raise OddError(job.request.prompt)

    monkeypatch.setattr("limner.web.telling.job_document", fail)
    host.app.include_router(host.router)
    async with host.open() as ann:
        answer = await ann.post("/images", json={"prompt": "my secret fox"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert not any(word in answer.text for word in ("OddError", "secret"))
    assert "OddError" in caplog.text
    assert "secret" not in caplog.text


async def test_dependencies_of_the_including_router_are_kept(host):
    def guard(request: Request):
        if "X-Guard" not in request.headers:
            raise HTTPException(403, "guarded")

    plain = build_router(host.house.assembly)
    host.app.include_router(plain, prefix="/keys", dependencies=[Depends(guard)])
    host.app.include_router(host.router, prefix="/users", dependencies=[Depends(guard)])
    async with host.open() as ann:
        for path in ("/users/images", "/keys/images"):
            headers = {"Authorization": f"Bearer {await host.house.key('ann')}"}
            answer = await ann.post(path, json={"prompt": "a fox"}, headers=headers)
            assert (answer.status_code, answer.json()) == (403, {"detail": "guarded"})
            answer = await ann.post(path, json={"prompt": "a fox"}, headers={**headers, "X-Guard": "yes"})
            assert answer.status_code == 202


async def test_dependencies_of_the_including_router_may_refuse_signed_links(host):
    removed = set()

    def guard(session: Annotated[str | None, Cookie()] = None):
        if session in removed:
            raise HTTPException(403, "removed")

    host.app.include_router(host.router, dependencies=[Depends(guard)])
    async with host.open() as ann:
        link = (await paint(ann))["images"][0]["signed_url"]
        del ann.headers["X-User"]
        ann.cookies["session"] = "ann"
        assert (await ann.get(link)).status_code == 200
        removed.add("ann")
        assert (await ann.get(link)).status_code == 403


async def test_the_hosts_overrides_hold(host):
    host.app.dependency_overrides[host.current_user] = lambda: "ben"
    host.app.include_router(host.router)
    async with host.open() as ann:
        job = await submit(ann)
        kept = await host.house.assembly.repository.find_job(job["id"])
        assert kept.owner == "ben"


def include(host, way):
    """Where the router is then."""
    match way:
        case "prefix":
            host.app.include_router(host.router, prefix="/art")
        case "nested":
            outer = APIRouter(prefix="/v1")
            outer.include_router(host.router, prefix="/art")
            host.app.include_router(outer)
            return "/v1/art"
        case "parameter":
            host.app.include_router(host.router, prefix="/tenants/{tenant}/art")
            return "/tenants/7/art"
        case "mounted":
            inner = FastAPI()
            inner.include_router(host.router)
            host.app.mount("/art", inner)
            host.app.include_router(APIRouter(lifespan=host.router.lifespan_context))
        case "root_path":
            host.app.root_path = "/proxy"
            host.app.include_router(host.router, prefix="/art")
            return "/proxy/art"
    return "/art"


@pytest.mark.parametrize("way", ["prefix", "nested", "parameter", "mounted", "root_path"])
async def test_links_lead_back_however_the_router_is_included(host, way):
    base = include(host, way)
    async with host.open(base.removeprefix("/proxy")) as ann:
        job = await paint(ann)
        assert job["urls"]["self"] == f"{base}/jobs/{job['id']}"
        root = httpx.URL(str(ann.base_url)).copy_with(path="/")
        for link in (job["urls"]["self"], job["urls"]["events"], job["images"][0]["signed_url"]):
            assert (await ann.get(root.join(link.removeprefix("/proxy")))).status_code == 200


async def test_a_lifespan_that_is_given_twice_starts_once(host):
    host.app = FastAPI(lifespan=host.router.lifespan_context)
    host.app.include_router(host.router, prefix="/a")
    host.app.include_router(host.router, prefix="/b")
    async with host.open() as ann:
        assert (await ann.get("/a/jobs")).status_code == 200
        assert (await ann.get("/b/jobs")).status_code == 200
    assert not host.house.assembly.started


def test_without_its_lifespan_every_route_says_what_to_do(host):
    host.app.include_router(host.router)
    ann = TestClient(host.app, headers={"X-User": "ann"})
    for method, path in (("POST", "/images"), ("GET", "/jobs/x"), ("GET", "/events")):
        answer = ann.request(method, path)
        assert (answer.status_code, answer.json()["code"]) == (503, "not_started")
        assert "with TestClient(app)" in answer.json()["detail"]
        assert answer.headers["retry-after"] == "1"


def test_one_limner_serves_one_test_client_after_the_other(host):
    host.app.include_router(host.router)
    for _ in range(2):
        with TestClient(host.app, headers={"X-User": "ann"}) as ann:
            assert ann.post("/images", json={"prompt": "a fox"}, headers={"Prefer": "wait=20"}).status_code == 200


def test_making_a_router_touches_nothing(tmp_path):
    home = tmp_path / "home"
    build_router(House(home).assembly)
    assert not home.exists()


def test_names_do_not_collide_with_the_hosts(host):
    class Job(BaseModel):
        title: str

    @host.app.get("/jobs-of-mine", operation_id="get_job")
    def get_job() -> Job:
        return Job(title="x")

    host.app.include_router(host.router, prefix="/art")
    document = host.app.openapi()
    ours = {name for name in document["components"]["schemas"] if name.startswith("Limner")}
    assert "Job" in document["components"]["schemas"]
    assert "LimnerJob" in ours
    operation = document["paths"]["/art/jobs/{job_id}"]["get"]
    assert (operation["operationId"], operation["security"]) == ("limner_get_job", [{"OAuth2PasswordBearer": []}])
    assert str(host.app.url_path_for("limner:get_job", job_id="x")) == "/art/jobs/x"
