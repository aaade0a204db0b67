"""Every route × every kind of caller, as a host application with users of its own includes them."""

from typing import Annotated

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI, Header, HTTPException

from limner.web.router import build_router
from tests.web.house import TLS, serving
from tests.web.town import (
    CANARY,
    IDS,
    OPERATES,
    OPERATIONS,
    PERSONAL,
    PUBLIC,
    SIGNED,
    USUAL,
    WRITES,
    bearer,
    open_town,
    paint_canary,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

OURS = [one for one in OPERATIONS if one[0] not in OPERATES | PUBLIC | PERSONAL]
READING = ("jobs:read", "images:read")


def current_user(x_user: Annotated[str | None, Header()] = None):
    if x_user is None:
        raise HTTPException(418, "the host's own words")
    return x_user


class Host:
    """The same town, seen through a host. Whoever is called a reader may only read."""

    def __init__(self, town, url):
        self.town, self.url = town, url

    async def fresh_job(self, user="ann"):
        headers = {"X-User": user}
        async with httpx.AsyncClient(base_url=f"{self.url}/art", headers=headers, verify=TLS, timeout=20) as client:
            return await paint_canary(client)

    async def ask(self, method, path, headers):
        return await self.town.ask(method, f"{self.url}/art{path}", headers)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def host(tmp_path_factory):
    async with open_town(tmp_path_factory.mktemp("town")) as town:
        app, assembly = FastAPI(), town.house.assembly
        router = build_router(assembly, current_user=current_user, scopes=scopes_of)
        app.include_router(router, prefix="/art")
        async with serving(app, assembly) as (_, url):
            yield Host(town, url)


def scopes_of(user):
    return READING if user == "reader" else (*READING, "jobs:write", "images:write")


def as_user(name):
    return [("X-User", name)]


@pytest.mark.parametrize(("name", "method", "path"), OURS)
async def test_strangers_get_the_hosts_answer_everywhere(host, name, method, path):
    for kind in IDS:
        for headers in ([], bearer(host.town.keys["ann"])):
            answer = await host.ask(method, host.town.path(path, kind), headers)
            assert answer == (418, '{"detail":"the host\'s own words"}')


@pytest.mark.parametrize(("name", "method", "path"), OURS)
async def test_users_do_not_meet(host, name, method, path):
    told = {await host.ask(method, host.town.path(path, kind), as_user("ben")) for kind in IDS}
    assert all(CANARY not in body and host.town.job["id"] not in body for _, body in told)
    if "_id}" in path:
        ((status, _),) = told
        assert status == 404


@pytest.mark.parametrize(("name", "method", "path"), OURS)
async def test_the_owner_may_do_everything_with_what_is_theirs(host, name, method, path):
    job = await host.fresh_job()
    status, _ = await host.ask(method, host.town.path(path, "foreign", job), as_user("ann"))
    assert status == USUAL.get(name, 200)


@pytest.mark.parametrize(("name", "method", "path"), OURS)
async def test_the_hosts_scopes_hold(host, name, method, path):
    headers = {"Authorization": f"Bearer {await host.town.house.key('reader')}"}
    async with host.town.house.bare(**headers) as writer:
        job = await paint_canary(writer)
    status, body = await host.ask(method, host.town.path(path, "foreign", job), as_user("reader"))
    assert status == (403 if name in WRITES else 200)
    assert ('"code":"missing_scope"' in body) == (name in WRITES)


@pytest.mark.parametrize(("name", "method", "path"), OURS)
async def test_a_signed_link_opens_its_own_thing_without_the_host(host, name, method, path):
    job = await host.fresh_job()
    links = {"job_id": job["urls"]["events"], "image_id": job["images"][0]["signed_url"]}
    for subject, link in links.items():
        where = f"{host.town.path(path, 'foreign', job)}?{link.partition('?')[2]}"
        status, _ = await host.ask(method, where, [])
        opens = name in SIGNED
        assert status == (418 if not opens else 200 if subject in path else 401)


async def test_the_addresses_in_a_job_are_signed_for_the_host(host):
    job = await host.fresh_job()
    for link in (job["urls"]["events"], job["images"][0]["signed_url"]):
        assert link.startswith("/art/")
        status, _ = await host.ask("GET", link.removeprefix("/art"), [])
        assert status == 200


@pytest.mark.parametrize(("name", "method", "path"), [one for one in OPERATIONS if one[0] in PERSONAL])
async def test_a_host_has_sessions_of_its_own(host, name, method, path):
    assert (await host.ask(method, path, as_user("ann")))[0] == 404
