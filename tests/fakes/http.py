"""An HTTP listener on loopback that counts connections and answers what a test sets."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field


@dataclass
class HttpListener:
    """Keeps every request's head and body; `answer` is sent as it is."""

    answer: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    delay_s: float = 0.0
    close_after: bool = True
    together: asyncio.Barrier | None = None
    """Answers wait for one another, so that as many requests are under way at once."""
    connections: int = 0
    requests: list[tuple[str, bytes]] = field(default_factory=list)
    ports: dict[str, int] = field(default_factory=dict)

    async def start(self, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> int:
        server = await asyncio.start_server(self._serve, host, 0, ssl=tls)
        self._servers = [*getattr(self, "_servers", []), server]
        self.ports[host] = server.sockets[0].getsockname()[1]
        return self.ports[host]

    def stop(self) -> None:
        for server in getattr(self, "_servers", []):
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await self._exchange(reader, writer) and not self.close_after:
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        length = next((int(v) for k, _, v in _fields(head) if k.lower() == "content-length"), 0)
        self.requests.append((head, await reader.readexactly(length)))
        await asyncio.sleep(self.delay_s)
        if self.together is not None:
            await self.together.wait()
        writer.write(self.answer)
        await writer.drain()
        return True


def _fields(head: str) -> list[tuple[str, str, str]]:
    return [line.partition(":") for line in head.split("\r\n")[1:] if ":" in line]
