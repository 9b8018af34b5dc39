"""Decide which network addresses the product may call on somebody's behalf.

Owns: the deny list and the reading of host names.
Never does: resolve a name or open a connection.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Our own list: `ipaddress.is_global` changes with the Python release and lets 6to4, NAT64 and others through.
_DENIED_V4: tuple[IPv4Network, ...] = tuple(
    IPv4Network(net)
    for net in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT, Alibaba's metadata
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # Azure's host services, on a public address
        "169.254.0.0/16",  # link-local, metadata of most clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments, Oracle's metadata
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
# For IPv6 the list is of what may be called: loopback, mapped, NAT64, link- and site-local, unique local,
# discard, segment routing and multicast all lie outside.
_GLOBAL_V6 = IPv6Network("2000::/3")
_DENIED_V6: tuple[IPv6Network, ...] = tuple(
    IPv6Network(net)
    for net in (
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarking
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
)
_ISATAP = (0x00005EFE, 0x02005EFE)

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.ASCII)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)


class BadHost(ValueError):
    """The host is neither a plain name nor an address in its usual form."""


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Read networks as settings give them (`10.1.2.0/24`, `fd00::/8`)."""
    return tuple(ip_network(text) for text in texts)


def is_denied(address: Address, allowed: Iterable[Network] = ()) -> bool:
    """Tell whether the address must not be called; `allowed` networks are the operator's exceptions."""
    if any(address.version == net.version and address in net for net in allowed):
        return False
    if isinstance(address, IPv4Address):
        return any(address in net for net in _DENIED_V4)
    if address.scope_id is not None or address not in _GLOBAL_V6:
        return True
    return any(address in net for net in _DENIED_V6) or (int(address) >> 32) & 0xFFFFFFFF in _ISATAP


def read_host(host: str) -> tuple[str, Address | None]:
    """Return the host in lower case and its address, where it is one.

    Raises BadHost for what resolvers read in different ways: octal, hexadecimal, decimal and short forms of
    IPv4 addresses, zones, empty labels, and any character outside names.
    """
    name = host.lower()
    if name.startswith("[") and name.endswith("]"):
        name = name[1:-1]
    if ":" in name:
        if "%" in name:
            raise BadHost("an address with a zone")
        try:
            return name, IPv6Address(name)
        except ValueError as error:
            raise BadHost("not an address") from error
    name = name.removesuffix(".")
    labels = name.split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise BadHost("not a host name")
    if not _NUMBER.fullmatch(labels[-1]):
        return name, None
    try:
        address = ip_address(name)
    except ValueError as error:
        raise BadHost("an address in an unusual form") from error
    return name, address
