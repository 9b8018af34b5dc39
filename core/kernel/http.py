"""Call the world outside: the only HTTP client of the core and of plugins.

Owns: which URLs, ports and addresses may be called, the limits on time and size.
Never does: follow a redirect, use a proxy from the environment, keep a cookie, connect to an address that it
has not checked, run inside a database transaction, tell a caller which address a name has.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import time
import zlib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from ipaddress import ip_address
from typing import Any

import httpcore
import httpx

from core.kernel.addresses import Address, BadHost, Network, is_denied, read_host
from core.kernel.connections import Connections
from core.kernel.guards import outside_transaction

Resolver = Callable[[str, int], Awaitable[list[Address]]]

DEFAULT_PORTS = frozenset({80, 443, 8080, 8443})
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
_OWN_HEADERS = frozenset(
    {"host", "connection", "content-length", "transfer-encoding", "upgrade", "te", "trailer", "expect"}
    | {"proxy-authorization", "proxy-connection", "accept-encoding", "keep-alive"}
)
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_URL = re.compile(r"[!-~]{1,4096}", re.ASCII)
_MAX_ADDRESSES = 8
_FAILURES = (
    *(httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, httpx.HTTPError),
    *(httpx.InvalidURL, ssl.SSLError, OSError),
)


class OutboundError(Exception):
    """A call that brought no answer."""


class OutboundRefused(OutboundError):
    """We do not make this call; trying again is of no use."""


class OutboundFailed(OutboundError):
    """The other side could not be reached, was too slow or broke off; another try may do."""


class OutboundTooLarge(OutboundError):
    """The answer is larger than the caller takes; ``answer`` has its beginning."""

    def __init__(self, message: str, answer: Answer | None = None) -> None:
        super().__init__(message)
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of the other side, whatever its status; redirects come as they are."""

    status: int
    headers: httpx.Headers
    body: bytes
    elapsed_ms: int

    @property
    def is_success(self) -> bool:
        """Tell whether the status is 2xx."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the operator's settings let the client do."""

    schemes: frozenset[str] = frozenset({"https"})
    ports: frozenset[int] = DEFAULT_PORTS
    allowed_networks: tuple[Network, ...] = ()
    max_response_bytes: int = 1024 * 1024
    timeout_s: float = 15.0
    connect_timeout_s: float = 5.0
    tls: ssl.SSLContext | None = None


class Outbound:
    """Make calls under one policy; one per process."""

    def __init__(self, policy: Policy | None = None, *, resolve: Resolver | None = None) -> None:
        self._policy = policy or Policy()
        self._backend = _CheckedBackend(self._policy, resolve or _SystemResolver())
        tls = self._policy.tls or httpx.create_ssl_context(trust_env=False)
        self._client = httpx.AsyncClient(
            transport=Connections(tls, self._backend),
            trust_env=False,
            follow_redirects=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            timeout=httpx.Timeout(self._policy.timeout_s, connect=self._policy.connect_timeout_s),
            headers={"User-Agent": "Guanxi/1", "Accept": "*/*", "Accept-Encoding": "identity"},
        )

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        max_response_bytes: int | None = None,
        timeout_s: float | None = None,
    ) -> Answer:
        """Make one call and return its answer.

        Raises OutboundRefused before any packet leaves for a URL, header or address that is not allowed,
        OutboundFailed for an error on the way, OutboundTooLarge for too long an answer.
        """
        outside_transaction("an outbound call")
        checked = self._read_url(url)
        if method not in _METHODS:
            raise OutboundRefused("this method is not allowed")
        request = self._client.build_request(
            method, checked, headers=_checked(headers or {}), content=content
        )
        limit = self._policy.max_response_bytes if max_response_bytes is None else max_response_bytes
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._policy.timeout_s if timeout_s is None else timeout_s):
                response = await self._client.send(request, stream=True)
                try:
                    body, is_whole = await _read(response, limit)
                finally:
                    await response.aclose()
        except TimeoutError as error:
            raise OutboundFailed("no answer in time") from error
        except _FAILURES as error:
            raise OutboundFailed(f"the call failed: {type(error).__name__}") from error
        spent_ms = round((time.monotonic() - began) * 1000)
        answer = Answer(response.status_code, response.headers, body, spent_ms)
        if not is_whole:
            raise OutboundTooLarge(f"the answer is larger than {limit} bytes", answer)
        return answer

    def permit(self, url: str) -> None:
        """Raise OutboundRefused for a URL that is never called, as far as can be told without asking for its name."""
        _, literal = read_host(self._read_url(url).host)
        if literal is not None and is_denied(literal, self._policy.allowed_networks):
            raise OutboundRefused("the address is not allowed")

    async def check(self, url: str) -> None:
        """Raise OutboundRefused unless the URL may be called now, OutboundFailed for an unknown name."""
        outside_transaction("resolving a name")
        checked = self._read_url(url)
        try:
            async with asyncio.timeout(self._policy.connect_timeout_s):
                await self._backend.addresses(checked.host, checked.port or _default_port(checked))
        except (httpcore.ConnectError, TimeoutError) as error:
            raise OutboundFailed("the name is not known") from error

    async def close(self) -> None:
        """Close idle connections."""
        await self._client.aclose()

    def _read_url(self, url: str) -> httpx.URL:
        # Plain ASCII only: what two parsers may read differently (backslash, blank, wide digit) is refused.
        if not _URL.fullmatch(url) or "\\" in url:
            raise OutboundRefused("the address holds characters that are not allowed")
        try:
            parsed = httpx.URL(url)
            host, _ = read_host(parsed.host)
        except (httpx.InvalidURL, BadHost, UnicodeError) as error:
            raise OutboundRefused("the address is not a plain URL") from error
        if parsed.scheme not in self._policy.schemes:
            raise OutboundRefused("this scheme is not allowed")
        if parsed.userinfo or "@" in parsed.netloc.decode("ascii"):
            raise OutboundRefused("a login in the address is not allowed")
        if (parsed.port or _default_port(parsed)) not in self._policy.ports:
            raise OutboundRefused("this port is not allowed")
        return parsed.copy_with(host=host, fragment=None)


