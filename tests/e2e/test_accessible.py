"""axe finds nothing on any page: wide and narrow, light and dark; every page opens without a fault."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any
from zlib import crc32

import axe_core_python
import pytest

from tests.contract.routes import Call
from tests.contract.test_pages import pages
from tests.contract.world import NOBODY, Side, World
from tests.e2e.conftest import NARROW, WIDE, Open, Visit
from tests.fixtures.people import Person

AXE = (Path(axe_core_python.__file__).parent / "axe.min.js").read_text("utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What is all right need not be described: that takes the most time.
RULES = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, "resultTypes": ["violations"]}
SIZES = {"wide": WIDE, "narrow": NARROW}
SHARES = 10

FILES = {
    "/w/{workspace}/imports/{import_id}/errors.csv",
    "/w/{workspace}/marketplace/{plugin}/archive",
    "/w/{workspace}/marketplace/{plugin}/pictures/{name}",
    "/w/{workspace}/settings/data/archives/{archive_id}/file",
    "/w/{workspace}/remote-apps/{app_id}/panels/{number}/{record_id}",
}
"""No pages of ours, and not made here: files, and frames around pages of others, which have a test of their own."""
PARTS = re.compile(r"/conditions/\{name\}|/cells/\{column\}|/progress$")
"""What is put into pages as people go on."""


pytestmark = pytest.mark.usefixtures("as_it_was")


async def furnished(world: World, side: Side) -> Side:
    """A side with what its API makes nothing of by itself, or not without something else."""
    api, ids = side.owner.api, defaultdict(list, {name: list(found) for name, found in side.ids.items()})

    async def made(path: str, **data: Any) -> dict[str, Any]:
        answer = await api.post(path, json=data)
        assert answer.status_code in {200, 201, 202}, f"{path}: {answer.text}"
        return dict(answer.json())

    customer, webhook, nobody = ids["customer"][0], ids["webhooks"][0], side.people[NOBODY].member_id
    ids["exports"] = [(await made("/exports", record_type="customer"))["id"]]
    ids["imports"] = [(await made("/imports", record_type="customer", text="Name\nHats"))["id"]]
    ids["customer-addresses"] = [
        (await made(f"/customers/{customer}/addresses", label="Works", city="Bonn"))["id"]
    ]
    ids["settings/hand_overs"] = [(await made(f"/members/{nobody}/hand_over"))["id"]]
    ids["settings/webhooks/deliveries"] = [
        (await made(f"/webhooks/{webhook}/test", event="customer.created"))["data"][0]["id"]
    ]
    asked = await made("/data-requests", kind="export", record_type="contact", record_id=ids["contact"][0])
    ids["settings/personal-data"] = [asked["id"]]
    listed = (await side.owner.page.get(side.owner.w("/settings/keys"))).text
    ids["settings/keys"] = re.findall(r"/settings/keys/([0-9a-f-]{36})", listed)
    ids["reasons"], ids["rates"] = ids["close-reasons"], ids["currency-rates"]
    return replace(side, ids=ids)


async def whole_pages(world: World, side: Side, share: int) -> list[str]:
    """The addresses of whole pages, one of each kind; the shares together have every kind."""
    firsts = {call.template: path for call, path in reversed(list(pages(world, side)))}
    found = []
    for template, path in reversed(firsts.items()):
        if crc32(template.encode()) % SHARES != share:
            continue
        answer = await side.owner.page.get(path)
        if answer.status_code == 200 and "<html" in answer.text[:200]:
            found.append(path)
    return found


async def public_pages(world: World, side: Side) -> list[tuple[str, Person | None]]:
    """The addresses of whole pages outside of workspaces, with who has to be signed in to see them."""
    stranger, owner = await world.client(), side.owner
    (form, *_) = side.ids["marketing/forms/forms"]
    assert (await owner.api.post(f"/marketing/forms/forms/{form}/publish")).status_code == 200
    link = await owner.api.post("/invitations/links", json={"role": "member", "max_uses": 9, "days": 9})
    values = {
        "workspace": side.tenant.slug,
        "slug": (await owner.api.get(f"/marketing/forms/forms/{form}")).json()["slug"],
        "token": link.json()["url"].rpartition("/")[2],
        "tenant_id": side.tenant.id,
        "mail_id": "x",
    }
    found: list[tuple[str, Person | None]] = [("/nothing/is/here", None), (owner.w("/nothing"), owner)]
    for call in outside(world):
        if all(name in values for name, _ in call.places):
            path = call.address(values)
            for who, client in ((None, stranger), (owner, owner.page)):
                answer = await client.get(path)
                if "<html" in answer.text[:200]:
                    found.append((path, who))
                    break
    return found


def outside(world: World) -> list[Call]:
    """The routes that show something to whoever is not in a workspace."""
    shown = [call for call in world.calls if call.method == "GET" and not call.is_api and not call.is_guarded]
    return [call for call in shown if not call.template.startswith("/static") and not call.streams]


async def violations(visit: Visit, options: dict[str, Any]) -> list[str]:
    """What axe finds on the page that is open."""
    found = await visit.page.evaluate("(options) => axe.run(document, options)", options)
    return [
        f"{rule['id']}: {node['target']} {node['html'][:160]} {node['failureSummary'].splitlines()[-1].strip()}"
        for rule in found["violations"]
        for node in rule["nodes"][:3]
    ]


@pytest.mark.long
@pytest.mark.timeout(480)
@pytest.mark.parametrize("share", range(SHARES))
async def test_axe_finds_nothing(world: World, visit: Open, share: int) -> None:
    side = await furnished(world, world.theirs if share % 2 else world.ours)
    wrong: dict[str, str] = {}
    window = await visit(side.owner, locale=side.tenant.locale)
    for path in await whole_pages(world, side, share):
        await window.go(path)
        wrong |= await faults(window, path, *SIZES)
        await window.page.set_viewport_size(WIDE)
    assert not wrong, "\n" + "\n".join(wrong.values())


async def faults(window: Visit, path: str, *sizes: str) -> dict[str, str]:
    """What is wrong with the page that is open, at some sizes, in light and dark, by fault."""
    wrong: dict[str, str] = {}
    await window.page.evaluate(AXE)
    for size in sizes:
        await window.page.set_viewport_size(SIZES[size])
        for scheme, options in (("light", RULES), ("dark", CONTRAST)):
            await window.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            for fault in await violations(window, options):
                wrong.setdefault(f"{size} {scheme} {fault}", f"{path} {size} {scheme}: {fault}")
        over = await window.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if over > 0:
            wrong[f"{size} {path}"] = f"{path}: {over} px wider than the {size} window"
    await window.page.emulate_media(color_scheme="light")
    return wrong


@pytest.mark.long
@pytest.mark.timeout(480)
@pytest.mark.parametrize("size", SIZES)
async def test_axe_finds_nothing_on_pages_for_everybody(world: World, visit: Open, size: str) -> None:
    side, wrong = (world.theirs if size == "narrow" else world.ours), dict[str, str]()
    stranger = await visit(size=SIZES[size], locale=side.tenant.locale)
    signed_in = await visit(side.owner, size=SIZES[size], locale=side.tenant.locale)
    found = await public_pages(world, side)
    for path, who in found:
        window = signed_in if who else stranger
        # What does not exist is a page as well.
        await window.page.goto(window.site.url + path, wait_until="load")
        wrong |= await faults(window, path, size)
    assert not wrong, "\n" + "\n".join(wrong.values())
    assert len(found) > 10


async def test_no_page_is_left_out(world: World) -> None:
    side = await furnished(world, world.ours)
    shown = [call for call in world.calls if call.method == "GET" and call.is_guarded and not call.is_api]
    left = {call.template for call in shown if not call.streams and not PARTS.search(call.template)}
    left -= {call.template for call, _ in pages(world, side)} | FILES
    assert not left, "\n".join(sorted(left))
    places = {"workspace", "slug", "token", "tenant_id", "mail_id"}
    left = {call.template for call in outside(world) if {name for name, _ in call.places} - places}
    assert not left
