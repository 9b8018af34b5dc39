"""Every page in both languages, full and empty: it renders, is well formed, and loads nothing foreign."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from itertools import product
from urllib.parse import urljoin

import httpx
import pytest

from core.ext.specs import Panel, Widget
from tenants.signup.schema import WorkspaceIn
from tenants.signup.service import create_workspace
from tests.contract.markup import Markup
from tests.contract.routes import Call
from tests.contract.world import NOBODY, Side, World, populate, switch_on

JS_BYTES, CSS_BYTES = 30 * 1024, 12 * 1024
IMPORT = re.compile(rb"""(?:^|[;}\s])(?:import|export)[^;'"]*?["'](\./[^"']+|/[^"']+)["']""")
CHANGING = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
SAMPLE = re.compile(r"样本\d+号")
FEW = {200, 404, 409, 422}


def pages(world: World, side: Side) -> Iterator[tuple[Call, str]]:
    """The addresses of all pages of a workspace, with records that exist."""
    for call in world.calls:
        if call.is_api or not call.is_guarded or call.method != "GET" or call.streams:
            continue
        for named in words(world, call):
            folder = call.folder(call.ids[0]) if call.ids else ""
            names = [named.get("record_type"), named.get("kind"), folder, folder.rpartition("/")[2]]
            names += [place.removesuffix("_id") for place in call.ids[:1]]
            found = next((side.ids[name] for name in names if name and side.ids.get(name)), [])
            if len(found) >= len(call.ids):
                known = dict(zip(call.ids, found, strict=False))
                yield call, call.address({"workspace": side.tenant.slug, **named, **known})


def words(world: World, call: Call) -> Iterator[dict[str, str]]:
    """Values for the places that take a word, all that are known."""
    registry = world.runtime.registry
    if {"record_type", "place", "key"} <= set(call.words):
        for panel in registry.items(Panel):
            record_type, _, place = panel.slot.partition(".")
            yield {"record_type": record_type, "place": place, "key": panel.key}
    elif call.words == ("column",):
        type_ = next(
            (item for item in registry.records.values() if item.path == call.folder(call.ids[0])), None
        )
        for column in type_.columns if type_ else ():
            if column.editable:
                yield {"column": column.key}
    else:
        for values in product(*(known(world, call, name) for name in call.words)):
            yield dict(zip(call.words, values, strict=True))


def known(world: World, call: Call, name: str) -> list[str]:
    """The values of a place that takes a word, by what stands before it; none of those that only a test can make."""
    registry = world.runtime.registry
    before = call.template.partition(f"/{{{name}}}")[0].rpartition("/")[2]
    if before == "marketplace" and not call.template.endswith("/archive"):
        return [module.key for module in registry.modules.values() if module.manifest.kind == "optional"]
    if before == "widgets":
        return [widget.key for widget in registry.items(Widget)]
    return {
        "close": ["won", "lost"],
        "files": ["customer"],
        "pipelines": ["reasons", "rates"],
        "roles": [NOBODY],
        "statuses": ["contacted", "new", "qualified"],
        "timeline": ["customer"],
    }.get(before, [])


async def answers(world: World, side: Side) -> list[tuple[Call, str, httpx.Response]]:
    client = side.owner.page
    return [(call, path, await client.get(path)) for call, path in pages(world, side)]


def sides(world: World) -> tuple[Side, Side]:
    return world.ours, world.theirs


async def test_every_page_is_there_and_well_formed(world: World) -> None:
    wrong, seen = [], 0
    for side in sides(world):
        for call, path, answer in await answers(world, side):
            markup = Markup(answer.text)
            faults = [*markup.wrong, *(f"loads {url}" for url in markup.foreign)]
            if not is_there(call, answer.status_code):
                faults.append(f"status {answer.status_code}: {answer.text[:300]}")
            if markup.counts.get("html"):
                faults += whole(markup, side.tenant.locale)
            wrong += [f"{path}: {fault}" for fault in faults]
            seen += 1
    assert not wrong, "\n" + "\n".join(wrong)
    assert seen > 20


def is_there(call: Call, status: int) -> bool:
    """Whether a page answers as it should; which row belongs to which record nobody can guess here."""
    if call.asked or len(call.ids) > 1:
        return status in FEW
    return status in {200, 303}


def whole(markup: Markup, locale: str) -> list[str]:
    """What is wrong with a whole page that a fragment may lack."""
    faults = []
    if markup.counts.get("h1", 0) != 1:
        faults.append(f"{markup.counts.get('h1', 0)} <h1>")
    if markup.counts.get("main", 0) != 1:
        faults.append("not one <main>")
    if not markup.lang.replace("_", "-").lower().startswith(locale[:2].lower()):
        faults.append(f"lang={markup.lang!r} in {locale}")
    return faults


async def test_nothing_is_left_untranslated(world: World) -> None:
    """The other side's people and rows are in Chinese: whatever has Latin letters was not translated."""
    wrong: dict[str, str] = {}
    for call, path, answer in await answers(world, world.theirs):
        for text in Markup(answer.text).latin if answer.status_code == 200 else ():
            wrong.setdefault(SAMPLE.sub("…", text), f"{call.template}: {text!r} ({path})")
    assert not wrong, "\n" + "\n".join(wrong.values())


@pytest.fixture(scope="module")
async def empty(world: World) -> Side:
    """A workspace as it is on its first day."""
    wanted = WorkspaceIn(
        slug="first-day", name="新商行", locale="zh_CN", currency="CNY", timezone="Asia/Shanghai"
    )
    side = Side(await create_workspace(world.runtime, wanted))
    await switch_on(world, side)
    await populate(world, side)
    return side


async def test_every_page_of_an_empty_workspace_is_there_and_translated(world: World, empty: Side) -> None:
    wrong: dict[str, str] = {}
    for call, path, answer in await answers(world, empty):
        markup = Markup(answer.text if answer.status_code == 200 else "")
        if not is_there(call, answer.status_code):
            wrong[path] = f"{path}: {answer.status_code}"
        for fault in (*markup.wrong, *markup.latin):
            wrong.setdefault(fault, f"{path}: {fault}")
    assert not wrong, "\n" + "\n".join(wrong.values())


@pytest.mark.long
async def test_every_link_of_every_page_leads_somewhere(world: World) -> None:
    """Of many links of one form, the first and the last."""
    client, found = world.ours.owner.page, dict[str, list[tuple[str, str]]]()
    for _, path, answer in await answers(world, world.ours):
        for link in Markup(answer.text).links if answer.status_code == 200 else ():
            url = urljoin(path, link)
            if url.startswith("/") and not url.startswith(("//", "/dev/")):
                form = re.sub(r"=[^&]*", "=", CHANGING.sub("…", url))
                found.setdefault(form, []).append((url.partition("#")[0], path))
    wrong: dict[str, str] = {}
    for url, path in (pair for pairs in found.values() for pair in (pairs[0], pairs[-1])):
        answer = await client.get(url)
        if answer.status_code >= 400:
            wrong.setdefault(CHANGING.sub("…", url), f"{path} links to {url}: {answer.status_code}")
    assert not wrong, "\n" + "\n".join(wrong.values())


async def test_scripts_and_styles_keep_their_budget(world: World) -> None:
    client, wrong = world.ours.owner.page, []
    for _, path, answer in await answers(world, world.ours):
        markup = Markup(answer.text)
        # A preview looks as the page for strangers does: what that page has of its own counts there.
        styles = [
            url for url in markup.styles if "data-preview-form" not in answer.text or "/form.css" not in url
        ]
        for kind, urls, most in (("JS", markup.scripts, JS_BYTES), ("CSS", styles, CSS_BYTES)):
            size = await weight(client, urls)
            if size > most:
                wrong.append(f"{path}: {size:,} bytes of {kind} > {most:,}")
    assert not wrong, "\n" + "\n".join(wrong)


_weights: dict[str, tuple[int, list[str]]] = {}


async def weight(client: httpx.AsyncClient, urls: list[str]) -> int:
    """The compressed size of files and of what they import at once."""
    total, todo, done = 0, list(urls), set()
    while todo:
        url = todo.pop()
        if url in done:
            continue
        done.add(url)
        if url not in _weights:
            answer = await client.get(url)
            assert answer.status_code == 200, url
            imported = [urljoin(url, name.decode()) for name in IMPORT.findall(answer.content)]
            _weights[url] = (len(gzip.compress(answer.content)), imported)
        size, imported = _weights[url]
        total += size
        todo += imported
    return total
