"""Every route × every kind of caller × every kind of id, read off the OpenAPI document: no route can be forgotten."""

import pytest
import pytest_asyncio

from limner.actions.revoke_key import revoke_key
from limner.web.everybody import Everybody
from limner.web.router import build_operator_router, build_router, build_session_router
from tests.web.house import House, paint
from tests.web.town import (
    CANARY,
    IDS,
    OPERATES,
    OPERATIONS,
    PERSONAL,
    PUBLIC,
    SIGNED,
    USUAL,
    WITH_IDS,
    WRITES,
    bearer,
    cookie,
    open_town,
)

STRANGERS = (
    *("nobody", "wrong", "truncated", "revoked", "expired", "basic", "twice", "in the query"),
    *("link as bearer", "session as bearer", "key as cookie", "link as cookie"),
    *("session that ended", "session of a revoked key", "session on a secure connection's name"),
    "session beside a wrong key",
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(tmp_path_factory):
    async with open_town(tmp_path_factory.mktemp("town")) as town:
        yield town


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(("name", "method", "path"), OPERATIONS)
@pytest.mark.parametrize("stranger", STRANGERS)
async def test_strangers_get_one_answer_everywhere(town, stranger, name, method, path):
    told = set()
    for kind in IDS:
        where = town.path(path, kind) + (f"?api_key={town.keys['ann']}" if stranger == "in the query" else "")
        told.add(await town.ask(method, where, town.headers(stranger)))
    if name in PUBLIC:
        assert {status for status, _ in told} == {USUAL.get(name, 200)}
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
    assert status == (403 if name in OPERATES else 404 if "_id}" in path else USUAL.get(name, 200))


@pytest.mark.parametrize(("name", "method", "path"), OPERATIONS)
async def test_a_reading_key_reads_and_changes_nothing(town, name, method, path):
    job = await town.fresh_job()
    told = {kind: await town.ask(method, town.path(path, kind, job), bearer(town.keys["reader"])) for kind in IDS}
    if name in WRITES | OPERATES:
        assert len(set(told.values())) == 1
        assert told["foreign"][0] == 403
        assert '"code":"missing_scope"' in told["foreign"][1]
    else:
        assert told["foreign"][0] == USUAL.get(name, 200)


@pytest.mark.parametrize(("name", "method", "path"), OPERATIONS)
async def test_the_owner_may_do_everything_with_what_is_theirs(town, name, method, path):
    job = await town.fresh_job()
    status, _ = await town.ask(method, town.path(path, "foreign", job), bearer(town.keys["ann"]))
    assert status == (403 if name in OPERATES else USUAL.get(name, 200))


@pytest.mark.parametrize(("name", "method", "path"), OPERATIONS)
async def test_a_session_may_do_what_its_key_may(town, name, method, path):
    session = await town.house.session(key=town.keys["ann"])
    status, _ = await town.ask(method, town.path(path, "foreign", await town.fresh_job()), cookie(session))
    assert status == (403 if name in OPERATES else 204 if name == "limner_sign_out" else USUAL.get(name, 200))


@pytest.mark.parametrize(("name", "method", "path"), OPERATIONS)
async def test_a_session_changes_nothing_for_another_site(town, name, method, path):
    where = town.path(path, "foreign")
    status, body = await town.ask(method, where, cookie(town.sessions["ann"], site="cross-site"))
    if method == "GET" or name in PUBLIC:
        assert status == (403 if name in OPERATES else USUAL.get(name, 200))
    else:
        assert (status, '"code":"cross_site"' in body) == (403, True)


@pytest.mark.parametrize(("name", "method", "path"), OPERATIONS)
async def test_an_operator_sees_counters_and_no_pictures(town, name, method, path):
    status, body = await town.ask(method, town.path(path, "foreign"), bearer(town.keys["operator"]))
    assert status == (USUAL.get(name, 200) if name in OPERATES | PUBLIC | PERSONAL else 403)
    assert CANARY not in body


@pytest.mark.parametrize(("name", "method", "path"), OPERATIONS)
async def test_a_signed_link_opens_its_own_thing_for_reading_and_nothing_else(town, name, method, path):
    job, other = town.job, await town.fresh_job()
    proofs = [job["urls"]["events"].partition("?")[2], job["images"][0]["signed_url"].partition("?")[2]]
    right = proofs["image_id" in path]
    for proof in proofs:
        status, body = await town.ask(method, f"{town.path(path, 'foreign')}?{proof}", [])
        opens = name in PUBLIC or (name in SIGNED and proof == right)
        assert status == (USUAL.get(name, 200) if opens else 401), (proof, body)
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
    session = build_session_router(assembly, callers=Everybody())
    routes = [*build_router(assembly).routes, *build_operator_router(assembly).routes, *session.routes]
    seen = {(route.path, method) for route in routes for method in route.methods if method != "HEAD"}
    assert seen == {(path, method) for _, method, path in OPERATIONS}
    assert len({name for name, _, _ in OPERATIONS}) == len(OPERATIONS)
