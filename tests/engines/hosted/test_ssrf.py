"""Over two hundred addresses that no service should name, at each place where one can: nobody is connected to."""

import pytest

from limner.contracts.engine import OpenCall
from limner.domain.errors import CallFailed, EngineError
from limner.testing.services.exchange import Reply
from tests.engines.hosted.canary import canary, names_lead
from tests.engines.hosted.painting import opened, paint

NAMES = {
    "private.example": [["10.0.0.1"]],
    "loopback.example": [["127.0.0.1"]],
    "loopback6.example": [["::1"]],
    "both.example": [["127.0.0.1", "::1"]],
    "mapped.example": [["::ffff:127.0.0.1"]],
    "translated.example": [["64:ff9b::7f00:1"]],
    "unspecified.example": [["0.0.0.0"]],
    "metadata.example": [["169.254.169.254"]],
    "metadata.google.internal": [["169.254.169.254"]],
    "rebinding.example": [["127.0.0.1"], ["127.0.0.1"]],
    "localhost": [["127.0.0.1"]],
    "localhost.": [["127.0.0.1"]],
    "127.0.0.1.nip.io": [["127.0.0.1"]],
}
HOSTS = [
    "127.0.0.1", "127.1", "127.0.1", "127.127.127.127", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1",
    "017700000001", "0", "0.0.0.0", "0x0", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::127.0.0.1]", "[2002:7f00:1::]", "[2001:0:7f00:1::]", "[fe80::1]",
    "[fe80::1%25lo]", "[fd00:ec2::254]", "[ff02::1]", "[2606:4700::5efe:127.0.0.1]", "10.0.0.1", "172.16.0.1", "192.168.0.1",
    "100.64.0.1", "169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "198.18.0.1", "192.0.2.1",
    "224.0.0.1", "255.255.255.255", "①②⑦.⓪.⓪.①", "127。0。0。1", "127%2e0%2e0%2e1", "1.1.1.1@127.0.0.1", "127.0.0.1#@1.1.1.1",
    "127.0.0.1\\@1.1.1.1", *NAMES,
]  # fmt: skip
SCHEMES = ["http", "https", "HTTP", "//"]
ODD = [
    "file:///etc/passwd", "gopher://127.0.0.1:{port}/_", "ftp://127.0.0.1:{port}/", "data:image/png;base64,AA==",
    "http:127.0.0.1:{port}", "http:///127.0.0.1:{port}", "http://127.0.0.1:{port}\r\nHost: x/", "http://[::1", "http://:{port}/",
    "http://127.0.0.1:{port}:80/", "jar:http://127.0.0.1:{port}!/", "unix:///var/run/docker.sock", "http://\x00127.0.0.1:{port}/",
    "http://127.0.0.1:99999/", "javascript:alert(1)", "\\\\127.0.0.1\\{port}", "http://127.0.0.1:{port}@[::1]:{port}/",
]  # fmt: skip
PLACES = {
    "deepai": ("output_url",),
    "compatible": ("url",),
    "replicate": ("output",),
    "fal": ("url", "status_url", "response_url", "cancel_url"),
}


def addresses(port):
    for scheme in SCHEMES:
        for host in HOSTS:
            yield f"//{host}:{port}/a.png" if scheme == "//" else f"{scheme}://{host}:{port}/a.png"
    yield from (odd.replace("{port}", str(port)) for odd in ODD)


@pytest.fixture(autouse=True)
def nothing_is_slow(monkeypatch):
    """A fault is final at the first look, and names lead where NAMES says."""
    monkeypatch.setattr("limner.engines.hosted.queued.FIRST_PAUSE", 0.0)
    monkeypatch.setattr("limner.engines.hosted.queued.DEAF_LOOKS", 1)
    names_lead(monkeypatch, NAMES)


@pytest.mark.parametrize(("name", "field"), [(name, field) for name, fields in PLACES.items() for field in fields])
async def test_an_address_that_a_service_names_leads_nowhere_but_to_the_internet(request, name, field):
    service, engine = request.getfixturevalue(name)
    tried = 0
    async with canary() as listening, opened(engine):
        for address in addresses(listening.port):
            service.addresses[field] = address
            strokes, fault = await paint(engine)
            if field == "cancel_url":
                await call_off(engine, strokes[1].handle)
            else:
                assert fault is not None, address
            tried += 1
    assert tried > 200
    assert listening.heard == []


async def call_off(engine, handle):
    try:
        await engine.cancel(OpenCall(ordinals=(0,), request_key="k", handle=handle))
    except EngineError:
        return


@pytest.mark.parametrize(
    ("name", "handle"),
    [
        ("deepai", lambda url: {"output_url": url}),
        ("compatible", lambda url: {"urls": {"0": url}}),
        ("fal", lambda url: {"status_url": url, "response_url": url, "cancel_url": url}),
    ],
)
async def test_nor_does_one_that_an_earlier_try_has_kept(request, name, handle):
    _, engine = request.getfixturevalue(name)
    async with canary() as listening, opened(engine):
        for address in addresses(listening.port):
            call = OpenCall(ordinals=(0,), request_key="k", handle=handle(address))
            _, fault = await paint(engine, resume=(call,))
            assert fault is not None, address
    assert listening.heard == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_chain_of_redirects_is_not_begun(deepai, status):
    service, engine = deepai
    purpose, answer = service.purpose, service.answer
    service.purpose = lambda method, path: "picture" if path == "/hop" else purpose(method, path)
    async with canary() as listening, opened(engine):
        hop = Reply(b"", status, {"location": f"http://127.0.0.1:{listening.port}/"})
        service.answer = lambda asked: hop if asked.path == "/hop" else answer(asked)
        service.addresses["output_url"] = f"{service.url}/hop"
        _, fault = await paint(engine)
    assert type(fault) is CallFailed
    assert listening.heard == []


async def test_the_canary_hears_what_is_not_checked(monkeypatch, deepai):
    """Without the check these tests would fail."""
    monkeypatch.setattr("limner.engines.hosted.egress.is_public", lambda _: True)
    service, engine = deepai
    async with canary() as listening, opened(engine):
        service.addresses["output_url"] = f"http://rebinding.example:{listening.port}/"
        await paint(engine)
    assert len(listening.heard) == 1
