from __future__ import annotations

import asyncio
import gzip
import ssl
import time
import zlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core.kernel.addresses import Address, networks
from core.kernel.guards import InsideTransactionError, transaction
from core.kernel.http import (
    Answer,
    Outbound,
    OutboundFailed,
    OutboundRefused,
    OutboundTooLarge,
    Policy,
)
from tests.fakes.http import HttpListener

BOTH = frozenset({"http", "https"})
LOOPBACK = networks(["127.0.0.0/8"])


class Names:
    """A resolver with a table; a list of lists is answered one after the other."""

    def __init__(self, **table: list[list[str]]) -> None:
        self.table = {name.replace("_", "."): answers for name, answers in table.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> list[Address]:
        self.asked.append(host)
        answers = self.table.get(host, [[]])
        return [ip_address(text) for text in (answers.pop(0) if len(answers) > 1 else answers[0])]


@pytest.fixture
async def listener() -> AsyncIterator[HttpListener]:
    listener = HttpListener()
    await listener.start()
    yield listener
    listener.stop()


@pytest.fixture
async def make(listener: HttpListener) -> AsyncIterator[Callable[..., Outbound]]:
    made: list[Outbound] = []

    def build(*, resolve: Names | None = None, **policy: object) -> Outbound:
        settings: dict[str, object] = {
            "schemes": BOTH,
            "ports": frozenset(listener.ports.values()),
            "allowed_networks": LOOPBACK,
            "timeout_s": 5.0,
        }
        made.append(Outbound(Policy(**{**settings, **policy}), resolve=resolve))  # type: ignore[arg-type]
        return made[-1]

    yield build
    for client in made:
        await client.close()


async def get(client: Outbound, listener: HttpListener, host: str = "127.0.0.1", path: str = "/") -> Answer:
    return await client.request("GET", f"http://{host}:{listener.ports['127.0.0.1']}{path}")


HOSTS = """
127.0.0.1 127.0.0.1. 127.1 127.0.1 127.000.000.001 0177.0.0.1 0x7f.0.0.1 0x7f000001 2130706433 017700000001
0 0.0.0.0 localhost LOCALHOST localhost. localhost.localdomain
[::1] [::] [::ffff:127.0.0.1] [::ffff:7f00:1] [0:0:0:0:0:ffff:127.0.0.1] [::127.0.0.1] [64:ff9b::127.0.0.1]
[64:ff9b::7f00:1] [2002:7f00:1::] [fe80::1%25lo] [fe80::1] [::1%25lo]
a@127.0.0.1 a:b@127.0.0.1 example.org@127.0.0.1 127.0.0.1%00.example.org 127.0.0.1%2f@example.org
１２７.0.0.1 ①②⑦.0.0.1 127。0。0。1 127.0.0.1\\@example.org 169.254.169.254 metadata.google.internal
100.100.100.200 10.0.0.1 192.168.0.1 [fd00:ec2::254] bad.example mixed.example mapped.example
"""


@pytest.mark.parametrize("host", HOSTS.split())
async def test_nothing_reaches_the_inside(make: Callable[..., Outbound], listener: HttpListener, host: str):
    await listener.start("::1")
    inside = {"localhost", "localhost_localdomain", "metadata_google_internal", "bad_example"}
    names = Names(
        **{name: [["127.0.0.1"]] for name in inside},
        mixed_example=[["93.184.216.34", "127.0.0.1"]],
        mapped_example=[["::ffff:127.0.0.1"]],
    )
    client = make(allowed_networks=(), resolve=names)
    for scheme in BOTH:
        for port in listener.ports.values():
            for attempt in (client.request("POST", f"{scheme}://{host}:{port}/x", content=b"x"),):
                with pytest.raises(OutboundRefused) as caught:
                    await attempt
                assert "127" not in str(caught.value)
            with pytest.raises(OutboundRefused):
                await client.check(f"{scheme}://{host}:{port}/x")
    assert listener.connections == 0


async def test_the_system_resolver_is_checked_too(make: Callable[..., Outbound], listener: HttpListener):
    with pytest.raises(OutboundRefused):
        await get(make(allowed_networks=()), listener, "localhost")
    assert listener.connections == 0
    assert (await get(make(), listener, "127.0.0.1")).is_success


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "unix:///tmp/s",
        "//127.0.0.1/",
        "127.0.0.1/",
        "http:127.0.0.1",
        "http:///x",
        "http://",
        "",
        "http://127.0.0.1:22/",
        "http://127.0.0.1:6379/",
        "http://127.0.0.1:0/",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1 /",
        "http://127.0.0.1\r\nX: y/",
        "http://127.0.0.1/\r\nX: y",
        "http://127.0.0.1/\tx",
        "http://127.0.0.1/" + "a" * 5000,
        "javascript:alert(1)",
    ],
)
async def test_refuses_other_urls(make: Callable[..., Outbound], listener: HttpListener, url: str):
    with pytest.raises(OutboundRefused):
        await make().request("GET", url)
    assert listener.connections == 0


