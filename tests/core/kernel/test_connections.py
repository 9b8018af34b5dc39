from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import httpcore
import httpx
import pytest

from core.kernel.connections import Connections
from tests.fakes.http import HttpListener

HOST = "127.0.0.1"
Make = Callable[..., httpx.AsyncClient]


@pytest.fixture
async def listener() -> AsyncIterator[HttpListener]:
    listener = HttpListener(close_after=False)
    await listener.start()
    yield listener
    listener.stop()


@pytest.fixture
async def client() -> AsyncIterator[Make]:
    made: list[httpx.AsyncClient] = []

    def build(**limits: float) -> httpx.AsyncClient:
        tls = httpx.create_ssl_context(trust_env=False)
        transport = Connections(tls, httpcore.AnyIOBackend(), **limits)  # type: ignore[arg-type]
        made.append(httpx.AsyncClient(transport=transport))
        return made[-1]

    yield build
    for one in made:
        await one.aclose()


def at(listener: HttpListener, port: int = 0) -> str:
    return f"http://{HOST}:{port or listener.ports[HOST]}/"


async def many(client: httpx.AsyncClient, url: str, number: int) -> None:
    answers = await asyncio.gather(*(client.get(url) for _ in range(number)))
    assert {(answer.status_code, answer.text) for answer in answers} == {(200, "ok")}


async def test_a_connection_is_used_again(listener: HttpListener, client: Make):
    calling = client()
    for _ in range(3):
        await many(calling, at(listener), 1)
    assert (listener.connections, len(listener.requests)) == (1, 3)


async def test_as_many_are_kept_as_were_at_work(listener: HttpListener, client: Make):
    calling = client()
    listener.together = asyncio.Barrier(40)
    await many(calling, at(listener), 40)
    await many(calling, at(listener), 40)
    assert (listener.connections, len(listener.requests)) == (40, 80)


async def test_no_more_work_at_once_than_may(listener: HttpListener, client: Make):
    await many(client(most_at_work=2), at(listener), 10)
    assert (listener.connections, len(listener.requests)) == (2, 10)


async def test_no_more_are_idle_than_may(listener: HttpListener, client: Make):
    calling = client(most_idle=3)
    listener.together = asyncio.Barrier(10)
    await many(calling, at(listener), 10)
    await many(calling, at(listener), 10)
    assert listener.connections == 10 + 7


async def test_an_old_one_is_not_used_again(listener: HttpListener, client: Make):
    calling = client(idle_s=0.05)
    await many(calling, at(listener), 1)
    await asyncio.sleep(0.1)
    await many(calling, at(listener), 1)
    assert listener.connections == 2


async def test_an_old_one_of_elsewhere_is_closed_by_the_next_request(listener: HttpListener, client: Make):
    calling = client(idle_s=0.05)
    await many(calling, at(listener), 1)
    left: asyncio.Event = asyncio.Event()

    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await reader.read()
        left.set()
        writer.close()

    server = await asyncio.start_server(other, HOST, 0)
    await many(calling, at(listener, server.sockets[0].getsockname()[1]), 1)
    await asyncio.sleep(0.1)
    await many(calling, at(listener), 1)
    await asyncio.wait_for(left.wait(), 60)
    server.close()


async def test_one_that_the_other_side_closed_is_replaced(listener: HttpListener, client: Make):
    calling = client()
    listener.close_after = True
    await many(calling, at(listener), 1)
    await asyncio.sleep(0.05)
    await many(calling, at(listener), 1)
    assert listener.connections == 2


async def test_an_answer_that_was_not_read_costs_its_connection(listener: HttpListener, client: Make):
    calling = client(most_at_work=1)
    listener.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"
    async with calling.stream("GET", at(listener)) as answer:
        assert answer.status_code == 200
    listener.answer = HttpListener.answer
    await many(calling, at(listener), 1)
    assert listener.connections == 2


async def test_failures_and_broken_off_calls_leave_their_room(listener: HttpListener, client: Make):
    calling = client(most_at_work=1)
    with pytest.raises(httpcore.ConnectError):
        await calling.get("http://127.0.0.1:1/")
    listener.delay_s = 3_600
    broken_off = asyncio.create_task(calling.get(at(listener)))
    while not listener.requests:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    broken_off.cancel()
    with pytest.raises(asyncio.CancelledError):
        await broken_off
    listener.delay_s = 0
    await many(calling, at(listener), 2)
    assert listener.connections == 2


async def test_closing_the_client_closes_what_is_idle(listener: HttpListener, client: Make):
    calling = client()
    gone = asyncio.Event()
    serve = listener._serve

    async def watched(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await serve(reader, writer)
        gone.set()

    server = await asyncio.start_server(watched, HOST, 0)
    await many(calling, at(listener, server.sockets[0].getsockname()[1]), 1)
    assert not gone.is_set()
    await calling.aclose()
    await asyncio.wait_for(gone.wait(), 60)
    server.close()
