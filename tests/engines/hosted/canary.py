"""Listeners that must never hear anything, and names that lead wherever a test says."""

import asyncio
import socket
from contextlib import asynccontextmanager, suppress


class Canary:
    """Counts connections to a port on both loopback addresses."""

    def __init__(self):
        self.heard = []
        self.port = 0

    async def _hear(self, reader, writer):
        self.heard.append(writer.get_extra_info("sockname"))
        writer.close()


@asynccontextmanager
async def canary():
    listening = Canary()
    server = await asyncio.start_server(listening._hear, "127.0.0.1", 0)
    listening.port = server.sockets[0].getsockname()[1]
    both = [server]
    if socket.has_ipv6:
        with suppress(OSError):
            both.append(await asyncio.start_server(listening._hear, "::1", listening.port))
    try:
        yield listening
    finally:
        for one in both:
            one.close()


def names_lead(monkeypatch, zone):
    """`zone` maps a name to its answers, one a question, the last for ever after. Literals are resolved as ever."""
    real = socket.getaddrinfo
    asked = []

    def getaddrinfo(host, port, family=0, type=0, proto=0, flags=0):  # noqa: A002 - the library's name
        name = host.decode() if isinstance(host, bytes) else host
        if name not in zone:
            return real(host, port, family, type, proto, flags | socket.AI_NUMERICHOST)
        asked.append(name)
        answers = zone[name]
        addresses = answers[min(asked.count(name), len(answers)) - 1]
        return [found for address in addresses for found in real(address, port, family, type, proto, flags)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked
