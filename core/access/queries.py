"""Reads of access: who a login is in this workspace, and the people to choose from."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import aliased

from core.access.grants import of_role
from core.access.models import Member, Role, Share, Unit
from core.kernel.errors import NotFound
from core.tenancy.ctx import Ctx


@dataclass(frozen=True, slots=True)
class Standing:
    """What one statement reads about a member: himself, his role's stored grants, his team."""

    member: Member
    stored_grants: dict[str, str] | None
    team_ids: frozenset[UUID]


async def standing(
    session: Any, *, account_id: UUID | None = None, member_id: UUID | None = None
) -> Standing | None:
    """Read the active member of a login, or of an id, with role and team in one statement."""
    condition = Member.account_id == account_id if member_id is None else Member.id == member_id
    return await _standing(session, condition)


async def _standing(session: Any, condition: ColumnElement[bool]) -> Standing | None:
    mate, own, sub = aliased(Member), aliased(Unit), aliased(Unit)
    team = (
        select(func.array_agg(mate.id))
        .join(sub, sub.id == mate.unit_id)
        .join(own, func.starts_with(sub.path, own.path))
        .where(own.id == Member.unit_id)
        .correlate(Member)
        .scalar_subquery()
    )
    statement = (
        select(Member, Role.grants, team)
        .outerjoin(Role, Role.key == Member.role)
        .where(condition, Member.active)
    )
    row = (await session.execute(statement)).first()
    return None if row is None else Standing(row[0], row[1], frozenset(row[2] or ()))


async def people(session: Any, *, inactive: bool = False) -> list[Member]:
    """List members by name; those who left only if asked for."""
    statement = select(Member).order_by(Member.name, Member.id)
    return list(await session.scalars(statement if inactive else statement.where(Member.active)))


async def holders(ctx: Ctx, permission: str) -> list[Member]:
    """List the members who hold a permission, however far it reaches for them, by name."""
    stored = {role.key: role.grants for role in await custom_roles(ctx.session)}
    declared = [ctx.machinery.registry.permissions[permission]]
    return [
        member
        for member in await people(ctx.session)
        if of_role(member.role, declared, stored.get(member.role))[permission] != "none"
    ]


async def one(session: Any, model: type[Any], record_id: UUID) -> Any:
    """Read one member, unit or share; raises NotFound."""
    found = await session.get(model, record_id)
    if found is None:
        raise NotFound
    return found


async def units(session: Any) -> list[Unit]:
    """List departments, each after the one above it."""
    return list(await session.scalars(select(Unit).order_by(func.length(Unit.path), Unit.name)))


async def shares(session: Any, record_type: str, record_id: UUID) -> list[Share]:
    """List whom a record is shared with."""
    statement = select(Share).where(Share.record_type == record_type, Share.record_id == record_id)
    return list(await session.scalars(statement.order_by(Share.id)))


async def custom_roles(session: Any) -> list[Role]:
    """List the roles that the workspace stored."""
    return list(await session.scalars(select(Role).order_by(Role.name)))
