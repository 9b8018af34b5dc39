"""Whose eyes an endpoint looks through, and what they see of an event."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import select

from core.access import queries as people
from core.access.grants import Grants, narrower, of_role, reach_of
from core.access.visible import visible
from core.kernel.events import Stored
from core.tenancy.ctx import Actor, Ctx
from core.webhooks.models import Endpoint

EVERYTHING: Final = "events.view"
MANAGE: Final = "webhooks.manage"


async def reader(ctx: Ctx, endpoint: Endpoint) -> Actor | None:
    """The member that answers for an endpoint, with his present rights; None where he left."""
    found = await people.standing(ctx.session, member_id=endpoint.member_id)
    if found is None:
        return None
    permissions = ctx.machinery.registry.permissions.values()
    grants = of_role(found.member.role, permissions, found.stored_grants)
    if endpoint.bounds is not None:
        bounds = cast(Grants, endpoint.bounds)
        grants = {name: narrower(reach_of(grants, name), reach_of(bounds, name)) for name in grants}
    return Actor(
        kind="member",
        member_id=found.member.id,
        name=found.member.name,
        role=found.member.role,
        grants=grants,
        team_ids=found.team_ids,
    )


async def seen(ctx: Ctx, actor: Actor, events: Sequence[Stored]) -> list[Stored]:
    """Those of some events that the actor may know of.

    Who may read the change feed may know all; anybody else, what happens to records that he may view.
    """
    grants = cast(Grants, actor.grants)
    if reach_of(grants, EVERYTHING) == "all":
        return list(events)
    by_type: Mapping[str, list[UUID]] = defaultdict(list)
    for event in events:
        by_type[event.record_type].append(event.record_id)
    known = {kind: await _visible(ctx, actor, kind, ids) for kind, ids in by_type.items()}
    return [event for event in events if event.record_id in known[event.record_type]]


async def _visible(ctx: Ctx, actor: Actor, record_type: str, ids: Sequence[UUID]) -> frozenset[UUID]:
    type_ = ctx.machinery.registry.records.get(record_type)
    if type_ is None:
        return frozenset()
    permission = f"{type_.permission}.view"
    reach = reach_of(cast(Grants, actor.grants), permission)
    if reach in ("none", "all"):
        return frozenset(ids if reach == "all" else ())
    model: Any = type_.model
    statement = select(model.id).where(model.id.in_(ids), visible(actor, model, permission))
    return frozenset(await ctx.session.scalars(statement.execution_options(include_deleted=True)))
