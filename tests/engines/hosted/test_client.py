import asyncio
import resource
import socket

import pytest

from limner.domain.errors import BadImage, CallFailed, NotSent, RateLimited, Transient, UnknownOutcome
from limner.engines.deepai import DeepAI
from limner.engines.hosted import client as hosted_client
from limner.engines.replicate import Replicate
from limner.testing.services import DeepAIService
from tests.engines.hosted.canary import canary
from tests.engines.hosted.painting import kinds, opened, paint


async def fault_of(hosted, deed="", *, at="call", **facts):
    service, engine = hosted
    if deed:
        service.misbehave(deed, at=at, **facts)
    async with opened(engine):
        strokes, fault = await paint(engine)
    return strokes, fault


def closed_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def test_a_service_that_is_not_there_was_not_sent_anything():
    engine = DeepAI(key="k", base_url=f"http://127.0.0.1:{closed_port()}")
    async with opened(engine):
        strokes, fault = await paint(engine)
    assert (kinds(strokes), type(fault)) == (["Submitting"], NotSent)


@pytest.mark.parametrize("deed", ["reset_before", "reset_after", "short", "bad_gateway", "gateway_timeout"])
async def test_a_call_that_got_no_whole_answer_may_have_been_charged(deepai, deed):
    _, fault = await fault_of(deepai, deed)
    assert type(fault) is UnknownOutcome


@pytest.mark.parametrize("deed", ["hang", "drip"])
async def test_a_call_ends_in_time_however_slowly_it_is_answered(deepai, deed):
    service, _ = deepai
    service.misbehave(deed)
    engine = DeepAI(key=service.key, base_url=service.url, timeout=0.3)
    async with opened(engine), asyncio.timeout(10):
        _, fault = await paint(engine)
    assert type(fault) is UnknownOutcome


async def test_a_call_is_made_once_and_never_tried_again_by_itself(deepai):
    for deed in ("fault", "rate_limited", "reset_after", "bad_gateway"):
        await fault_of(deepai, deed)
    assert deepai[0].purposes.count("call") == 4


@pytest.mark.parametrize("deed", ["huge", "gzip_bomb"])
async def test_an_answer_is_read_up_to_its_limit_packed_or_not(deepai, deed, monkeypatch):
    monkeypatch.setattr(hosted_client, "LARGEST_ANSWER", 2**20)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    _, fault = await fault_of(deepai, deed)
    assert (type(fault), fault.facts, fault.detail) == (
        CallFailed, {"ordinal": 0}, "The service's answer cannot be read. It is larger than 1 MiB.",
    )  # fmt: skip
    if deed == "huge":
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


async def test_a_picture_is_fetched_up_to_its_limit(deepai, monkeypatch):
    monkeypatch.setattr(hosted_client, "LARGEST_PICTURE", 2**20)
    _, fault = await fault_of(deepai, "huge", at="picture")
    assert (type(fault), fault.facts) == (BadImage, {"ordinal": 0})
    assert (
        fault.detail == "The picture cannot be fetched. The service's answer cannot be read. It is larger than 1 MiB."
    )


async def test_a_page_instead_of_an_answer_ends_the_call(deepai):
    _, fault = await fault_of(deepai, "html")
    assert (type(fault), fault.facts) == (CallFailed, {"ordinal": 0})
    assert fault.detail == "The service answered with text/html instead of JSON."


@pytest.mark.parametrize(
    ("deed", "expected"),
    [
        ("short", Transient),
        ("fault", Transient),
        ("bad_gateway", Transient),
        ("gone", CallFailed),
        ("redirect", CallFailed),
    ],
)
async def test_a_download_that_fails_in_passing_keeps_its_handle(deepai, deed, expected):
    strokes, fault = await fault_of(deepai, deed, at="picture")
    assert (kinds(strokes), type(fault)) == (["Submitting", "Submitted"], expected)
    assert ("ordinal" in fault.facts) == (expected is CallFailed)


async def test_a_redirect_is_not_followed(deepai):
    async with canary() as listening:
        deepai[0].addresses["output_url"] = f"{deepai[0].url}/redirect?to=http://127.0.0.1:{listening.port}/"
        deepai[0].misbehave("redirect", at="")
        await fault_of(deepai)
    assert listening.heard == []


async def test_the_key_goes_to_the_operators_server_only(monkeypatch):
    monkeypatch.setattr("limner.engines.hosted.egress.is_public", lambda _: True)
    heard = {}

    class Elsewhere(DeepAIService):
        def purpose(self, method, path):
            return "picture"

        def answer(self, asked):
            heard.update(asked.headers)
            return super().answer(asked) if asked.path in self._pictures else self.refusals["rate_limited"]

    with Elsewhere() as elsewhere, DeepAIService() as service:
        service.addresses["output_url"] = f"{elsewhere.url}/picture.png"
        _, fault = await fault_of((service, DeepAI(key=service.key, base_url=service.url)))
    assert type(fault) is RateLimited
    assert heard["host"] == elsewhere.url.removeprefix("http://")
    assert service.key not in str(heard)


async def test_an_address_of_the_operators_that_is_not_opened_is_not_blamed_on_the_service(replicate):
    service, _ = replicate
    settings = {"webhook_keys": f"http://127.0.0.1:{closed_port()}/keys", "models": ["someone/flux"]}
    async with opened(Replicate(key=service.key, base_url=service.url, **settings)) as engine:
        with pytest.raises(CallFailed, match=r"The settings name an address .* not on the public internet"):
            await engine._fetch_keys()


async def test_no_proxy_of_the_environment_hears_of_it(deepai, monkeypatch):
    async with canary() as listening:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{listening.port}")
        _, fault = await fault_of(deepai)
    assert (fault, listening.heard) == (None, [])
