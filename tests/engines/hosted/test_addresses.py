import ipaddress

import pytest

from limner.engines.hosted.addresses import is_public

PUBLIC = ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "2a00:1450:4001::200e"]
CARRYING_A_PUBLIC_ONE = ["::ffff:1.1.1.1", "64:ff9b::1.1.1.1", "2002:101:101::1"]
NOT_PUBLIC = [
    "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.8.8.8", "169.254.169.254", "172.16.0.1", "192.0.0.1",
    "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1",
    "255.255.255.255", "::", "::1", "fe80::1", "fec0::1", "fc00::1", "fd12:3456::1", "ff02::1", "100::1", "2001:db8::1",
    "3fff::1", "2001:2::1", "2001:10::1", "2001:20::1", "5f00::1", "4000::1", "fd00:ec2::254",
]  # fmt: skip
CARRYING_ANOTHER = [
    "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:10.0.0.1", "::127.0.0.1", "::ffff:0:127.0.0.1",
    "64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1.1.1.1", "2002:7f00:1::1", "2002:a9fe:a9fe::",
    "2001:0:7f00:1::", "2001:0:101:101:0:0:80ff:fffe", "2606:4700::5efe:127.0.0.1", "2606:4700::200:5efe:10.0.0.1",
]  # fmt: skip


@pytest.mark.parametrize("address", [*PUBLIC, *CARRYING_A_PUBLIC_ONE])
def test_the_public_internet_may_be_fetched_from(address):
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_what_is_not_global_unicast_may_not(address):
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", CARRYING_ANOTHER)
def test_nor_what_carries_such_an_address(address):
    assert not is_public(ipaddress.ip_address(address))
