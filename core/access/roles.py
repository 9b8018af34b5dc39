"""Verbs on roles: the workspace's own, and what differs from a built-in one."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, func, select

from core.access.events import RoleChanged
from core.access.grants import REACHES, ROLES, narrower, of_role, reach_of
from core.access.models import Member, Role
from core.access.schema import RoleIn
from core.kernel.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from core.kernel.i18n import N_

MANAGE = "members.manage"
OWNER = "owner"


async def save_role(ctx: Any, key: str, data: RoleIn) -> Role:
    """Make a role of the workspace's own, or change what a built-in one may do; emits role.changed.

    Nobody grants more than his own role reaches, nor changes a role that reaches further.
    """
    await ctx.require(MANAGE)
    if key == OWNER:
        raise Invalid.field("key", "fixed", N_("The owner's role cannot be changed."))
    await not_above(ctx, key)
    known = ctx.machinery.registry.permissions
    own = await _own_grants(ctx)
    wrong = [_wrong(name, reach, known, own) for name, reach in data.grants.items()]
    if any(wrong):
        raise Invalid(errors=[error for error in wrong if error])
    role = await _stored(ctx, key)
    if role is None:
        role = Role(key=key)
        ctx.session.add(role)
    role.name, role.grants = data.name, dict(data.grants)
    await ctx.session.flush()
    ctx.emit(RoleChanged(subject_id=role.id, label=role.name))
    return role


async def delete_role(ctx: Any, key: str) -> None:
    """Remove a role that nobody has, or give a built-in one its defaults again; emits role.changed."""
    await ctx.require(MANAGE)
    role = await _stored(ctx, key)
    if role is None:
        raise NotFound
    await not_above(ctx, key)
    holders = select(func.count()).select_from(Member).where(Member.role == key)
    if key not in ROLES and (count := await ctx.session.scalar(holders)):
        raise Conflict(
            code="role.in_use",
            detail=N_("{count} people have this role. Give them another one first."),
            params={"count": count},
        )
    await ctx.session.execute(delete(Role).where(Role.id == role.id))
    ctx.emit(RoleChanged(subject_id=role.id, label=role.name))


async def not_above(ctx: Any, key: str) -> None:
    """Raise Forbidden unless the actor's own role reaches at least as far as this one; owners reach everything."""
    own = await _own_grants(ctx)
    if own is None:
        return
    stored = await _stored(ctx, key)
    known = ctx.machinery.registry.permissions
    grants = of_role(key, known.values(), stored.grants if stored else None)
    if any(_exceeds(reach, own, name) for name, reach in grants.items()):
        raise Forbidden(
            code="role.above", detail=N_("This role reaches further than your own. Ask somebody who has it.")
        )


async def _own_grants(ctx: Any) -> Mapping[str, Any] | None:
    """What the actor's role grants, scopes of a key left aside; None where there is no bound."""
    if ctx.actor.kind == "system" or ctx.actor.role == OWNER:
        return None
    stored = await _stored(ctx, ctx.actor.role)
    known = ctx.machinery.registry.permissions
    return of_role(ctx.actor.role, known.values(), stored.grants if stored else None)


async def _stored(ctx: Any, key: str) -> Role | None:
    found: Role | None = await ctx.session.scalar(select(Role).where(Role.key == key))
    return found


def _exceeds(reach: Any, own: Mapping[str, Any], name: str) -> bool:
    held = reach_of(own, name)
    return bool(narrower(reach, held) != reach)


def _wrong(
    name: str, reach: str, known: Mapping[str, Any], own: Mapping[str, Any] | None
) -> FieldError | None:
    path = f"grants.{name[:100]}"
    if name not in known:
        return FieldError(path, "unknown", N_("There is no such permission."))
    if own is not None and reach in REACHES and _exceeds(reach, own, name):
        return FieldError(path, "above", N_("You cannot grant more than your own role reaches."))
    return None
