"""Which events a workspace can be told of, and which of them a list of names stands for.

A name is an event's own (``deal.won``), a family (``deal.*``) or everything (``*``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

from core.kernel.errors import FieldError
from core.kernel.events import Event
from core.kernel.i18n import N_
from core.tenancy.ctx import Ctx

ALL: Final = "*"


def offered(ctx: Ctx) -> dict[str, type[Event]]:
    """The events of the modules that the workspace has, by name; those of a module switched off are not among them."""
    registry = ctx.machinery.registry
    return {
        name: event
        for name, event in sorted(registry.events.items())
        if event.webhook and registry.is_on(registry.owners[id(event)], ctx.tenant.plugins)
    }


def families(ctx: Ctx) -> list[tuple[str, list[type[Event]]]]:
    """The events by what they are about."""
    found = offered(ctx).values()
    return [(family, list(events)) for family, events in groupby(found, lambda event: family_of(event.name))]


def family_of(name: str) -> str:
    """What an event is about: its name without the last word."""
    return name.rpartition(".")[0]


def is_meant(name: str, chosen: Iterable[str]) -> bool:
    """Whether a list of names stands for an event."""
    return any(one in (ALL, name) or (one.endswith(".*") and name.startswith(one[:-1])) for one in chosen)


def meant(ctx: Ctx, chosen: Sequence[str]) -> list[str]:
    """The events that a list of names stands for."""
    return [name for name in offered(ctx) if is_meant(name, chosen)]


def check(ctx: Ctx, chosen: Sequence[str]) -> list[FieldError]:
    """What is wrong with a list of names."""
    if not chosen:
        return [FieldError("events", "required", N_("Choose at least one event."))]
    names = offered(ctx)
    return [
        FieldError("events", "event", N_("There is no event {name}."), {"name": one[:80]})
        for one in chosen
        if not any(is_meant(name, [one]) for name in names)
    ]
