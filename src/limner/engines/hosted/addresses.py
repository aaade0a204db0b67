"""Which addresses a picture may be fetched from: public unicast, also inside addresses that carry another one."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_RELAYS = ipaddress.ip_network("192.88.99.0/24")
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
_PROTOCOLS = ipaddress.ip_network("2001::/23")
_TEREDO = ipaddress.ip_network("2001::/32")
_DOCUMENTATION = ipaddress.ip_network("3fff::/20")
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
_ISATAP = (0x00005EFE, 0x02005EFE)
"""The upper half of an interface identifier whose lower half is an IPv4 address."""


def is_public(address: Address) -> bool:
    """Whether the address, and each one inside it, belongs to the public internet and to one machine only."""
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not address.is_multicast and address not in _RELAYS
    inner = list(_inside(address))
    return all(map(is_public, inner)) and (_is_public_v6(address) or (bool(inner) and _carries_only(address)))


def _is_public_v6(address: ipaddress.IPv6Address) -> bool:
    reserved = address in _DOCUMENTATION or (address in _PROTOCOLS and address not in _TEREDO)
    return address in _GLOBAL_UNICAST and not reserved and (address in _TEREDO or address.is_global)


def _carries_only(address: ipaddress.IPv6Address) -> bool:
    """Addresses outside global unicast that stand for an IPv4 address, as networks without IPv4 write it."""
    return address.ipv4_mapped is not None or address in _TRANSLATED


def _inside(address: ipaddress.IPv6Address) -> Iterator[ipaddress.IPv4Address]:
    if address.ipv4_mapped:
        yield address.ipv4_mapped
    if address.sixtofour:
        yield address.sixtofour
    if address.teredo:
        yield from address.teredo
    if address in _TRANSLATED or (int(address) >> 32 & 0xFFFFFFFF) in _ISATAP:
        yield ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
