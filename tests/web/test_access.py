"""Every route × every kind of caller × every kind of id, read off the OpenAPI document: no route can be forgotten."""

import re
from datetime import timedelta
from typing import Annotated

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI, Header, HTTPException
from tests.web.house import House, paint, serving

from limner.actions.revoke_key import revoke_key
from limner.domain.identity import Scope, new_id
from limner.web.router import build_operator_router, build_router
from limner.web.server import create_app

PUBLIC = {"limner_get_health", "limner_get_ready"}
SIGNED = {"limner_get_image_content", "limner_get_image_thumbnail", "limner_watch_job"}
WRITES = {
    "limner_create_images",
    "limner_cancel_job",
    "limner_retry_job",
    "limner_delete_job",
    "limner_delete_image",
    "limner_restore_image",
}
OPERATES = {"limner_get_metrics"}
CANARY = "canary of ann"
READ_ONLY = frozenset({Scope.JOBS_READ, Scope.IMAGES_READ})

STRANGERS = ("nobody", "wrong", "truncated", "revoked", "expired", "basic", "twice", "in the query")
IDS = ("foreign", "absent", "malformed", "odd")


def operations():
    """(operation id, method, path) of everything in the document."""
    document = create_app(House("unused").assembly).openapi()
    return [
        (operation["operationId"], method.upper(), path)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


OPERATIONS = operations()
WITH_IDS = [operation for operation in OPERATIONS if re.search(r"{\w+_id}", operation[2])]


class Town:
    """Ann, who has pictures; Ben, who has none; and keys of all kinds."""

    async def settle(self, house):
        self.house = house
        self.keys = {name: await house.key(name) for name in ("ann", "ben")}
        self.keys["reader"] = await house.key("ann", scopes=READ_ONLY)
        self.keys["revoked"] = await house.key("ann")
        self.keys["expired"] = await house.key("ann", expires_in=timedelta(microseconds=1))
        self.keys["operator"] = await house.key("olga", scopes=frozenset({Scope.OPERATE}))
        repository, forget = house.assembly.repository, house.assembly.authenticator.forget
        await revoke_key(self.keys["revoked"].split("_")[1], repository=repository, forget=forget)
        self.job = await self.fresh_job()
        return self

    async def fresh_job(self):
        async with self.house.bare(Authorization=f"Bearer {self.keys['ann']}") as ann:
            return await paint(ann, CANARY, reference=CANARY)

    def path(self, template, kind, job=None):
        job = job or self.job
        foreign = {"job_id": job["id"], "image_id": job["images"][0]["id"], "size": "256"}
        values = {
            "foreign": foreign,
            "absent": foreign | {"job_id": new_id(), "image_id": new_id()},
            "malformed": foreign | {"job_id": "x", "image_id": "x"},
            "odd": foreign | {"job_id": "%27%20OR%201=1", "image_id": "..%5C..%5Cetc%00"},
        }[kind]
        return template.format_map(values)

    def headers(self, stranger):
        ann = self.keys["ann"]
        known = {
            "nobody": [],
            "wrong": [("Authorization", f"Bearer {ann[:-8]}aaaaaaaa")],
            "truncated": [("Authorization", f"Bearer {ann[:20]}")],
            "revoked": [("Authorization", f"Bearer {self.keys['revoked']}")],
            "expired": [("Authorization", f"Bearer {self.keys['expired']}")],
            "basic": [("Authorization", f"Basic {ann}")],
            "twice": [("Authorization", f"Bearer {ann}"), ("Authorization", f"Bearer {ann}")],
            "in the query": [],
        }
        return known[stranger]

    async def ask(self, method, path, headers):
        """Status and body; of a stream, what comes at once."""
        body = {"json": {"prompt": "a fox"}} if (method, path[-7:]) == ("POST", "/images") else {}
        async with self.house.bare() as client, client.stream(method, path, headers=headers, **body) as answer:
            if answer.headers.get("content-type", "").startswith("text/event-stream"):
                return answer.status_code, await first_frames(answer)
            await answer.aread()
            return answer.status_code, answer.text


async def first_frames(answer):
    try:
        return "".join([part async for part in answer.aiter_text()])
    except httpx.ReadTimeout:
        return ""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(tmp_path_factory):
    async with House(tmp_path_factory.mktemp("town")).serve() as house:
        house.patience = 0.3
        yield await Town().settle(house)


pytestmark = pytest.mark.asyncio(loop_scope="module")


def bearer(key):
    return [("Authorization", f"Bearer {key}")]


@pytest.mark.parametrize(("name", "method", "path"), OPERATIONS)
@pytest.mark.parametrize("stranger", STRANGERS)
async def test_strangers_get_one_answer_everywhere(town, stranger, name, method, path):
    told = set()
    for kind in IDS:
        where = town.path(path, kind) + (f"?api_key={town.keys['ann']}" if stranger == "in the query" else "")
        told.add(await town.ask(method, where, town.headers(stranger)))
    if name in PUBLIC:
        assert {status for status, _ in told} == {200}
    else:
        ((status, body),) = told
        assert (status, '"code":"unauthenticated"' in body, CANARY in body) == (401, True, False)


@pytest.mark.parametrize(("name", "method", "path"), WITH_IDS)
async def test_another_user_cannot_tell_foreign_from_absent(town, name, method, path):
    told = {await town.ask(method, town.path(path, kind), bearer(town.keys["ben"])) for kind in IDS}
    ((status, body),) = told
    assert (status, CANARY in body) == (404, False)


@pytest.mark.parametrize(("name", "method", "path"), OPERATIONS)
async def test_nobody_is_shown_what_is_anothers(town, name, method, path):
    status, body = await town.ask(method, town.path(path, "foreign"), bearer(town.keys["ben"]))
    assert CANARY not in body
    assert town.job["id"] not in body
    assert status == (403 if name in OPERATES else 404 if "_id}" in path else 202 if method == "POST" else 200)


@pytest.mark.parametrize(("name", "method", "path"), OPERATIONS)
async def test_a_reading_key_reads_and_changes_nothing(town, name, method, path):
    job = await town.fresh_job()
    told = {kind: await town.ask(method, town.path(path, kind, job), bearer(town.keys["reader"])) for kind in IDS}
    if name in WRITES | OPERATES:
        assert len(set(told.values())) == 1
        assert told["foreign"][0] == 403
        assert '"code":"missing_scope"' in told["foreign"][1]
    else:
        assert told["foreign"][0] == 200


@pytest.mark.parametrize(("name", "method", "path"), OPERATIONS)
async def test_the_owner_may_do_everything_with_what_is_theirs(town, name, method, path):
    job = await town.fresh_job()
    status, _ = await town.ask(method, town.path(path, "foreign", job), bearer(town.keys["ann"]))
    refused = {"limner_cancel_job": 409, "limner_retry_job": 409, "limner_get_metrics": 403}
    assert status == refused.get(name, status)
    assert status in {200, 202, 204, refused.get(name)}


@pytest.mark.parametrize(("name", "method", "path"), OPERATIONS)
async def test_an_operator_sees_counters_and_no_pictures(town, name, method, path):
    status, body = await town.ask(method, town.path(path, "foreign"), bearer(town.keys["operator"]))
    assert status == (200 if name in OPERATES | PUBLIC else 403)
    assert CANARY not in body


@pytest.mark.parametrize(("name", "method", "path"), OPERATIONS)
async def test_a_signed_link_opens_its_own_thing_for_reading_and_nothing_else(town, name, method, path):
    job, other = town.job, await town.fresh_job()
    proofs = [job["urls"]["events"].partition("?")[2], job["images"][0]["signed_url"].partition("?")[2]]
    right = proofs["image_id" in path]
    for proof in proofs:
        status, body = await town.ask(method, f"{town.path(path, 'foreign')}?{proof}", [])
        opens = name in PUBLIC or (name in SIGNED and proof == right)
        assert status == (200 if opens else 401), (proof, body)
        if "_id}" in path:
            for kind, owner in (("foreign", other), ("absent", job), ("malformed", job)):
                assert (await town.ask(method, f"{town.path(path, kind, owner)}?{proof}", []))[0] == 401


@pytest.mark.parametrize(("name", "method", "path"), [one for one in OPERATIONS if one[0] in SIGNED])
async def test_a_tampered_signature_opens_nothing(town, name, method, path):
    url = town.job["urls"]["events"] if "job_id" in path else town.job["images"][0]["signed_url"]
    proof = url.partition("?signature=")[2]
    told = set()
    for place in range(0, len(proof), 3):
        letter = "A" if proof[place] != "A" else "B"
        bad = f"{town.path(path, 'foreign')}?signature={proof[:place]}{letter}{proof[place + 1 :]}"
        told.add(await town.ask(method, bad, []))
    for odd in ("", "x", "....", "%00", "a" * 5000, "%F0%9F%A6%8A"):
        told.add(await town.ask(method, f"{town.path(path, 'foreign')}?signature={odd}", []))
    ((status, body),) = told
    assert (status, CANARY in body) == (401, False)


async def test_a_signed_link_dies_with_the_key_it_was_made_for(town):
    key = await town.house.key("ann")
    async with town.house.bare(Authorization=f"Bearer {key}") as client:
        job = await paint(client)
    links = (job["urls"]["events"], job["images"][0]["signed_url"])
    assert [(await town.ask("GET", link, []))[0] for link in links] == [200, 200]
    await revoke_key(
        key.split("_")[1],
        repository=town.house.assembly.repository,
        forget=town.house.assembly.authenticator.forget,
    )
    assert [(await town.ask("GET", link, []))[0] for link in links] == [401, 401]


async def test_every_route_is_in_the_document_and_so_in_the_tests_above():
    assembly = House("unused").assembly
    routes = [*build_router(assembly).routes, *build_operator_router(assembly).routes]
    seen = {(route.path, method) for route in routes for method in route.methods if method != "HEAD"}
    assert seen == {(path, method) for _, method, path in OPERATIONS}
    assert len({name for name, _, _ in OPERATIONS}) == len(OPERATIONS)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def host(town):
    """The same house, seen through a host application with users of its own."""

    def current_user(x_user: Annotated[str | None, Header()] = None):
        if x_user is None:
            raise HTTPException(418, "the host's own words")
        return x_user

    app = FastAPI()
    app.include_router(build_router(town.house.assembly, current_user=current_user), prefix="/art")
    async with serving(app, town.house.assembly) as (_, url):
        town.house.url, before = url, town.house.url
        yield town
        town.house.url = before


IN_A_HOST = [one for one in OPERATIONS if one[0] not in OPERATES | PUBLIC]


@pytest.mark.parametrize(("name", "method", "path"), IN_A_HOST)
async def test_in_a_host_strangers_get_the_hosts_answer_everywhere(host, name, method, path):
    for kind in IDS:
        for headers in ([], bearer(host.keys["ann"])):
            answer = await host.ask(method, f"/art{host.path(path, kind)}", headers)
            assert answer == (418, '{"detail":"the host\'s own words"}')


@pytest.mark.parametrize(("name", "method", "path"), IN_A_HOST)
async def test_in_a_host_users_do_not_meet(host, name, method, path):
    told = {await host.ask(method, f"/art{host.path(path, kind)}", [("X-User", "ben")]) for kind in IDS}
    assert all(CANARY not in body and host.job["id"] not in body for _, body in told)
    if "_id}" in path:
        ((status, _),) = told
        assert status == 404


@pytest.mark.parametrize(("name", "method", "path"), IN_A_HOST)
async def test_in_a_host_the_owner_gets_in(host, name, method, path):
    status, _ = await host.ask(method, f"/art{host.path(path, 'foreign')}", [("X-User", "ann")])
    assert status in {200, 202, 204, 404, 409}
