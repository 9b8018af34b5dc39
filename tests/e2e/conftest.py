"""A browser on a real server: both serve and drive from the test's own loop, on the worker's own database."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from granian.constants import Interfaces
from granian.server.embed import Server as Granian
from litestar import Litestar
from playwright.async_api import Browser, BrowserContext, Page, Route, async_playwright, expect

from core.app import create_app
from core.runtime import Runtime
from core.worker import Worker, worker
from tenants.accounts.authentication import COOKIE
from tests.fixtures.people import Person

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
PATIENCE_S = 60
"""Guards against hanging alone: a browser and a server that share a slow machine take their time."""
expect.set_options(timeout=PATIENCE_S * 1000)
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a browser these tests are skipped, and the run's last lines say so."""
    skip = pytest.mark.skip(reason="no Chromium in the PATH (Debian: apt-get install chromium)")
    for item in items:
        if "tests/e2e/" in item.path.as_posix() and item.path.parent.name == "e2e":
            item.add_marker(pytest.mark.e2e)
            if not CHROMIUM:
                item.add_marker(skip)


@dataclass
class Site:
    """A served application."""

    url: str
    runtime: Runtime
    app: Litestar


@pytest.fixture(scope="session")
async def site(runtime: Runtime) -> AsyncIterator[Site]:
    """The application on a free port, with a worker beside it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    served = replace(runtime, settings=replace(runtime.settings, public_url=url, pool=2))
    app = create_app(served)
    server = Granian(app, port=port, interface=Interfaces.ASGINL, log_enabled=False, websockets=False)
    serving = asyncio.create_task(server.serve())
    await _until(lambda: _answers(f"{url}/health/live"))
    yield Site(url, served, app)
    server.stop()
    with suppress(asyncio.CancelledError, TimeoutError):
        await asyncio.wait_for(serving, 5)


@pytest.fixture
async def working(site: Site, fresh: None) -> AsyncIterator[Worker]:
    """A worker that relays events and runs jobs while the test goes on."""
    made = worker(site.runtime)
    running = asyncio.create_task(made.run())
    yield made
    made.stop()
    await running


async def _answers(url: str) -> bool:
    with suppress(httpx.TransportError):
        async with httpx.AsyncClient() as client:
            return (await client.get(url)).status_code == 200
    return False


async def _until(done: Callable[[], Awaitable[bool]], seconds: float = PATIENCE_S) -> None:
    async with asyncio.timeout(seconds):
        while not await done():  # noqa: ASYNC110 (a server that starts rings no bell)
            await asyncio.sleep(0.05)


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One browser per test process."""
    async with async_playwright() as play:
        browser = await play.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield browser
        await browser.close()


@dataclass
class Visit:
    """A browser's window with everything that went wrong in it."""

    site: Site
    context: BrowserContext
    page: Page
    faults: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Note errors of scripts, and requests to other hosts or with server errors."""
        page = self.page
        page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        page.on("console", self._console)
        page.on("response", self._response)

    def _console(self, message: Any) -> None:
        # What the network refuses is told of by the answer; a refused form is no fault.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.faults.append(f"console: {message.text}")

    def _response(self, answer: Any) -> None:
        if answer.status >= 500 or (answer.status == 404 and "/static/" in answer.url):
            self.faults.append(f"{answer.status}: {answer.url}")

    async def block(self, route: Route) -> None:
        """Let nothing out of the house."""
        if urlsplit(route.request.url).netloc == urlsplit(self.site.url).netloc:
            await route.continue_()
            return
        self.faults.append(f"request to {route.request.url}")
        await route.abort()

    async def go(self, path: str) -> None:
        """Open a page and wait until it is quiet."""
        answer = await self.page.goto(self.site.url + path, wait_until="load")
        assert answer is not None
        assert answer.status < 400, f"{path}: {answer.status}"


Open = Callable[..., Awaitable[Visit]]


@pytest.fixture
async def visit(site: Site, browser: Browser, fresh: None) -> AsyncIterator[Open]:
    """Open windows; at the end none may have had a fault."""
    opened: list[Visit] = []

    async def _open(
        person: Person | None = None, *, size: Any = WIDE, scheme: Any = "light", locale: str = "en"
    ) -> Visit:
        context = await browser.new_context(
            viewport=size, color_scheme=scheme, locale=locale.replace("_", "-"), reduced_motion="reduce"
        )
        if person is not None:
            await context.add_cookies([{"name": COOKIE, "value": person.token, "url": site.url}])
        made = Visit(site, context, await context.new_page())
        made.page.set_default_timeout(PATIENCE_S * 1000)
        await context.route("**/*", made.block)
        made.watch()
        opened.append(made)
        return made

    yield _open
    faults = [fault for made in opened for fault in made.faults]
    for made in opened:
        await made.context.close()
    assert faults == []
