"""Turns a template into an answer: the whole page in its shell, or the fragment that the browser asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from litestar import MediaType, Request, Response
from markupsafe import Markup

from core.access.grants import ROLE_TITLES
from core.ext.faults import failed, in_time
from core.ext.specs import Banner, LivePart, Nav
from core.kernel.errors import AppError
from core.kernel.i18n import N_
from core.kernel.ids import uuid7
from core.tenancy.control import Control
from core.tenancy.ctx import Ctx, Principal
from core.web.csrf import masked
from core.web.request import principal_of, runtime_of
from core.web.templating import environment, shown_in

UTC = ZoneInfo("UTC")
VARY = "HX-Request-Type, HX-Target, Accept-Language, Cookie"
GROUPS = (("core", ""), ("apps", N_("Apps")), ("settings", ""))


Link = tuple[str, str, str, bool, str]
"""An entry of the menu, ready to show: title, address, icon, whether it is the current one, its letter after G."""


@dataclass(frozen=True, slots=True)
class Person:
    """The reader, as the shell shows him."""

    name: str
    role: str
    initials: str


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace, as the switcher shows it."""

    name: str
    slug: str
    initial: str


@dataclass(slots=True)
class Shell:
    """What the layout needs around any page; ``web/page.html`` says what each part is for."""

    locale: str
    theme: str
    path: str
    csrf: str = ""
    key: str = ""
    request_id: str = ""
    workspace: Workspace | None = None
    workspaces: list[Workspace] = field(default_factory=list)
    user: Person | None = None
    nav_groups: list[tuple[str, list[Link]]] = field(default_factory=list)
    mobile_nav: list[Link] = field(default_factory=list)
    switcher: list[Link] = field(default_factory=list)
    jobs: list[Any] = field(default_factory=list)
    flash: list[dict[str, str]] = field(default_factory=list)
    live: str = ""
    banners: str = ""
    is_development: bool = False

    def w(self, path: str = "/") -> str:
        """The address of a page of the current workspace."""
        return f"/w/{self.workspace.slug}{path}" if self.workspace else path


def is_partial(request: Request[Any, Any, Any]) -> bool:
    """Whether htmx wants a part of a page and not the page."""
    return request.headers.get("hx-request-type", "") == "partial"


def target(request: Request[Any, Any, Any]) -> str:
    """The id of the element that the answer goes into, without htmx's tag prefix."""
    return request.headers.get("hx-target", "").rpartition("#")[2]


def render(
    ctx: Ctx | Control,
    request: Request[Any, Any, Any],
    template: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **values: Any,
) -> Response[str]:
    """Render a template with its values; ``ctx`` and ``shell`` are always among them."""
    page_template = environment(ctx.locale).get_template(template)
    zone = ctx.zone if isinstance(ctx, Ctx) else UTC
    frame = shell(ctx, request)
    with shown_in(zone, ctx.now()):
        html = page_template.render(
            ctx=ctx, shell=frame, csrf=frame.csrf, key=frame.key, theme=frame.theme, **values
        )
    return Response(
        html, status_code=status, media_type=MediaType.HTML, headers={"Vary": VARY, **(headers or {})}
    )


def form_again(
    ctx: Ctx | Control, request: Request[Any, Any, Any], template: str, error: AppError, **values: Any
) -> Response[str]:
    """Show a refused form with all its errors, in status 422, and undo whatever the attempt wrote."""
    ctx.roll_back()
    return render(ctx, request, template, status=error.status, error=error, errors=error.errors, **values)


def redirect(request: Request[Any, Any, Any], url: str) -> Response[None]:
    """Send the browser to another page, whichever way it asked."""
    if "hx-request" in request.headers:
        return Response(None, status_code=200, headers={"HX-Location": url})
    return Response(None, status_code=303, headers={"Location": url})


def toast(response: Response[Any], text: str, *, undo_url: str = "", tone: str = "success") -> Response[Any]:
    """Have the page say something in passing, with a way to undo it where there is one.

    A page that is loaded anew finds it in a cookie.
    """
    detail = {"gx:toast": {"text": text, "undo": undo_url, "tone": tone}}
    is_new_page = "Location" in response.headers or "HX-Refresh" in response.headers
    response.headers["HX-Trigger"] = json.dumps(detail)
    if is_new_page:
        response.set_cookie("gx_flash", quote(json.dumps(detail["gx:toast"])), max_age=30, samesite="lax")
    return response


