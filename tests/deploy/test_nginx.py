"""What nginx does with requests, told by servers behind it that write them down."""

import asyncio
import contextlib

import httpx
import pytest

from tests.deploy.front import nginx
from tests.faults.installation import free_port

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok"


class Upstream:
    """Writes down each request's head, and answers with `answer`: with nothing, as one who is killed meanwhile."""

    def __init__(self, answer):
        self.answer, self.heads = answer, []

    async def handle(self, reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode().lower())
            writer.write(self.answer)
            await writer.drain()
        writer.close()

    @contextlib.asynccontextmanager
    async def listening(self):
        async with await asyncio.start_server(self.handle, "127.0.0.1") as server:
            yield server.sockets[0].getsockname()[1]


@contextlib.asynccontextmanager
async def before(folder, *upstreams):
    """A client of nginx before them."""
    async with contextlib.AsyncExitStack() as stack:
        ports = [await stack.enter_async_context(upstream.listening()) for upstream in upstreams]
        url = stack.enter_context(nginx(folder / "nginx", ports))
        yield await stack.enter_async_context(httpx.AsyncClient(base_url=url))


async def test_a_post_that_a_dying_server_may_have_taken_is_not_sent_to_another(tmp_path):
    dying = Upstream(b""), Upstream(b"")
    async with before(tmp_path, *dying) as client:
        answer = await client.post("/images", json={"prompt": "a red fox"})
        assert answer.status_code == 502
        assert sum(len(one.heads) for one in dying) == 1


async def test_its_log_keeps_no_signature(tmp_path):
    async with before(tmp_path, Upstream(OK)) as client:
        await client.get("/jobs/1/events?signature=secret")
        log = (tmp_path / "nginx" / "access.log").read_text()
        assert '"GET /jobs/1/events" 200' in log
        assert "secret" not in log


async def test_a_question_that_a_dying_server_did_not_answer_is_asked_another(tmp_path):
    dying = Upstream(b""), Upstream(b"")
    async with before(tmp_path, *dying) as client:
        await client.get("/jobs")
        assert [len(one.heads) for one in dying] == [1, 1]


async def test_a_server_that_is_gone_costs_a_post_nothing(tmp_path):
    async with Upstream(OK).listening() as port:
        with nginx(tmp_path / "nginx", [free_port(), port]) as url:
            async with httpx.AsyncClient(base_url=url) as client:
                answers = [await client.post("/images", json={}) for _ in range(4)]
    assert {answer.status_code for answer in answers} == {200}


async def test_who_asks_and_how_is_said_by_nginx_and_not_by_the_client(tmp_path):
    server = Upstream(OK)
    lies = {"x-forwarded-for": "192.0.2.1", "x-forwarded-proto": "https", "x-sendfile-type": "nonsense"}
    async with before(tmp_path, server) as client:
        await client.get("/jobs", headers={"host": "art.example.org", **lies})
    lines = server.heads[0].splitlines()
    told = {"x-forwarded-for: 127.0.0.1", "x-forwarded-proto: http", "x-sendfile-type: x-accel-redirect"}
    assert told | {"host: art.example.org"} <= set(lines)
    assert "192.0.2.1" not in server.heads[0]


@pytest.mark.parametrize("path", ["/metrics", "/ready", "/metrics?x=1", "/%6detrics"])
async def test_what_is_for_operators_stays_inside(tmp_path, path):
    server = Upstream(OK)
    async with before(tmp_path, server) as client:
        assert (await client.get(path)).status_code == 403
    assert not server.heads


@pytest.mark.parametrize(("size", "status"), [(20 * 1024 * 1024, 200), (33 * 1024 * 1024, 413)])
async def test_uploads_of_the_size_that_we_take_come_through(tmp_path, size, status):
    async with before(tmp_path, Swallowing()) as client:
        assert (await client.post("/inputs", content=bytes(size))).status_code == status


class Swallowing(Upstream):
    """Reads the body, too."""

    def __init__(self):
        super().__init__(OK)

    async def handle(self, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        (length,) = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")]
        await reader.readexactly(int(length))
        writer.write(self.answer)
        writer.close()
