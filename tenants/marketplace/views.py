"""What there is to know about a module, as pages and programs show it. Reads declarations; never runs a module."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import nh3
from litestar import Controller
from litestar.handlers import HTTPRouteHandler
from markdown_it import MarkdownIt

from core.access.grants import scope_of
from core.ext import specs
from core.ext.registry import Module, Registry
from core.kernel import money
from core.kernel.i18n import N_
from core.tenancy.components import plugin_component
from core.tenancy.control import Control
from core.tenancy.ctx import Ctx
from core.tenancy.directory import TenantPlugin
from core.tenancy.plugin_uses import KEPT_DAYS
from tenants.billing.plans import currency_for, module_minor
from tenants.marketplace import queries
from tenants.marketplace.schema import FaultOut, PluginOut, Touches, UseOut

STATES: Final[Mapping[str, tuple[str, str]]] = {
    "installed": (N_("Available"), "neutral"),
    "enabling": (N_("Being set up"), "blue"),
    "enabled": (N_("On"), "green"),
    "disabled": (N_("Off"), "amber"),
    "uninstalling": (N_("Being removed"), "blue"),
    "uninstalled": (N_("Removed"), "neutral"),
    "failed": (N_("Failed"), "red"),
    "broken": (N_("Out of order"), "red"),
}
PAGE_BYTES: Final = 200_000
WHO: Final[Mapping[str, str]] = {
    "member": N_("Members"),
    "key": N_("API keys"),
    "public": N_("Everybody, without login"),
}
_TITLE: Final = re.compile(r"\A\s*<h1>.*?</h1>", re.DOTALL)
_MARKDOWN: Final = MarkdownIt("commonmark", {"html": False}).enable("table")


def state_of(module: Module, row: TenantPlugin | None) -> str:
    """The state of a module in a workspace."""
    if module.error:
        return "broken"
    return row.state if row is not None else "installed"


def shown(ctx: Ctx, module: Module, row: TenantPlugin | None) -> PluginOut:
    """A module in the actor's language, as far as a list tells."""
    manifest = module.manifest
    return PluginOut(
        key=module.key,
        title=ctx.t(manifest.title),
        summary=ctx.t(manifest.summary) if manifest.summary else "",
        category=ctx.t(manifest.category) if manifest.category else "",
        version=manifest.version,
        author=manifest.author,
        state=state_of(module, row),
        problem=((row.problem if row is not None else "") or module.error) if may_manage(ctx) else "",
        price=manifest.price,
        trial_days=manifest.trial_days,
        requires=[key for key in manifest.requires if is_offered(ctx.machinery.registry, key)],
    )


def is_offered(registry: Registry, key: str) -> bool:
    """Whether a module is one that workspaces switch."""
    module = registry.modules.get(key)
    return module is not None and module.manifest.kind != "locked"


async def uses_of(control: Control, tenant_id: UUID, module: Module) -> list[UseOut]:
    """What a module was used for in the last 30 days."""
    since = control.now().date() - timedelta(days=KEPT_DAYS - 1)
    found = await queries.uses(control, tenant_id, module.key, since)
    return [UseOut(permission=one[0], kind=one[1], uses=one[2], last_on=one[3]) for one in found]


async def faults_of(ctx: Ctx, control: Control, module: Module) -> list[FaultOut]:
    """What of a module failed in the last 30 days, the latest first; how, for those who manage modules."""
    since = control.now().date() - timedelta(days=KEPT_DAYS - 1)
    found = await queries.faults(control, ctx.tenant.id, module.key, since)
    return [
        FaultOut(
            place=place, faults=times, last_at=at, error=error if may_manage(ctx) else "", request_id=request
        )
        for place, times, at, error, request in found
    ]


def may_manage(ctx: Ctx) -> bool:
    """Whether the actor is told how a module failed, beside that it did."""
    return ctx.can("plugins.manage")


