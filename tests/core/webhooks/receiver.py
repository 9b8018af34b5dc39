"""A receiver of webhooks on loopback that keeps what it gets and behaves as the path says."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import msgspec
from standardwebhooks import Webhook

ANSWERS = {
    "ok": b"HTTP/1.1 204 No Content\r\n\r\n",
    "broken": b"HTTP/1.1 500 Broken\r\nContent-Length: 7\r\nContent-Type: text/plain\r\n\r\nsorry \0",
    "gone": b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n",
    "busy": b"HTTP/1.1 503 Busy\r\nRetry-After: 900\r\nContent-Length: 0\r\n\r\n",
    "away": b"HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n",
    "huge": b"HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n" + b"x" * 100_000,
    "huge-no": b"HTTP/1.1 500 No\r\nContent-Length: 50000000\r\n\r\n" + b"x" * 100_000,
    "nonsense": b"\x00\x01\x02 what?\r\n\r\n",
    "drip": b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n",
    "closes": b"",
    "hang": b"",
}


@dataclass
class Got:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    def verified(self, secret: str) -> Any:
        """What the specification's own library makes of it; raises where the signature does not hold."""
        return Webhook(secret).verify(self.body, self.headers)


@dataclass
class Receiver:
    """Answers like ``ANSWERS[path]``; a path's entry in ``turns`` overrides it for its next requests."""

    got: list[Got] = field(default_factory=list)
    turns: dict[str, list[str]] = field(default_factory=dict)
    connections: int = 0
    now: Counter[str] = field(default_factory=Counter)
    most: Counter[str] = field(default_factory=Counter)
    pause_s: float = 0.0
    port: int = 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        self._server.close()

    def url(self, path: str = "ok") -> str:
        return f"http://127.0.0.1:{self.port}/{path}"

    def ids(self, path: str = "ok") -> list[str]:
        return [one.headers["webhook-id"] for one in self.got if one.path == path]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await self._answer(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        path = first.split(" ")[1].lstrip("/")
        self.got.append(Got(path, headers, await reader.readexactly(int(headers["content-length"]))))
        self.now[path] += 1
        self.most[path] = max(self.most[path], self.now[path])
        try:
            return await self._behave(self.turns[path].pop(0) if self.turns.get(path) else path, writer)
        finally:
            self.now[path] -= 1

    async def _behave(self, how: str, writer: asyncio.StreamWriter) -> bool:
        await asyncio.sleep(self.pause_s)
        if how == "hang":
            await asyncio.sleep(3600)
        how = how if how in ANSWERS else "ok"
        writer.write(ANSWERS[how])
        await writer.drain()
        while how == "drip":
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)
        return how in ("ok", "broken", "gone", "busy", "away")
