"""The form of a webhook: what it shows, and what was sent by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from core.kernel.errors import FieldError, Invalid
from core.kernel.events import Event
from core.kernel.validate import convert
from core.tenancy.ctx import Ctx
from core.webhooks import choosing, conditions
from core.webhooks.models import Endpoint
from core.webhooks.schema import EndpointForm, EndpointIn, EndpointPatch


def form(ctx: Ctx, endpoint: Endpoint | None = None) -> dict[str, Any]:
    """What the form shows: the events by what they are about."""
    families = [
        (family, ctx.t(_title(ctx, family, events[0])), events) for family, events in choosing.families(ctx)
    ]
    return {"item": endpoint, "families": families}


def _title(ctx: Ctx, family: str, event: type[Event]) -> str:
    """What events are about: a type of record, or else the module that declares them."""
    registry = ctx.machinery.registry
    if family in registry.records:
        return str(registry.records[family].title)
    return str(registry.modules[registry.owners[id(event)]].manifest.title)


def again(sent: Mapping[str, Any]) -> dict[str, Any]:
    """What was sent, as the form shows it again."""
    return {**sent, "events": _events(sent)}


def endpoint_in(ctx: Ctx, sent: Mapping[str, Any]) -> EndpointIn:
    """A new webhook; raises Invalid with everything that is wrong in what was entered."""
    entered, wanted = _read(ctx, sent)
    return EndpointIn(
        url=entered.url, description=entered.description, events=entered.events, conditions=wanted
    )


def endpoint_patch(ctx: Ctx, sent: Mapping[str, Any]) -> EndpointPatch:
    """What to change; raises Invalid with everything that is wrong in what was entered."""
    entered, wanted = _read(ctx, sent)
    return EndpointPatch(
        url=entered.url, description=entered.description, events=entered.events, conditions=wanted
    )


def _read(ctx: Ctx, sent: Mapping[str, Any]) -> tuple[EndpointForm, list[conditions.Condition]]:
    wrong: list[FieldError] = []
    names = _events(sent)
    entered = _noted(wrong, lambda: convert(EndpointForm, {**sent, "events": names}, text=True))
    wanted = _noted(wrong, lambda: conditions.read(str(sent.get("conditions", ""))))
    wrong += choosing.check(ctx, names)
    wrong += [
        FieldError("conditions", one.code, one.message, one.params) for one in conditions.check(wanted or ())
    ]
    if wrong or entered is None or wanted is None:
        raise Invalid(errors=wrong)
    return entered, wanted


def _noted(wrong: list[FieldError], read: Callable[[], Any]) -> Any:
    try:
        return read()
    except Invalid as error:
        wrong.extend(error.errors)
        return None


def _events(sent: Mapping[str, Any]) -> list[str]:
    found = sent.get("events", [])
    return [found] if isinstance(found, str) else list(found)
