import asyncio
import ssl
import subprocess
from contextlib import asynccontextmanager

import httpx
import pytest

from limner.engines.hosted.addresses import is_public
from limner.engines.hosted.egress import Egress, ForbiddenAddress, trusted_certificates
from tests.engines.hosted.canary import canary, names_lead

PRETEND_PUBLIC = "127.0.0.2"
"""An address of this machine that these tests hold to be on the internet."""
OWN = httpx.URL("http://127.0.0.1:9/")
NAME = "pictures.example"


@pytest.fixture
def internet(monkeypatch):
    monkeypatch.setattr(
        "limner.engines.hosted.egress.is_public", lambda address: str(address) == PRETEND_PUBLIC or is_public(address)
    )


@asynccontextmanager
async def site(address=PRETEND_PUBLIC, **facts):
    """Answers with the Host header that came, and counts its connections."""
    site.connections = 0
    talks = []

    async def serve(reader, writer):
        site.connections += 1
        talks.append(asyncio.current_task())
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                host = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"host:"))
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(host), host))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(serve, address, 0, **facts)
    async with server:
        yield server.sockets[0].getsockname()[1]
    await asyncio.wait_for(asyncio.gather(*talks), 5)


@asynccontextmanager
async def client(base_url=OWN):
    async with httpx.AsyncClient(transport=Egress(httpx.URL(base_url)), timeout=5) as http:
        yield http


async def test_the_checked_address_is_the_one_that_is_connected_to(monkeypatch, internet):
    asked = names_lead(monkeypatch, {NAME: [[PRETEND_PUBLIC], ["127.0.0.1"]]})
    async with canary() as listening, site() as port, client() as http:
        answer = await http.get(f"http://{NAME}:{port}/a.png")
        with pytest.raises(ForbiddenAddress):
            await http.get(f"http://{NAME}:{listening.port}/a.png")
    assert (answer.text, asked, listening.heard) == (f"Host: {NAME}:{port}", [NAME, NAME], [])


async def test_of_several_addresses_only_public_ones_are_tried(monkeypatch, internet):
    names_lead(monkeypatch, {NAME: [["127.0.0.1", "::1", PRETEND_PUBLIC]]})
    async with canary() as listening, client() as http:
        with pytest.raises(httpx.ConnectError):
            await http.get(f"http://{NAME}:{listening.port}/")
    assert listening.heard == []


async def test_the_next_address_is_tried_where_one_does_not_answer(monkeypatch, internet):
    monkeypatch.setattr("limner.engines.hosted.egress.is_public", lambda _: True)
    names_lead(monkeypatch, {NAME: [["127.0.0.3", PRETEND_PUBLIC]]})
    async with site() as port, client() as http:
        assert (await http.get(f"http://{NAME}:{port}/")).text == f"Host: {NAME}:{port}"


async def test_a_foreign_connection_is_not_kept_for_another_name(monkeypatch, internet):
    names_lead(monkeypatch, {NAME: [[PRETEND_PUBLIC]], "other.example": [[PRETEND_PUBLIC]]})
    async with site() as port, client() as http:
        await http.get(f"http://{NAME}:{port}/")
        await http.get(f"http://other.example:{port}/")
        assert site.connections == 2


async def test_the_operators_own_server_may_be_anywhere():
    async with site("127.0.0.1") as port, client(f"http://127.0.0.1:{port}/v1/") as http:
        assert (await http.get(f"http://127.0.0.1:{port}/picture")).status_code == 200


@pytest.mark.parametrize("url", ["http://127.0.0.1:{other}/", "https://127.0.0.1:{port}/", "http://localhost:{port}/"])
async def test_another_port_scheme_or_name_is_another_server(url):
    async with site("127.0.0.1") as port, client(f"http://127.0.0.1:{port}/") as http:
        with pytest.raises(ForbiddenAddress):
            await http.get(url.format(port=port, other=port + 1))


async def test_a_question_keeps_its_connection_and_a_call_takes_a_new_one():
    async with site("127.0.0.1") as port, client(f"http://127.0.0.1:{port}/") as http:
        for _ in range(3):
            await http.get(f"http://127.0.0.1:{port}/status")
        assert site.connections == 1
        for _ in range(3):
            await http.post(f"http://127.0.0.1:{port}/call")
        assert site.connections == 4


@pytest.mark.parametrize("url", ["ftp://1.1.1.1/", "file:///etc/passwd", "http://user:password@1.1.1.1/"])
async def test_only_plain_http_and_https_addresses_are_opened(url):
    async with client() as http:
        with pytest.raises(httpx.TransportError):
            await http.get(url)


async def test_a_name_without_an_address_is_not_reached(monkeypatch):
    names_lead(monkeypatch, {})
    async with client() as http:
        with pytest.raises(httpx.ConnectError, match="has no address"):
            await http.get("http://no-such-name.invalid/")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Of NAME, made now."""
    folder = tmp_path_factory.mktemp("certificate")
    made = f"req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN={NAME}"
    names = ["-addext", f"subjectAltName=DNS:{NAME}"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")]
    subprocess.run(["openssl", *made.split(), *names, *files], check=True, capture_output=True)
    return folder


async def test_certificates_are_held_against_the_name_and_not_the_address(monkeypatch, internet, certificate):
    ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ours.load_cert_chain(certificate / "certificate.pem", certificate / "key.pem")
    theirs = ssl.create_default_context(cafile=certificate / "certificate.pem")
    trusted_certificates.cache_clear()
    monkeypatch.setattr("limner.engines.hosted.egress.trusted_certificates", lambda: theirs)
    names_lead(monkeypatch, {NAME: [[PRETEND_PUBLIC]], "other.example": [[PRETEND_PUBLIC]]})
    async with site(ssl=ours) as port, client() as http:
        assert (await http.get(f"https://{NAME}:{port}/")).status_code == 200
        with pytest.raises(httpx.ConnectError, match="certificate"):
            await http.get(f"https://other.example:{port}/")