class _CheckedBackend(httpcore.AsyncNetworkBackend):
    """Resolve, check every address, connect to a checked address and to nothing else."""

    def __init__(self, policy: Policy, resolve: Resolver) -> None:
        self._policy = policy
        self._resolve = resolve
        self._plain = httpcore.AnyIOBackend()

    async def addresses(self, host: str, port: int) -> list[Address]:
        """Return the addresses of the host; raise OutboundRefused if a single one is denied."""
        try:
            name, literal = read_host(host)
        except BadHost as error:
            raise OutboundRefused("the address is not a plain URL") from error
        found = [literal] if literal is not None else await self._resolve(name, port)
        if not found:
            raise httpcore.ConnectError("no address")
        # All of them: a name that mixes good and bad addresses is an attack, not an accident.
        if any(is_denied(address, self._policy.allowed_networks) for address in found):
            raise OutboundRefused("the address is not allowed")
        return found[:_MAX_ADDRESSES]

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        failure: Exception = httpcore.ConnectError("no address")
        try:
            async with asyncio.timeout(timeout):
                for address in await self.addresses(host, port):
                    try:
                        return await self._connect(address, port, socket_options)
                    except httpcore.ConnectError as error:
                        failure = error
        except TimeoutError as error:
            raise httpcore.ConnectTimeout("connecting took too long") from error
        raise failure

    async def _connect(
        self, address: Address, port: int, socket_options: Iterable[Any] | None
    ) -> httpcore.AsyncNetworkStream:
        stream = await self._plain.connect_tcp(str(address), port, None, None, socket_options)
        peer = stream.get_extra_info("server_addr")
        if not peer or ip_address(peer[0]) != address:
            await stream.aclose()
            raise OutboundRefused("the address is not allowed")
        return stream

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise OutboundRefused("local sockets are not allowed")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class _SystemResolver:
    """The system's resolver in threads of its own: slow name servers must not stop file access."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="resolve")

    async def __call__(self, host: str, port: int) -> list[Address]:
        loop = asyncio.get_running_loop()
        try:
            infos = await loop.run_in_executor(self._threads, _getaddrinfo, host, port)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError("the name is not known") from error
        return list(dict.fromkeys(ip_address(str(info[4][0])) for info in infos))


def _getaddrinfo(host: str, port: int) -> list[Any]:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)


def _default_port(url: httpx.URL) -> int:
    return 443 if url.scheme == "https" else 80


def _checked(headers: Mapping[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if name.lower() in _OWN_HEADERS or not _TOKEN.fullmatch(name) or not _VALUE.fullmatch(value):
            raise OutboundRefused("this header is not allowed")
    return dict(headers)


async def _read(response: httpx.Response, limit: int) -> tuple[bytes, bool]:
    """Read the body up to the limit, which holds for the decoded bytes: a bomb stops at it; and whether that is all."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", "deflate"):
        raise OutboundFailed("the answer is encoded in a way that was not asked for")
    decoder = None if encoding == "identity" else zlib.decompressobj(wbits=47)
    body = bytearray()
    async for chunk in response.aiter_raw():
        try:
            body += chunk if decoder is None else decoder.decompress(chunk, limit + 1 - len(body))
        except zlib.error as error:
            raise OutboundFailed("the answer is damaged") from error
        if len(body) > limit:
            return bytes(body[:limit]), False
    return bytes(body), True
