"""JSON handlers of members, departments, roles and shares."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response

from core.access import queries, roles, service, units
from core.access.grants import ROLES, of_role
from core.access.models import Member, Role, Share, Unit
from core.access.schema import (
    MemberIn,
    MemberOut,
    MemberPatch,
    RoleIn,
    RoleOut,
    ShareIn,
    ShareOut,
    UnitIn,
    UnitOut,
    UnitPatch,
)
from core.members.shapes import Members, Roles, Shares, Units, shaped
from core.records import lists
from core.records.etag import check, etag
from core.records.service import record_type
from core.tenancy.ctx import Ctx
from core.web.routing import delete, get, patch, post, put

VIEW, MANAGE = "members.view", "members.manage"


class MemberApi(Controller):
    """The people of the workspace."""

    path = "/members"
    tags = ("Members",)

    @get("/", permission=VIEW)
    async def list_members(self, ctx: Ctx, inactive: bool = False) -> Members:
        """List members by name."""
        found = await queries.people(ctx.session, inactive=inactive)
        return Members(data=[shaped(MemberOut, member) for member in found])

    @post("/", permission=MANAGE, status_code=201)
    async def add_member(self, ctx: Ctx, data: MemberIn) -> MemberOut:
        """Add a member."""
        return shaped(MemberOut, await service.add_member(ctx, data))

    @get("/{member_id:uuid}", permission=VIEW)
    async def get_member(self, ctx: Ctx, member_id: UUID) -> Response[MemberOut]:
        """Read one member."""
        member = await queries.one(ctx.session, Member, member_id)
        return Response(shaped(MemberOut, member), headers={"ETag": etag(member)})

    @patch("/{member_id:uuid}", permission=VIEW)
    async def update_member(
        self, ctx: Ctx, request: Request[Any, Any, Any], member_id: UUID, data: MemberPatch
    ) -> MemberOut:
        """Change a member, or one's own data."""
        member = await queries.one(ctx.session, Member, member_id)
        check(request.headers, member)
        return shaped(MemberOut, await service.update_member(ctx, member, data))


class UnitApi(Controller):
    """The departments."""

    path = "/units"
    tags = ("Members",)

    @get("/", permission=VIEW)
    async def list_units(self, ctx: Ctx) -> Units:
        """List departments, each after the one above it."""
        return Units(data=[shaped(UnitOut, unit) for unit in await queries.units(ctx.session)])

    @post("/", permission=MANAGE, status_code=201)
    async def create_unit(self, ctx: Ctx, data: UnitIn) -> UnitOut:
        """Make a department."""
        return shaped(UnitOut, await units.create_unit(ctx, data))

    @patch("/{unit_id:uuid}", permission=MANAGE)
    async def update_unit(self, ctx: Ctx, unit_id: UUID, data: UnitPatch) -> UnitOut:
        """Rename or move a department."""
        unit = await queries.one(ctx.session, Unit, unit_id)
        return shaped(UnitOut, await units.update_unit(ctx, unit, data))

    @delete("/{unit_id:uuid}", permission=MANAGE, status_code=204)
    async def delete_unit(self, ctx: Ctx, unit_id: UUID) -> Response[None]:
        """Remove an empty department."""
        await units.delete_unit(ctx, await queries.one(ctx.session, Unit, unit_id))
        return Response(None, status_code=204)


class RoleApi(Controller):
    """The roles and how far their permissions reach."""

    path = "/roles"
    tags = ("Members",)

    @get("/", permission=VIEW)
    async def list_roles(self, ctx: Ctx) -> Roles:
        """List the built-in roles and the workspace's own."""
        stored = {role.key: role for role in await queries.custom_roles(ctx.session)}
        return Roles(data=[_role(ctx, key, stored.get(key)) for key in dict.fromkeys([*ROLES, *stored])])

    @put("/{key:str}", permission=MANAGE)
    async def save_role(self, ctx: Ctx, key: str, data: RoleIn) -> RoleOut:
        """Make a role, or change what one may do."""
        return _role(ctx, key, await roles.save_role(ctx, key, data))

    @delete("/{key:str}", permission=MANAGE, status_code=204)
    async def delete_role(self, ctx: Ctx, key: str) -> Response[None]:
        """Remove a role that nobody has, or give a built-in one its defaults again."""
        await roles.delete_role(ctx, key)
        return Response(None, status_code=204)


class ShareApi(Controller):
    """Single records opened to single members."""

    path = "/shares"
    tags = ("Members",)

    @get("/", permission=VIEW)
    async def list_shares(self, ctx: Ctx, record_type_key: str, record_id: UUID) -> Shares:
        """List whom a record is shared with."""
        record = await lists.get(ctx, record_type(ctx, record_type_key), record_id)
        found = await queries.shares(ctx.session, record_type_key, record.id)
        return Shares(data=[shaped(ShareOut, share) for share in found])

    @post("/", permission=VIEW, status_code=201)
    async def share(self, ctx: Ctx, data: ShareIn) -> ShareOut:
        """Open a record to a member."""
        record = await lists.get(ctx, record_type(ctx, data.record_type), data.record_id, action="edit")
        return shaped(ShareOut, await service.share(ctx, record, data))

    @delete("/{share_id:uuid}", permission=VIEW, status_code=204)
    async def unshare(self, ctx: Ctx, share_id: UUID) -> Response[None]:
        """Close a record to a member again."""
        share = await queries.one(ctx.session, Share, share_id)
        await lists.get(ctx, record_type(ctx, share.record_type), share.record_id, action="edit")
        await service.unshare(ctx, share)
        return Response(None, status_code=204)


def _role(ctx: Ctx, key: str, stored: Role | None) -> RoleOut:
    permissions = ctx.machinery.registry.permissions.values()
    grants = of_role(key, permissions, stored.grants if stored else None)
    name = stored.name if stored else key.capitalize()
    return RoleOut(key=key, name=name, built_in=key in ROLES, grants=dict(grants))
