"""Reads of access: who a login is in this workspace, and the people to choose from."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import aliased

from core.access.models import Member, Role, Unit


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


async def members(session: Any, *, active_only: bool = True) -> list[tuple[UUID, str]]:
    """List members by name, as id and name: what a person field offers."""
    statement = select(Member.id, Member.name).order_by(Member.name, Member.id)
    if active_only:
        statement = statement.where(Member.active)
    return [(row.id, row.name) for row in await session.execute(statement)]


async def custom_roles(session: Any) -> list[Role]:
    """List the roles that the workspace stored."""
    return list(await session.scalars(select(Role).order_by(Role.name)))