async def test_https_alone_is_the_default(listener: HttpListener):
    client = Outbound(Policy(ports=frozenset(listener.ports.values()), allowed_networks=LOOPBACK))
    with pytest.raises(OutboundRefused, match="scheme"):
        await get(client, listener)
    await client.close()


async def test_calls_and_returns_the_answer(make: Callable[..., Outbound], listener: HttpListener):
    url = f"http://hook.example:{listener.ports['127.0.0.1']}/a%20b?c=d#e"
    client = make(resolve=Names(hook_example=[["127.0.0.1"]]))
    answer = await client.request("POST", url, headers={"X-Sign": "1"}, content=b"{}")
    assert (answer.status, answer.body, answer.is_success) == (200, b"ok", True)
    ((head, body),) = listener.requests
    assert head.startswith("POST /a%20b?c=d HTTP/1.1\r\nHost: hook.example:")
    assert "X-Sign: 1\r\n" in head
    assert body == b"{}"


async def test_a_name_is_resolved_once_per_connection(make: Callable[..., Outbound], listener: HttpListener):
    names = Names(hook_example=[["127.0.0.1"], ["169.254.169.254"]])
    client = make(resolve=names)
    assert (await get(client, listener, "hook.example")).is_success
    assert names.asked == ["hook.example"]


async def test_a_rebound_name_is_refused(make: Callable[..., Outbound], listener: HttpListener):
    client = make(resolve=Names(hook_example=[["127.0.0.1"], ["10.0.0.1"]]))
    await client.check(f"http://hook.example:{listener.ports['127.0.0.1']}/")
    with pytest.raises(OutboundRefused):
        await get(client, listener, "hook.example")
    assert listener.connections == 0


async def test_the_next_good_address_is_tried(make: Callable[..., Outbound], listener: HttpListener):
    client = make(resolve=Names(hook_example=[["127.0.0.9", "127.0.0.1"]]))
    assert (await get(client, listener, "hook.example")).is_success


async def test_an_unknown_name_is_a_failure(make: Callable[..., Outbound], listener: HttpListener):
    client = make(resolve=Names())
    with pytest.raises(OutboundFailed):
        await get(client, listener, "nobody.example")
    with pytest.raises(OutboundFailed):
        await client.check(f"http://nobody.example:{listener.ports['127.0.0.1']}/")


async def test_redirects_are_not_followed(make: Callable[..., Outbound], listener: HttpListener):
    for code in (301, 302, 303, 307, 308):
        target = f"http://127.0.0.1:{listener.ports['127.0.0.1']}/inside"
        listener.answer = f"HTTP/1.1 {code} Go\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n".encode()
        assert (await get(make(), listener)).status == code
    assert [head.split()[1] for head, _ in listener.requests] == ["/"] * 5


async def test_the_environment_has_no_say(
    make: Callable[..., Outbound], listener: HttpListener, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.9:1")
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login ann password secret")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    assert (await get(make(), listener)).is_success
    assert "authorization" not in listener.requests[0][0].lower()


async def test_cookies_are_not_kept(make: Callable[..., Outbound], listener: HttpListener):
    listener.answer = b"HTTP/1.1 200 OK\r\nSet-Cookie: tenant=ann; Path=/\r\nContent-Length: 0\r\n\r\n"
    client = make()
    await get(client, listener)
    await get(client, listener)
    assert "cookie" not in listener.requests[1][0].lower()


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "169.254.169.254"},
        {"transfer-encoding": "chunked"},
        {"Content-Length": "0"},
        {"X": "a\r\nY: b"},
        {"X\r\nY": "a"},
        {"X": "a\0"},
        {"": "a"},
        {"X Y": "a"},
        {"X": "名"},
    ],
)
async def test_refuses_headers(
    make: Callable[..., Outbound], listener: HttpListener, headers: dict[str, str]
):
    with pytest.raises(OutboundRefused):
        await make().request("GET", f"http://127.0.0.1:{listener.ports['127.0.0.1']}/", headers=headers)
    assert listener.connections == 0


