"""Verbs on members and shares: the only writers. Roles are in roles.py, units in units.py."""

from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET, structs
from sqlalchemy import func, or_, select

from core.access import roles
from core.access.events import MemberCreated, MemberUpdated, RecordShared
from core.access.grants import ROLES
from core.access.models import Member, Role, Share, Unit
from core.access.roles import not_above
from core.access.schema import MemberIn, MemberPatch, ShareIn
from core.kernel.errors import Conflict, FieldError, Forbidden, Invalid
from core.kernel.i18n import N_
from core.kernel.ids import uuid7

MANAGE, OWNER = roles.MANAGE, roles.OWNER
PROFILE = "members.profile"
OWN_FIELDS = frozenset({"name", "phone", "title", "locale", "timezone"})
"""What everybody may change of himself."""


async def add_member(
    ctx: Any, data: MemberIn, *, member_id: UUID | None = None, account_id: UUID | None = None
) -> Member:
    """Add a member; emits member.created. Raises Conflict for an address that is here already.

    ``member_id`` is an id that was given before: of two who add it at once, one gets an ``IntegrityError``.
    """
    await ctx.require(MANAGE)
    only_owners_change(ctx, data.role)
    await check_place(ctx, role=data.role, unit_id=data.unit_id)
    await not_above(ctx, data.role)
    if await ctx.session.scalar(select(Member.id).where(Member.email == data.email)):
        raise Conflict(code="member.exists", detail=N_("Somebody with this address is a member already."))
    await _room_for_one(ctx)
    member = Member(**msgspec.structs.asdict(data), id=member_id or uuid7(), account_id=account_id)
    ctx.session.add(member)
    await ctx.session.flush()
    ctx.emit(MemberCreated(subject_id=member.id, label=member.name))
    return member


async def join(ctx: Any, data: MemberIn, *, account_id: UUID, reopens: bool) -> Member:
    """Make the holder of a login a member, once; emits member.created, or member.updated for who was here before.

    A row without a login takes this one. Whoever left comes back only where ``reopens`` says that this person was
    meant, else it raises Forbidden. A role or a department that is gone since is replaced by none.
    """
    await ctx.require(MANAGE)
    one_at_a_time = func.pg_advisory_xact_lock(func.hashtextextended(f"member {data.email}", 0))
    await ctx.session.execute(select(one_at_a_time))
    role = data.role if await _is_role(ctx, data.role) else "member"
    unit = await ctx.session.get(Unit, data.unit_id) if data.unit_id else None
    found: Member | None = await ctx.session.scalar(
        select(Member)
        .where(or_(Member.account_id == account_id, Member.email == data.email))
        .order_by((Member.account_id == account_id).desc().nulls_last())
        .limit(1)
    )
    if found is None:
        member = await add_member(ctx, structs.replace(data, role=role, unit_id=unit.id if unit else None))
        member.account_id = account_id
        await ctx.session.flush()
        return member
    if found.account_id not in {None, account_id}:
        raise Conflict(code="member.exists", detail=N_("Somebody with this address is a member already."))
    if not found.active:
        if not reopens:
            raise Forbidden(
                detail=N_("This workspace was closed to you. Ask an administrator to invite you.")
            )
        await update_member(ctx, found, MemberPatch(active=True, role=role))
    found.account_id = account_id
    await ctx.session.flush()
    return found


async def update_member(ctx: Any, member: Member, patch: MemberPatch) -> Member:
    """Change a member; emits member.updated.

    One's own name, phone, position, language and zone are one's own; a key needs members.profile for it. The rest takes
    members.manage. Owners are changed by owners alone, and the last active one stays an owner.
    """
    changes = {
        name: (getattr(member, name), value)
        for name, value in msgspec.structs.asdict(patch).items()
        if value is not UNSET and value != getattr(member, name)
    }
    if not changes:
        return member
    is_himself = ctx.actor.member_id == member.id and (ctx.actor.kind != "key" or ctx.can(PROFILE))
    if not is_himself or not changes.keys() <= OWN_FIELDS:
        await ctx.require(MANAGE)
        only_owners_change(ctx, member.role, str(changes.get("role", ("", ""))[1]))
    await check_place(
        ctx, role=changes.get("role", (None, None))[1], unit_id=changes.get("unit_id", (None, None))[1]
    )
    if "role" in changes:
        await not_above(ctx, member.role)
        await not_above(ctx, changes["role"][1])
    if member.role == OWNER and ("role" in changes or "active" in changes):
        await _keep_an_owner(ctx, member)
    if changes.get("active", (True, True))[1] and not member.active:
        await _room_for_one(ctx)
    for name, (_, value) in changes.items():
        setattr(member, name, value)
    await ctx.session.flush()
    told = {name: (_plain(before), _plain(after)) for name, (before, after) in changes.items()}
    ctx.emit(MemberUpdated(subject_id=member.id, label=member.name, changes=told))
    return member


async def _room_for_one(ctx: Any) -> None:
    """Raise where the plan has no room for one more member."""
    if "members" in ctx.tenant.limits:
        used = await ctx.session.scalar(select(func.count()).select_from(Member).where(Member.active))
        ctx.within_limit("members", used)


async def share(ctx: Any, record: Any, data: ShareIn) -> Share:
    """Open a record that the actor may edit to a member; emits share.changed."""
    if await ctx.session.get(Member, data.member_id) is None:
        raise Invalid.field("member_id", "reference", N_("There is no such member."))
    found: Share | None = await ctx.session.scalar(
        select(Share).where(
            Share.record_type == data.record_type,
            Share.record_id == record.id,
            Share.member_id == data.member_id,
        )
    )
    if found is None:
        found = Share(record_type=data.record_type, record_id=record.id, member_id=data.member_id)
        ctx.session.add(found)
    found.level = data.level
    await ctx.session.flush()
    _tell_share(ctx, found, data.level)
    return found


async def unshare(ctx: Any, found: Share) -> None:
    """Close a record to a member again; emits share.changed with an empty level."""
    await ctx.session.delete(found)
    _tell_share(ctx, found, "")


def only_owners_change(ctx: Any, *roles: str) -> None:
    """Raise unless the actor may act on members with these roles: on owners only owners may."""
    if OWNER in roles and ctx.actor.kind != "system" and ctx.actor.role != OWNER:
        raise Forbidden(detail=N_("Only an owner can change owners."))


def _tell_share(ctx: Any, found: Share, level: str) -> None:
    links = ((found.record_type, found.record_id),)
    ctx.emit(RecordShared(subject_id=found.id, links=links, member_id=str(found.member_id), level=level))


async def check_place(ctx: Any, *, role: str | None, unit_id: Any) -> None:
    """Raise Invalid unless the role and the department exist, both at once."""
    errors = []
    if role is not None and not await _is_role(ctx, role):
        errors.append(FieldError("role", "reference", N_("There is no such role.")))
    if unit_id is not None and await ctx.session.get(Unit, unit_id) is None:
        errors.append(FieldError("unit_id", "reference", N_("There is no such department.")))
    if errors:
        raise Invalid(errors=errors)


async def _is_role(ctx: Any, key: str) -> bool:
    return key in ROLES or await ctx.session.scalar(select(Role.id).where(Role.key == key)) is not None


async def _keep_an_owner(ctx: Any, member: Member) -> None:
    others = select(func.count()).where(Member.role == OWNER, Member.active, Member.id != member.id)
    if not await ctx.session.scalar(others):
        raise Conflict(code="member.last_owner", detail=N_("A workspace needs an owner who is active."))


def _plain(value: Any) -> Any:
    return str(value) if value is not None and not isinstance(value, (str, bool)) else value
