"""A remote app let in by the browser: its panel shows inside the sandbox, and whatever it tries, it stays there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import pytest

from core.kernel.addresses import networks
from core.kernel.http import Outbound, Policy
from core.worker import Worker
from tenants.remote_apps.queries import Panels
from tests.e2e.conftest import Open, Site, Visit
from tests.e2e.test_webhooks import check, person, until
from tests.fixtures.people import Person
from tests.tenants.remote_apps.conftest import SECRET
from tests.tenants.remote_apps.test_frames import verifier

__all__ = ["person"]

EN = {
    "add": "Add a remote app",
    "make": "Make the app",
    "done": "Done",
    "again": "Replace the signing secret",
    "customer": "Blue Harbor",
    "panel": "Parcels",
}
ZH = {
    "add": "添加外部应用",
    "make": "创建应用",
    "done": "完成",
    "again": "更换签名密钥",
    "customer": "蓝港贸易",
    "panel": "包裹",
}
PANEL = """<!doctype html><meta charset="utf-8"><h1>Two parcels</h1><ul id="tried"></ul><script>
const tried = document.querySelector("#tried");
const say = (name, text) => { tried.insertAdjacentHTML("beforeend", `<li data-try="${name}">${text}</li>`); };
const attempt = (name, work) => { try { say(name, "reached " + work()); } catch (error) { say(name, "refused"); } };
attempt("parent", () => parent.document.title);
attempt("top", () => top.document.title);
attempt("cookie", () => document.cookie);
attempt("storage", () => localStorage.length);
attempt("move", () => { top.location = "/panel?moved=1"; return "moved"; });
attempt("origin", () => { if (self.origin === "null") throw 0; return self.origin; });
const here = new URLSearchParams(location.search).get("api");
fetch(here, { credentials: "include" }).then(() => say("fetch", "reached"), () => say("fetch", "refused"));
</script>"""
TRIES = ("parent", "top", "cookie", "storage", "move", "origin", "fetch")


@dataclass
class Server:
    """The app: it serves one hostile page and keeps what it was asked."""

    port: int = 0
    heads: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it is: by another name than the product, for cookies do not look at ports."""
        return f"http://localhost:{self.port}"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        except asyncio.IncompleteReadError:
            return
        body = PANEL.encode()
        head = (
            f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\nConnection: close"
        )
        writer.write(f"{head}\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()


@pytest.fixture
async def app_server(site: Site, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    """An app's server that the served application may name."""
    made = Server()
    await made.start()
    allowed = networks(["127.0.0.0/8"])
    policy = Policy(schemes=frozenset({"http"}), ports=frozenset({made.port}), allowed_networks=allowed)
    http = Outbound(policy)
    monkeypatch.setattr(site.runtime, "http", http)
    site.runtime._parts.pop(Panels, None)
    yield made
    site.runtime._parts.pop(Panels, None)
    await http.close()
    made.stop()


async def let_in(window: Visit, person: Person, words: dict[str, str], url: str) -> tuple[str, list[str]]:
    """Fill in the form, wrongly at first; gives the secret and what is wrong with the pages."""
    page = window.page
    await window.go(person.w("/marketplace?category=remote"))
    wrong = await check(window, "none")
    await page.get_by_role("link", name=words["add"]).first.click()
    await page.wait_for_url("**/remote-apps/new")
    form = page.locator("form[action$='/remote-apps/new']")
    await form.get_by_role("button", name=words["make"]).click()
    await form.locator("[data-errors]").wait_for()
    wrong += await check(window, "form")
    await form.locator("[name=name]").fill("Shipping")
    await form.locator("[name='scope.customers'][value=read]").check()
    await form.locator("[name='panels.0.title']").fill(words["panel"])
    await form.locator("[name='panels.0.url']").fill(url)
    await form.get_by_role("button", name=words["make"]).click()
    await page.get_by_role("link", name=words["done"]).wait_for()
    found = SECRET.search(await page.content())
    assert found is not None
    wrong += await check(window, "shown")
    await page.get_by_role("link", name=words["done"]).click()
    await page.get_by_role("heading", name=words["again"]).wait_for()
    wrong += await check(window, "app")
    return found.group(0), wrong


async def test_a_panel_shows_and_stays_in_its_sandbox(
    person: Person, visit: Open, working: Worker, app_server: Server, site: Site
) -> None:
    words = EN if person.name == "ann" else ZH
    customer = (await person.api.post("/customers", json={"name": words["customer"]})).json()
    window = await visit(person, locale="en" if person.name == "ann" else "zh_CN")
    page = window.page
    await window.context.route(f"{app_server.url}/**", lambda route: route.continue_())
    secret, wrong = await let_in(window, person, words, f"{app_server.url}/panel?api={site.url}/api/v1/me")
    # By links alone: the panel must show in a document that was loaded for another page.
    await window.go(person.w("/customers"))
    await page.get_by_role("link", name=words["customer"]).first.click()
    frame = page.frame_locator("iframe").frame_locator("iframe")
    await frame.get_by_role("heading", name="Two parcels").wait_for()
    for name in TRIES:
        assert await frame.locator(f"[data-try={name}]").inner_text() == "refused", name
    assert "/customers" in page.url
    # The browser says what it refused the app; nothing else may have gone wrong.
    refused = ("'allow-top-navigation'", "blocked by CORS policy")
    assert [fault for fault in window.faults if not any(text in fault for text in refused)] == []
    window.faults.clear()
    wrong += await check(window, "record")
    [head] = [head for head in app_server.heads if "/panel" in head]
    assert "cookie:" not in head.lower()
    assert "referer:" not in head.lower()
    token = parse_qs(urlsplit(head.split()[1]).query)["token"][0]
    app_id = page.frames[1].url.split("/remote-apps/")[1].split("/")[0]
    claims = verifier()(token, secret, app_id)
    assert (claims["record_id"], claims["sub"]) == (customer["id"], str(person.member_id))
    await person.post(f"/remote-apps/{app_id}/pause")

    async def gone() -> bool:
        await page.reload()
        return await page.locator("iframe").count() == 0

    await until(gone)
    assert wrong == []
