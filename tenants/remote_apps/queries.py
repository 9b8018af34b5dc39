"""Reads of remote apps: those of a workspace, when each was last heard of, and what stands on record pages.

Owns what a process remembers of panels, by the revision of the workspace's entry in the directory.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select

from core.access.models import Member
from core.kernel.errors import NotFound
from core.tenancy.control import Control
from core.tenancy.ctx import Ctx
from core.tenancy.directory import Tenant
from core.webhooks.models import Endpoint
from tenants.api_keys import of_apps
from tenants.api_keys.models import ApiKey
from tenants.api_keys.queries import is_alive
from tenants.remote_apps.asking import read
from tenants.remote_apps.models import RemoteApp
from tenants.remote_apps.schema import AppOut

MOST: Final = 50
KEPT: Final = 10_000


async def apps(control: Control, tenant_id: UUID) -> Sequence[RemoteApp]:
    """The apps of a workspace, the oldest first: there are few."""
    found = select(RemoteApp).where(RemoteApp.tenant_id == tenant_id).order_by(RemoteApp.id)
    return (await control.session.scalars(found.limit(MOST))).all()


async def one(control: Control, tenant_id: UUID, app_id: UUID, *, lock: bool = False) -> RemoteApp:
    """An app of a workspace; raises :class:`NotFound`. Locked, nobody else decides about it meanwhile."""
    statement = select(RemoteApp).where(RemoteApp.tenant_id == tenant_id, RemoteApp.id == app_id)
    app = await control.session.scalar(statement.with_for_update() if lock else statement)
    if app is None:
        raise NotFound
    return app


async def last_used(control: Control, app_ids: Sequence[UUID]) -> Mapping[UUID, datetime]:
    """When an app's key was last used, to the minute."""
    asked = select(ApiKey.app_id, func.max(ApiKey.last_used_at)).where(ApiKey.app_id.in_(app_ids))
    found = await control.session.execute(asked.group_by(ApiKey.app_id))
    return {app_id: at for app_id, at in found if app_id and at}


async def former(ctx: Ctx, control: Control, app_id: UUID) -> str:
    """Whose rights the key of an app has, where it ends as soon as the actor agrees; '' where it goes on."""
    for key in await of_apps.living(control, app_id):
        if key.member_id != ctx.actor.member_id:
            return (await ctx.session.get_one(Member, key.member_id)).name
    return ""


async def lapsed(ctx: Ctx, control: Control, found: Sequence[RemoteApp]) -> frozenset[UUID]:
    """The apps that a person has to agree to once more: their key has ended, or whoever agreed is gone."""
    agreed = [app for app in found if app.granted is not None]
    keys = select(ApiKey.app_id).where(ApiKey.app_id.in_([app.id for app in agreed]), is_alive(control.now()))
    held = set(await control.session.scalars(keys))
    members = select(Member.id).where(Member.id.in_([app.member_id for app in agreed]), Member.active)
    here = set(await ctx.session.scalars(members))
    return frozenset(
        app.id
        for app in agreed
        if app.member_id not in here or ((app.granted or {}).get("scopes") and app.id not in held)
    )


async def pending(ctx: Ctx, control: Control, app: RemoteApp) -> dict[str, Any] | None:
    """What waits for consent: what is asked for, or once more what was agreed to."""
    return app.asked or (app.granted if await lapsed(ctx, control, [app]) else None)


async def endpoints(ctx: Ctx, app_ids: Sequence[UUID]) -> Mapping[UUID, Endpoint]:
    """The webhooks of apps."""
    found = await ctx.session.scalars(select(Endpoint).where(Endpoint.id.in_(app_ids)))
    return {endpoint.id: endpoint for endpoint in found}


async def shown(ctx: Ctx, control: Control, found: Sequence[RemoteApp]) -> list[AppOut]:
    """Apps with when they were last heard of."""
    ids = [app.id for app in found]
    used, told = await last_used(control, ids), await endpoints(ctx, ids)
    again = await lapsed(ctx, control, found)
    return [
        AppOut(
            id=app.id,
            name=app.name,
            state=app.state,  # type: ignore[arg-type]
            manifest_url=app.manifest_url,
            granted=read(app.granted),
            asked=read(app.asked),
            needs_consent=app.asked is not None or app.id in again,
            member_id=app.member_id,
            last_used_at=used.get(app.id),
            last_delivery_at=told[app.id].last_success_at if app.id in told else None,
            created_at=app.created_at,
        )
        for app in found
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A panel of an app at its place; ``number`` is its position among the app's panels."""

    app_id: UUID
    app: str
    number: int
    on: str
    title: str


@dataclass(slots=True)
class Panels:
    """The panels of workspaces as this process knows them."""

    kept: OrderedDict[UUID, tuple[int, tuple[Placed, ...]]] = field(default_factory=OrderedDict)

    async def of(self, runtime: Any, tenant: Tenant) -> tuple[Placed, ...]:
        """The panels of a workspace's apps that work."""
        found = self.kept.get(tenant.id)
        if found is None or found[0] != tenant.revision:
            async with runtime.control() as control:
                placed = tuple(
                    Placed(app_id=app.id, app=app.name, number=number, on=panel["on"], title=panel["title"])
                    for app in await apps(control, tenant.id)
                    if app.state == "active" and app.granted
                    for number, panel in enumerate(app.granted["panels"])
                )
            found = self.kept[tenant.id] = (tenant.revision, placed)
        self.kept.move_to_end(tenant.id)
        while len(self.kept) > KEPT:
            self.kept.popitem(last=False)
        return found[1]


async def panels(runtime: Any, tenant: Tenant, record_type: str) -> list[Placed]:
    """The panels that stand on the pages of a type of record."""
    known: Panels = runtime.part(Panels, Panels)
    return [one for one in await known.of(runtime, tenant) if one.on == record_type]