async def test_refuses_methods(make: Callable[..., Outbound]):
    for method in ("CONNECT", "TRACE", "get", "GET /x HTTP/1.1\r\nX:"):
        with pytest.raises(OutboundRefused):
            await make().request(method, "http://127.0.0.1:80/")


async def test_the_answer_has_a_size_limit(make: Callable[..., Outbound], listener: HttpListener):
    listener.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + bytes(2000)
    with pytest.raises(OutboundTooLarge):
        await get(make(max_response_bytes=1999), listener)
    assert len((await get(make(max_response_bytes=2000), listener)).body) == 2000
    listener.answer = b"HTTP/1.1 200 OK\r\nX: " + b"a" * 300_000 + b"\r\n\r\n"
    with pytest.raises(OutboundFailed):
        await get(make(), listener)


async def test_bombs_stop_at_the_limit(make: Callable[..., Outbound], listener: HttpListener):
    for encoding, packed in (
        ("gzip", gzip.compress(bytes(50_000_000))),
        ("deflate", zlib.compress(bytes(50_000_000))),
    ):
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {len(packed)}\r\n\r\n"
        listener.answer = head.encode() + packed
        with pytest.raises(OutboundTooLarge):
            await get(make(max_response_bytes=10_000), listener)
    listener.answer = (
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 22\r\n\r\n" + gzip.compress(b"ok")
    )
    assert (await get(make(), listener)).body == b"ok"
    for encoding, body in ((b"br", b"ok"), (b"gzip", b"no")):
        listener.answer = (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: " + encoding + b"\r\nContent-Length: 2\r\n\r\n" + body
        )
        with pytest.raises(OutboundFailed):
            await get(make(), listener)


async def test_a_slow_side_costs_no_more_than_the_time_limit(
    make: Callable[..., Outbound], listener: HttpListener
):
    listener.delay_s = 3_600
    began = time.monotonic()
    with pytest.raises(OutboundFailed, match="time"):
        await get(make(timeout_s=0.2), listener)
    assert time.monotonic() - began < 60


async def test_a_dripping_side_is_cut_off(make: Callable[..., Outbound]):
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
        try:
            for _ in range(100):
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.05)
        except ConnectionError:
            pass
        writer.close()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(OutboundFailed):
        await make(timeout_s=0.3, ports=frozenset({port})).request("GET", f"http://127.0.0.1:{port}/")
    server.close()


async def test_a_broken_answer_is_a_failure(make: Callable[..., Outbound], listener: HttpListener):
    for answer in (b"", b"SSH-2.0-x\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"):
        listener.answer = answer
        with pytest.raises(OutboundFailed):
            await get(make(), listener)


async def test_refuses_inside_a_transaction(make: Callable[..., Outbound], listener: HttpListener):
    with transaction():
        with pytest.raises(InsideTransactionError):
            await get(make(), listener)
        with pytest.raises(InsideTransactionError):
            await make().check("http://127.0.0.1/")
    assert listener.connections == 0


def certificate(folder: Path, name: str) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(1)).not_valid_after(now + timedelta(1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    signed = builder.sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "server.pem"
    path.write_bytes(private + signed.public_bytes(pem))
    return path


async def test_certificates_are_checked_against_the_name(
    make: Callable[..., Outbound], listener: HttpListener, tmp_path: Path
):
    pem = certificate(tmp_path, "hook.example")
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(pem)
    port = await listener.start("127.0.0.1", serving)
    names = Names(hook_example=[["127.0.0.1"]], other_example=[["127.0.0.1"]])
    trusting = make(resolve=names, tls=ssl.create_default_context(cafile=str(pem)))
    assert (await trusting.request("GET", f"https://hook.example:{port}/")).is_success
    for client, host in (
        (trusting, "other.example"),
        (trusting, "127.0.0.1"),
        (make(resolve=names), "hook.example"),
    ):
        with pytest.raises(OutboundFailed):
            await client.request("GET", f"https://{host}:{port}/")
    assert len(listener.requests) == 1
