"""Addresses that proxies report: believed from those that are named, and from nobody else."""

from ipaddress import ip_network

import pytest

from core.web.proxies import client_of, see_through

TRUSTED = (ip_network("10.0.0.0/8"), ip_network("::1/128"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.1", "1.1.1.1, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.7", "10.0.0.7"),
        ("203.0.113.5", "198.51.100.1", "203.0.113.5"),
        ("::1", "2001:db8::7", "2001:db8::7"),
        ("::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"),
    ],
)
def test_the_nearest_stranger_is_the_client(peer, forwarded, client):
    assert client_of(peer, forwarded, TRUSTED) == client


@pytest.mark.parametrize(("trusted", "client"), [(TRUSTED, "203.0.113.9"), ((), "10.0.0.1")])
def test_without_named_proxies_nothing_is_believed(trusted, client):
    scope = {"client": ("10.0.0.1", 1), "headers": [(b"x-forwarded-for", b"203.0.113.9")]}
    see_through(scope, trusted)
    assert scope["client"][0] == client


@pytest.mark.parametrize(
    ("trusted", "told"),
    [(TRUSTED, ("crm.example.com", "https")), ((), None), ((ip_network("::1/128"),), None)],
)
def test_host_and_scheme_are_believed_from_trusted_proxies_alone(trusted, told):
    headers = [
        (b"x-forwarded-host", b"evil.example, crm.example.com"),
        (b"x-forwarded-proto", b"HTTPS"),
        (b"x-forwarded-for", b"203.0.113.9"),
    ]
    scope = {"client": ("10.0.0.1", 1), "headers": headers}
    see_through(scope, trusted)
    assert scope.get("gx.forwarded") == told
