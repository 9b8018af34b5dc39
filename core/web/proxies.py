"""Who really sent a request that came through proxies: believed only from those that the operator named."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

from litestar.types import Scope

from core.settings import Network

HOST, SCHEME = b"x-forwarded-host", b"x-forwarded-proto"


def client_of(peer: str, forwarded: str, trusted: Sequence[Network]) -> str:
    """The nearest address that is no trusted proxy's; what stands left of it anybody could have written."""
    client = peer
    for part in reversed([one.strip() for one in forwarded.split(",") if one.strip()]):
        if not _is_trusted(client, trusted) or not _is_address(part):
            break
        client = part
    return client


def see_through(scope: Scope, trusted: Sequence[Network]) -> None:
    """Put what a trusted proxy says into the scope: the client's own address, and the host and scheme it asked for."""
    peer = scope.get("client")
    if not trusted or not peer or not _is_trusted(peer[0], trusted):
        return
    scope["client"] = (client_of(peer[0], _told(scope, b"x-forwarded-for"), trusted), peer[1])
    host, scheme = (_told(scope, name).rpartition(",")[2].strip() for name in (HOST, SCHEME))
    scope["gx.forwarded"] = (host, scheme.lower())  # type: ignore[typeddict-unknown-key]


def _told(scope: Scope, wanted: bytes) -> str:
    return ",".join(value.decode("latin-1") for name, value in scope["headers"] if name == wanted)


def _is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    if not _is_address(address):
        return False
    found = ip_address(address)
    found = getattr(found, "ipv4_mapped", None) or found
    return any(found.version == network.version and found in network for network in trusted)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
