"""What a program learns about itself and about the keys of its workspace; it can change none of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
from litestar import Controller, Request

from core.settings import Settings
from core.tenancy.control import Control
from core.tenancy.ctx import Ctx, Principal
from core.web.request import SIGNED_IN, principal_of, runtime_of
from core.web.routing import get
from tenants.api_keys import queries
from tenants.api_keys.schema import KeyList, KeyOut, RequestList, RequestOut

VIEW = "api_keys.view"


class TenantInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The workspace that a key belongs to."""

    id: UUID
    slug: str
    name: str
    locale: str
    timezone: str
    currency: str
    country: str


class ActorInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The member whose rights a key has; ``permissions`` maps each to how far it reaches, scopes taken off."""

    member_id: UUID | None
    name: str
    email: str
    role: str
    permissions: Mapping[str, str]


class KeyInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The key itself."""

    id: UUID | None
    name: str
    scopes: list[str]


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Requests a minute."""

    key_per_minute: int
    tenant_per_minute: int


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """Where a key leads, what it may do and how often."""

    tenant: TenantInfo
    actor: ActorInfo
    key: KeyInfo
    limits: Limits

    @classmethod
    def of(cls, ctx: Ctx, principal: Principal | None, settings: Settings) -> Me:
        """Tell about the key of a request."""
        actor, granted = (
            ctx.actor,
            {name: reach for name, reach in ctx.actor.grants.items() if reach != "none"},
        )
        scopes = sorted(principal.scopes or ()) if principal else []
        return cls(
            tenant=msgspec.convert(ctx.tenant, TenantInfo, from_attributes=True),
            actor=ActorInfo(
                member_id=actor.member_id,
                name=actor.name,
                email=actor.email,
                role=actor.role,
                permissions=granted,
            ),
            key=KeyInfo(id=actor.key_id, name=principal.name if principal else "", scopes=scopes),
            limits=Limits(
                key_per_minute=settings.rate_key_per_minute, tenant_per_minute=settings.rate_tenant_per_minute
            ),
        )


class MeApi(Controller):
    """Says what a key is good for."""

    path = "/me"
    tags = ("Keys",)

    @get("/", permission=SIGNED_IN)
    async def me(self, ctx: Ctx, request: Request[Any, Any, Any]) -> Me:
        """Tell about the key of this request."""
        return Me.of(ctx, principal_of(request), runtime_of(request).settings)


class KeyApi(Controller):
    """The keys of a workspace, for watching over them: they are made and ended by people alone."""

    path = "/api_keys"
    tags = ("Keys",)

    @get("/", permission=VIEW)
    async def list_keys(self, ctx: Ctx, control: Control, ended: bool = False) -> KeyList:
        """List the keys that work; with ``ended`` also those that do not any more."""
        found = await queries.keys(control, ctx.tenant.id, ended=ended)
        return KeyList(data=[msgspec.convert(key, KeyOut, from_attributes=True) for key in found])

    @get("/{key_id:uuid}", permission=VIEW)
    async def get_key(self, ctx: Ctx, control: Control, key_id: UUID) -> KeyOut:
        """Show a key."""
        key = await queries.one(control, ctx.tenant.id, key_id)
        return msgspec.convert(key, KeyOut, from_attributes=True)

    @get("/{key_id:uuid}/requests", permission=VIEW)
    async def list_requests(
        self, ctx: Ctx, control: Control, key_id: UUID, after: UUID | None = None, limit: int = 50
    ) -> RequestList:
        """List what a key was used for in the last 30 days, the latest first."""
        await queries.one(control, ctx.tenant.id, key_id)
        most = max(1, min(limit, 200))
        found = await queries.requests(control, key_id, before=after, limit=most)
        data = [msgspec.convert(row, RequestOut, from_attributes=True) for row in found]
        return RequestList(data=data, next=found[-1].id if len(found) == most else None)