def shell(ctx: Ctx | Control, request: Request[Any, Any, Any]) -> Shell:
    """Collect what stands around the page: menu, workspaces, reader."""
    principal = principal_of(request)
    runtime = runtime_of(request)
    frame = Shell(
        locale=ctx.locale,
        theme=request.cookies.get("gx_theme", "auto"),
        path=str(request.scope["path"]).rstrip("/"),
        csrf=masked(principal.csrf) if principal else "",
        request_id=ctx.request_id,
        key=str(uuid7()),
        is_development=not runtime.settings.smtp_url,
    )
    if principal is not None:
        frame.workspaces = [Workspace(name, slug, name[:1].upper()) for slug, name in principal.workspaces]
    if isinstance(ctx, Ctx):
        frame.workspace = Workspace(ctx.tenant.name, ctx.tenant.slug, ctx.tenant.name[:1].upper())
        if ctx.tenant.sandbox_of is not None:
            frame.workspace = replace(
                frame.workspace, name=ctx.t(N_("{workspace} (sandbox)"), workspace=ctx.tenant.name)
            )
            frame.workspaces.append(frame.workspace)
        role = ctx.t(ROLE_TITLES.get(ctx.actor.role, ctx.actor.role))
        frame.user = Person(ctx.actor.name, role, _initials(ctx.actor.name))
        frame.live = ctx.w("/live") if runtime.registry.serve(LivePart, ctx) else ""
        if not is_partial(request):
            _fill_menu(frame, ctx, runtime.registry.serve(Nav, ctx))
            frame.banners = _banners(frame, ctx, principal, runtime.registry.serve(Banner, ctx))
    return frame


def _banners(frame: Shell, ctx: Ctx, principal: Principal | None, served: Sequence[Banner]) -> Markup:
    """The lines above the page; one that fails is left out, and named in the log."""
    lines = []
    for banner in served:
        try:
            with in_time(ctx, banner):
                shown = banner.render(ctx, principal)
            if shown is not None:
                page_template = environment(ctx.locale).get_template(shown[0])
                lines.append(page_template.render(ctx=ctx, shell=frame, csrf=frame.csrf, **shown[1]))
        except Exception as error:
            failed(ctx, banner, error)
    return Markup("".join(lines))  # noqa: S704 (what a template wrote, escaped there)


def _fill_menu(frame: Shell, ctx: Ctx, entries: list[Nav]) -> None:
    groups: dict[str, list[Link]] = {group: [] for group, _ in GROUPS} | {"switcher": frame.switcher}
    for nav in (entry for entry in entries if entry.group in groups):
        url = ctx.w(nav.url)
        is_current = any(_is_below(frame.path, ctx.w(place)) for place in (nav.url, *nav.also))
        link = (ctx.t(nav.title), url, nav.icon, is_current, nav.shortcut.rpartition(" ")[2])
        groups[nav.group].append(link)
        if nav.mobile:
            frame.mobile_nav.append((ctx.t(nav.short) if nav.short else link[0], *link[1:]))
    settings = ctx.w("/settings")
    is_current = _is_below(frame.path, settings) or any(link[3] for link in groups["settings"])
    # One entry leads to the page that lists them all: they are many, and seldom wanted.
    groups["settings"] = [(ctx.t(N_("Settings")), settings, "settings", is_current, "")]
    frame.nav_groups = [
        (ctx.t(title) if title else "", groups[group]) for group, title in GROUPS if groups[group]
    ]


def _is_below(path: str, place: str) -> bool:
    """Whether a page is that place or below it; below the home page is everything, so nothing counts."""
    return path == place.rstrip("/") or (not place.endswith("/") and path.startswith(f"{place}/"))


def _initials(name: str) -> str:
    """Two letters of a name of several words, else its first."""
    words = name.split()
    if len(words) > 1:
        return (words[0][:1] + words[-1][:1]).upper()
    return name[:1].upper()