def price_text(ctx: Ctx, price: specs.Price | None, trial_days: int) -> str:
    """What a module costs the workspace, in words and in the currency that it pays in."""
    if price is None or not price.amount_minor:
        return ctx.t(N_("Free of charge"))
    currency = currency_for(ctx.tenant.currency)
    amount = money.format(module_minor(price, "month", currency), currency, ctx.locale)
    per = N_("{amount} a month") if price.per == "workspace" else N_("{amount} per member and month")
    text = ctx.t(per, amount=amount)
    return (
        ctx.t(N_("{price}, the first {days} days free"), price=text, days=trial_days) if trial_days else text
    )


def touches(registry: Registry, module: Module) -> Touches:
    """Everything that a module asks for and reaches."""

    def own(kind: type[specs.Spec]) -> list[Any]:
        return [item for item in registry.declared[kind.__name__] if item.plugin == module.key]

    component = None if module.error else plugin_component(module.key)
    permissions = own(specs.Permission)
    return Touches(
        permissions={item.name: item.title for item in permissions},
        scopes=sorted({*module.manifest.scopes, *(scope_of(item) for item in permissions)}),
        tables=[table.name for table in component.tables()] if component else [],
        events=sorted(event.name for key, event in registry.controllers("crm_events") if key == module.key),
        listens=sorted({item.event for item in own(specs.Subscription)}),
        endpoints=sorted(_endpoints(registry, module)),
        panels=sorted(item.slot for item in own(specs.Panel)),
        jobs=sorted(item.name for item in own(specs.JobSpec)),
        filters=sorted(f"{item.record_type}: {item.title}" for item in own(specs.Filter)),
        has_settings=module.key in registry.settings,
        has_personal_data=bool(own(specs.PersonalData)),
    )


def conditions(ctx: Ctx, module: Module) -> list[str]:
    """The conditions that a module lends to lists, in the reader's words."""
    registry = ctx.machinery.registry
    lent = [item for item in registry.declared[specs.Filter.__name__] if item.plugin == module.key]
    return sorted(f"{ctx.t(registry.records[item.record_type].title)}: {ctx.t(item.title)}" for item in lent)


def _endpoints(registry: Registry, module: Module) -> Iterator[str]:
    roots = {"crm_api": "/api/v1", "crm_pages": "/w/…", "crm_public": "/p/…"}
    for hook, root in roots.items():
        for key, controller in registry.controllers(hook):
            if key == module.key:
                yield from _routes(root + registry.below(key), controller)


def _routes(root: str, controller: type[Controller]) -> Iterator[str]:
    for handler in vars(controller).values():
        if isinstance(handler, HTTPRouteHandler):
            for path in handler.paths or {""}:
                place = "/".join(
                    part.strip("/")
                    for part in (root, str(getattr(controller, "path", "") or ""), path)
                    if part.strip("/")
                )
                yield f"{' '.join(sorted(handler.http_methods))} /{place}"


def page_of(module: Module, locale: str) -> str:
    """The module's own page as safe HTML, in the reader's language where it has one; '' where there is none."""
    path = translated(module, module.manifest.docs, locale)
    if path is None:
        return ""
    text = path.read_text("utf-8", errors="replace")[:PAGE_BYTES]
    # The page it is put into has the module's title already.
    html = _TITLE.sub("", _MARKDOWN.render(text), count=1).replace("h1>", "h2>")
    return nh3.clean(html, tags=nh3.ALLOWED_TAGS - {"img"})


def translated(module: Module, name: str, locale: str) -> Path | None:
    """A file in the module's docs as the reader's language has it, ``page.zh_CN.md``, or else as it is."""
    stem, dot, suffix = name.rpartition(".")
    return document(module, f"{stem}.{locale}{dot}{suffix}" if stem else "") or document(module, name)


def document(module: Module, name: str) -> Path | None:
    """A file in the module's docs by its bare name; None where there is none."""
    if module.error or not name or Path(name).name != name:
        return None
    path = module.folder / "docs" / name
    return path if path.is_file() else None
