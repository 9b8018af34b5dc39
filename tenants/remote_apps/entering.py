"""The form of an app: what it shows, and what was sent by it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from core.kernel.errors import FieldError, Invalid
from core.kernel.i18n import N_
from core.kernel.validate import convert
from core.tenancy.ctx import Ctx
from core.webhooks import entering as webhooks
from tenants.api_keys import scopes
from tenants.remote_apps.asking import check
from tenants.remote_apps.schema import PLACES, AppIn

SCOPE: Final = "scope."
MOST: Final = 8
"""How many panels an app may have."""


def form(ctx: Ctx, values: Mapping[str, Any]) -> dict[str, Any]:
    """What the form shows: its values, scopes by resource, events by what they are about, places for panels."""
    filled = [
        number for number in range(MOST) if any(values.get(f"panels.{number}.{x}") for x in ("title", "url"))
    ]
    return {
        "resources": scopes.resources(ctx.machinery.registry, ctx.tenant.plugins),
        "families": webhooks.form(ctx)["families"],
        "places": [(key, ctx.t(title)) for key, title in PLACES],
        "rows": range(MOST),
        "shown": min(max(filled, default=-1) + 2, MOST),
        "values": values,
    }


def values_of(app: AppIn) -> dict[str, Any]:
    """An app as the form shows it."""
    found: dict[str, Any] = {
        "name": app.name,
        "summary": app.summary,
        "home_url": app.home_url or "",
        "webhook_url": app.webhook_url or "",
        "events": list(app.events),
    }
    for scope in sorted(app.scopes):
        resource, _, way = scope.rpartition(":")
        found[f"{SCOPE}{resource}"] = way
    for number, panel in enumerate(app.panels):
        found |= {f"panels.{number}.{name}": getattr(panel, name) for name in ("on", "title", "url")}
    return found


def again(sent: Mapping[str, Any]) -> dict[str, Any]:
    """What was sent, as the form shows it again."""
    events = sent.get("events", [])
    return {**sent, "events": [events] if isinstance(events, str) else list(events)}


def app_in(ctx: Ctx, sent: Mapping[str, Any]) -> AppIn:
    """What a form asks for; raises Invalid with everything that is wrong, what no module knows included."""
    values = again(sent)
    data = {name: value for name, value in values.items() if not name.startswith(SCOPE)}
    for number in {name.split(".")[1] for name in data if name.startswith("panels.")}:
        row = [name for name in data if name.startswith(f"panels.{number}.")]
        if not any(data[name].strip() for name in row if not name.endswith(".on")):
            data = {name: value for name, value in data.items() if name not in row}
    data["scopes"] = [
        f"{name.removeprefix(SCOPE)}:{way}" for name, way in sent.items() if name.startswith(SCOPE) and way
    ]
    wrong: list[FieldError] = []
    found: AppIn | None = None
    try:
        found = convert(AppIn, data, text=True)
    except Invalid as error:
        wrong += error.errors
        found = _rest(data, {one.path.split(".")[0] for one in wrong})
    try:
        if found is not None:
            found = check(ctx, found)
    except Invalid as error:
        wrong += [one for one in error.errors if one.path not in {other.path for other in wrong}]
    if not (data["scopes"] or data.get("webhook_url") or found is None or found.panels):
        message = N_("An app without scopes, events and panels can do nothing.")
        wrong.append(FieldError("scopes", "required", message))
    if wrong or found is None:
        raise Invalid(errors=wrong)
    return found


def _rest(data: Mapping[str, Any], bad: set[str]) -> AppIn | None:
    """What can be read of a form with mistakes, so that what it names can be looked up all the same."""
    whole = {name: value for name, value in data.items() if name.split(".")[0] not in bad}
    try:
        return convert(AppIn, {"name": "-", **whole}, text=True)
    except Invalid:
        return None
