"""Signing in by key or link, who is signed in, signing out; and that secrets are told to nobody but the cookie."""

import asyncio
import json
import logging
from datetime import timedelta

import pytest

from limner.actions.revoke_key import revoke_key
from limner.actions.sign_in import REFUSED
from limner.domain.key_text import parse_key_text
from tests.web.house import Events, House, paint


async def signed_in(browser, **proof):
    answer = await browser.post("/session", json=proof)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def revoke(house, key):
    repository, forget = house.assembly.repository, house.assembly.authenticator.forget
    await revoke_key(parse_key_text(key).id, repository=repository, forget=forget)


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("kind", ["key", "link"])
async def test_a_key_or_a_link_signs_in(house, kind):
    proof = await getattr(house, kind)("ann")
    async with house.browser() as browser:
        assert (await browser.get("/session")).status_code == 401
        told = await signed_in(browser, **{kind: proof})
        assert (await browser.get("/session")).json() == told
        assert (await browser.get("/jobs")).status_code == 200
    assert (told["user"], told["secure"], told["expires_at"][-1]) == ("ann", False, "Z")


async def test_a_link_signs_in_once(house):
    link = await house.link()
    async with house.browser() as first, house.browser() as second:
        await signed_in(first, link=link)
        answer = await second.post("/session", json={"link": link})
    assert (answer.status_code, answer.json()["code"], answer.json()["detail"]) == (401, "unauthenticated", REFUSED)
    assert "set-cookie" not in answer.headers


async def test_two_browsers_that_race_for_a_link_get_one_session(served):
    link = await served.link()
    async with served.browser() as browser:
        answers = await asyncio.gather(*(browser.post("/session", json={"link": link}) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 9


async def test_wrong_proofs_get_one_answer(house):
    wrong = [{"key": await house.link()}, {"link": await house.key()}, {"key": "x"}, {"link": ""}, {"link": "\ud800"}]
    async with house.browser() as browser:
        answers = [await browser.post("/session", content=json.dumps(body), headers=JSON) for body in wrong]
    assert {(answer.status_code, answer.text) for answer in answers} == {(401, answers[0].text)}


@pytest.mark.parametrize(
    "body", [{}, {"key": None}, {"key": 1}, {"link": ["x"]}, {"key": "x", "link": "x"}, {"keys": "x"}]
)
async def test_a_body_that_holds_no_proof_is_refused_with_what_it_must_be(house, body):
    async with house.browser() as browser:
        answer = await browser.post("/session", json=body)
    (fault,) = answer.json()["errors"]
    assert (answer.status_code, fault["code"]) == (422, "wrong_type")
    assert fault["detail"] == 'The body must be {"key": "lmn_…"} or {"link": "lmn_…"}.'


async def test_a_form_of_another_site_cannot_sign_anybody_in(house):
    link = await house.link()
    async with house.browser(**{"Sec-Fetch-Site": "cross-site"}) as browser:
        answer = await browser.post("/session", json={"link": link})
        assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")
    async with house.browser() as browser:
        form = await browser.post("/session", data={"link": link})
        assert form.status_code == 415
        await signed_in(browser, link=link)


async def test_who_comes_with_a_key_is_told_who_they_are(house, ann):
    answer = await ann.get("/session")
    assert answer.json() == {"user": "ann", "expires_at": None, "secure": False}
    assert answer.headers["cache-control"] == "no-store"


async def test_signing_out_ends_the_session_and_takes_the_cookie_back(house):
    async with house.browser() as browser, house.bare() as other_tab:
        await signed_in(browser, link=await house.link())
        other_tab.cookies.set("limner_session", browser.cookies["limner_session"])
        job = await paint(browser)
        answer = await browser.delete("/session")
        assert (answer.status_code, answer.headers["clear-site-data"]) == (204, '"cache"')
        assert "limner_session" not in browser.cookies
        assert (await other_tab.get("/session")).status_code == 401
        assert (await other_tab.get(job["images"][0]["signed_url"])).status_code == 401


async def test_who_came_with_a_key_cannot_sign_out_and_keeps_it(house, ann):
    answer = await ann.delete("/session")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert (await ann.get("/jobs")).status_code == 200


async def test_signing_out_ends_open_streams(served):
    async with served.browser(await served.session()) as browser, browser.stream("GET", "/events") as stream:
        assert stream.status_code == 200
        await browser.delete("/session")
        assert await Events(stream).rest() == []


async def test_a_session_and_its_streams_end_with_the_key_it_came_from(served):
    key = await served.key()
    async with served.browser() as browser:
        await signed_in(browser, key=key)
        async with browser.stream("GET", "/events") as stream:
            assert stream.status_code == 200
            await revoke(served, key)
            assert await Events(stream).rest() == []
        assert (await browser.get("/session")).status_code == 401


async def test_a_session_expires_with_its_key(house):
    key = await house.key(expires_in=timedelta(hours=1))
    async with house.browser() as browser:
        told = await signed_in(browser, key=key)
    kept = await house.assembly.repository.find_key(parse_key_text(key).id)
    assert told["expires_at"] == kept.expires_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def test_without_authentication_there_is_nobody_to_sign_in(tmp_path):
    async with House(tmp_path, authentication=False).open() as house, house.browser() as browser:
        told = (await browser.get("/session")).json()
        assert told == {"user": "local", "expires_at": None, "secure": False}
        assert (await browser.post("/session", json={"key": "x"})).status_code == 405
        assert (await browser.delete("/session")).status_code == 405


async def test_secrets_of_links_and_sessions_are_told_to_nobody_but_the_cookie(house, caplog):
    caplog.set_level(logging.DEBUG)
    link, key = await house.link(), await house.key()
    proofs = [{"link": link}, {"link": link}, {"key": key}, {"key": key, "link": link}]
    async with house.browser() as browser:
        told = [await browser.post("/session", json=proof) for proof in proofs]
        cookie = browser.cookies["limner_session"]
        job = await paint(browser)
        paths = ("/session", "/jobs", "/images", "/models", job["urls"]["self"], job["urls"]["events"], "/nothing")
        told += [await browser.get(path) for path in paths]
        told += [await browser.delete("/session"), await browser.get("/session")]
    kept = await house.assembly.repository.list_keys()
    said = repr(kept) + caplog.text + "".join(answer.text for answer in told)
    for secret in (link, key, cookie):
        assert parse_key_text(secret).secret not in said
