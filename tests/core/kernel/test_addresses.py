from __future__ import annotations

from ipaddress import ip_address

import pytest

from core.kernel.addresses import BadHost, is_denied, networks, read_host

DENIED = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.255 127.0.0.1 127.1.2.3
168.63.129.16 169.254.0.1 169.254.169.254 169.254.170.2 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.192
192.0.2.1 192.88.99.1 192.168.0.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1
239.255.255.255 240.0.0.1 255.255.255.255
:: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::ffff:0:127.0.0.1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe
64:ff9b:1::1 100::1 2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:2::1 2001:10::1 2001:20::1
2001:db8::1 2002:7f00:1:: 2002:a9fe:a9fe::1 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0
fec0::1 ff02::1 ff0e::1 4000::1 2606:4700::5efe:7f00:1 2606:4700::200:5efe:7f00:1
"""
PUBLIC = """
1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.1 172.15.255.255
172.32.0.0 192.0.1.1 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 223.255.255.255
2606:4700:4700::1111 2400:3200::1 2a00:1450:4001::200e 2001:4860:4860::8888 2003::1
"""


@pytest.mark.parametrize("text", DENIED.split())
def test_denies(text: str):
    assert is_denied(ip_address(text))


@pytest.mark.parametrize("text", PUBLIC.split())
def test_lets_public_addresses_through(text: str):
    assert not is_denied(ip_address(text))


def test_the_operator_may_allow_a_network():
    allowed = networks(["10.1.0.0/16", "fd00::/8"])
    assert not is_denied(ip_address("10.1.2.3"), allowed)
    assert not is_denied(ip_address("fd00::1"), allowed)
    assert is_denied(ip_address("10.2.0.1"), allowed)
    assert is_denied(ip_address("::ffff:10.1.2.3"), allowed)


@pytest.mark.parametrize(
    "host",
    [
        "2130706433 0x7f000001 017700000001 0177.0.0.1 0x7f.0.0.1 0x7f.1 127.1 127.0.1 127.0.0.1.1",
        "127.0.0.256 00127.0.0.1 127.0.0.01 1.2.3.0x4 0 0x 999999999999 example.0x7f",
        "fe80::1%25eth0 ::1%lo [::1]] 1::2::3 a..b .a - -a.b a-.b a_b,c a/b a@b a:80:90 ①.②.③.④ １２７.0.0.1",
        "a%2eb 127。0。0。1",
    ],
)
def test_refuses_unusual_hosts(host: str):
    for one in host.split():
        with pytest.raises(BadHost):
            read_host(one)


def test_refuses_blank_and_endless_hosts():
    for host in ("", ".", " a", "a b", "a\0", "a\n", "a" * 64 + ".org", ".".join(["abc"] * 70)):
        with pytest.raises(BadHost):
            read_host(host)


def test_reads_plain_hosts():
    assert read_host("Example.ORG.") == ("example.org", None)
    assert read_host("xn--fiqs8s") == ("xn--fiqs8s", None)
    assert read_host("1.1.1.1") == ("1.1.1.1", ip_address("1.1.1.1"))
    assert read_host("[2606:4700::1]") == ("2606:4700::1", ip_address("2606:4700::1"))
    assert read_host("3com.example1") == ("3com.example1", None)
