"""The database is away: 503 with Retry-After, never 500; everything goes on by itself when it is back."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from sqlalchemy.engine import make_url

from core.app import create_app
from core.tenancy.db import Databases
from core.tenancy.directory import Directory
from tenants.accounts.authentication import COOKIE


class Gate:
    """A socket in front of the database's that can be shut and opened."""

    def __init__(self, folder: Path, target: str) -> None:
        self.folder = folder
        self.target = target
        self.server: asyncio.Server | None = None
        self.open_ones: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        self.server = await asyncio.start_unix_server(self.through, self.folder / Path(self.target).name)

    async def shut(self) -> None:
        assert self.server is not None
        self.server.close()
        for writer in list(self.open_ones):
            writer.transport.abort()
        (self.folder / Path(self.target).name).unlink(missing_ok=True)

    async def through(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_unix_connection(self.target)
        self.open_ones |= {writer, far_writer}
        await asyncio.gather(self.pump(reader, far_writer), self.pump(far_reader, writer))

    async def pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await source.read(65536):
                sink.write(chunk)
                await sink.drain()
        self.open_ones.discard(sink)
        sink.close()


@pytest.fixture
async def gate(tmp_path, database_settings):
    place = make_url(database_settings.url).query
    if not str(place.get("host", "")).startswith("/"):
        pytest.skip("the server of this run has no socket file")
    gate = Gate(tmp_path, f"{place['host']}/.s.PGSQL.{place['port']}")
    await gate.open()
    yield gate
    with suppress(AssertionError):
        await gate.shut()


@pytest.fixture
async def through(gate, ann, database_settings):
    """A process that reaches the database through the gate alone, and Ann's clients of it."""
    url = make_url(database_settings.url).update_query_dict({"host": str(gate.folder)})
    settings = replace(database_settings, url=url.render_as_string(hide_password=False), wait_s=1)
    databases = Databases(settings)
    runtime = replace(ann.runtime, databases=databases, directory=Directory(databases))
    transport = httpx.ASGITransport(app=create_app(runtime), raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {ann.key}"}
    async with (
        httpx.AsyncClient(
            transport=transport, base_url="http://guanxi.test", cookies={COOKIE: ann.token}
        ) as page,
        httpx.AsyncClient(transport=transport, base_url="http://guanxi.test/api/v1", headers=headers) as api,
    ):
        yield page, api
    await databases.close()


async def test_requests_say_so_and_recover(gate, through, ann):
    page, api = through
    assert (await api.get("/customers")).status_code == 200
    assert (await page.get(ann.w("/customers"))).status_code == 200
    await gate.shut()
    for _ in range(3):
        for answer in (
            await api.get("/customers"),
            await api.post("/customers", json={"name": "x"}),
            await page.get(ann.w("/customers")),
            await page.get("/login"),
        ):
            assert answer.status_code == 503, answer.text
            assert int(answer.headers["retry-after"]) >= 1
        await asyncio.sleep(0.4)
    assert (await page.get("/health/ready")).status_code == 503
    assert (await page.get("/health/live")).status_code == 200
    assert (await page.get("/health/startup")).status_code == 200
    await gate.open()
    assert (await page.get("/health/ready")).status_code == 200
    assert (await api.get("/customers")).status_code == 200
    assert (await api.post("/customers", json={"name": "x"})).status_code == 201
    assert (await page.get(ann.w("/customers"))).status_code == 200
