"""Which connection a request takes: the operator's own server as it stands, any other address only once it is checked."""

from __future__ import annotations

import asyncio
import functools
import ipaddress
import socket
import ssl

import httpx

from limner.engines.hosted.addresses import Address, is_public

KEPT = httpx.Limits(max_connections=None, max_keepalive_connections=16, keepalive_expiry=20.0)
FRESH = httpx.Limits(max_connections=None, max_keepalive_connections=0)

PORTS = {"http": 80, "https": 443}

Origin = tuple[str, str, int | None]


class ForbiddenAddress(httpx.ConnectError):
    """The URL leads to an address that a service has no business to name; nothing was connected."""


class Egress(httpx.AsyncBaseTransport):
    """Trusts `base_url`, which the operator wrote. A foreign host is resolved once, and the very address that was found to
    be public is connected to.

    What may cost money takes a new connection: one that lay idle may just be closing, and nobody could tell whether the
    request was taken. Foreign hosts take a new one each: one kept for a name must not serve another name.
    """

    def __init__(self, base_url: httpx.URL) -> None:
        self._own = origin_of(base_url)
        certificates = trusted_certificates()
        self._kept = httpx.AsyncHTTPTransport(verify=certificates, limits=KEPT)
        self._fresh = httpx.AsyncHTTPTransport(verify=certificates, limits=FRESH)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if origin_of(request.url) != self._own:
            return await self._ask_foreign(request)
        transport = self._kept if request.method == "GET" else self._fresh
        return await transport.handle_async_request(request)

    async def _ask_foreign(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        wait = request.extensions.get("timeout", {}).get("connect")
        for address in await _public_addresses(request.url, wait):
            request.url = request.url.copy_with(host=str(address))
            request.extensions = {**request.extensions, "sni_hostname": host}
            try:
                return await self._fresh.handle_async_request(request)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                fault: httpx.TransportError = error
        raise fault

    async def aclose(self) -> None:
        await self._kept.aclose()
        await self._fresh.aclose()


def origin_of(url: httpx.URL) -> Origin:
    """Scheme, host and port; port None is the scheme's own."""
    return url.scheme, url.host, url.port


@functools.cache
def trusted_certificates() -> ssl.SSLContext:
    """Read from files: slow, so once a process."""
    return httpx.create_ssl_context()


async def _public_addresses(url: httpx.URL, wait: float | None) -> list[Address]:
    """At least one. Raises ForbiddenAddress, and ConnectError for a name that there is not."""
    if url.scheme not in PORTS or url.userinfo:
        raise ForbiddenAddress("Only plain http and https addresses are fetched.")
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(wait):
            found = await loop.getaddrinfo(url.host, url.port or PORTS[url.scheme], type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError) as error:
        raise httpx.ConnectError("The host of the address has no address.") from error
    addresses = [ipaddress.ip_address(str(where[0]).partition("%")[0]) for *_, where in found]
    public = [address for address in addresses if is_public(address)]
    if not public:
        raise ForbiddenAddress("The address is not on the public internet.")
    return public
