"""What the command palette offers: places, records, things to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from core.ext.specs import Hit, Nav, RecordType
from core.kernel.i18n import N_
from core.kernel.text import bare, fold, initials, pinyin
from core.records.shown import place
from core.search import sources
from core.tenancy.ctx import Ctx

Entry = dict[str, Any]
Group = tuple[str, list[Entry]]
RECORDS: Final = 12
OTHERS: Final = 6


async def offered(ctx: Ctx, query: str) -> list[Group]:
    """Return groups of entries for what was typed so far, the most likely group first."""
    places = list(_named(query, _places(ctx, settings=False)))
    doable = list(_named(query, _actions(ctx)))
    if not query.strip():
        return [(ctx.t(N_("Do")), doable), (ctx.t(N_("Go to")), places)]
    settings = list(_named(query, _places(ctx, settings=True)))
    hits = await sources.search(ctx, query, limit=RECORDS)
    found = [
        *grouped(ctx, hits),
        (ctx.t(N_("Go to")), places[:OTHERS]),
        (ctx.t(N_("Do")), doable[:OTHERS]),
        (ctx.t(N_("Settings")), settings[:OTHERS]),
    ]
    return [*found, (ctx.t(N_("Search")), [_everything(ctx, query)])] if hits else found


def grouped(ctx: Ctx, hits: Sequence[Hit]) -> list[Group]:
    """Put hits under their types; the type of the best hit comes first."""
    known: dict[str, RecordType] = ctx.machinery.registry.records
    groups: dict[str, list[Entry]] = {}
    for hit in hits:
        type_ = known.get(hit.record_type)
        title = ctx.t(type_.title_plural) if type_ else hit.record_type
        entry = {"title": hit.title, "hint": hit.subtitle, "icon": hit.icon, "url": ctx.w(hit.url)}
        groups.setdefault(title, []).append(entry | {"type": hit.record_type})
    return list(groups.items())


def _places(ctx: Ctx, *, settings: bool) -> Iterator[Entry]:
    for nav in ctx.machinery.registry.serve(Nav, ctx):
        if nav.group != "palette" and (nav.group == "settings") is settings:
            entry = {"title": ctx.t(nav.title), "icon": nav.icon, "url": ctx.w(nav.url), "source": nav.title}
            yield entry | {"shortcut": nav.shortcut.upper()}


def _actions(ctx: Ctx) -> Iterator[Entry]:
    """Yield what may be made new, and what modules offer to do."""
    registry = ctx.machinery.registry
    for type_ in registry.records.values():
        if type_.pages and registry.serves(type_, ctx) and ctx.can(f"{type_.permission}.create"):
            title = ctx.t(N_("New: {title}"), title=ctx.t(type_.title))
            source = f"new create {type_.title}"
            yield {"title": title, "icon": "plus", "url": place(ctx, type_, "/new"), "source": source}
    for nav in registry.serve(Nav, ctx):
        if nav.group == "palette":
            yield {
                "title": ctx.t(nav.title),
                "icon": nav.icon,
                "url": ctx.w(nav.url),
                "shortcut": nav.shortcut.upper(),
                "source": nav.title,
            }


def _named(query: str, entries: Iterator[Entry]) -> Iterator[Entry]:
    """Keep the entries whose title, in the reader's language, in pinyin or in English, has every word asked for."""
    words = fold(query).split()
    for entry in entries:
        title = entry["title"]
        spelled = f"{fold(title)} {fold(entry['source'])} {pinyin(title, person=False)} {initials(title)}"
        if all(bare(word) in spelled or word in spelled for word in words):
            yield entry


def _everything(ctx: Ctx, query: str) -> Entry:
    title = ctx.t(N_("All results for “{query}”"), query=query.strip())
    return {"title": title, "icon": "search", "url": ctx.w(f"/search?{urlencode({'q': query.strip()})}")}
