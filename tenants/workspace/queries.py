"""Reads about a workspace as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, select

from core.kernel.errors import NotFound
from core.pipeline.models import Deal
from core.tenancy.control import Control
from core.tenancy.ctx import Ctx
from core.tenancy.directory import TenantRow
from tenants.accounts.models import Account, Membership
from tenants.workspace.models import Archive, Closing, Import

SHOWN = 20


async def archives(control: Control, tenant_id: UUID) -> Sequence[Archive]:
    """The newest archives of a workspace."""
    statement = select(Archive).where(Archive.tenant_id == tenant_id).order_by(Archive.id.desc())
    return (await control.session.scalars(statement.limit(SHOWN))).all()


async def archive(control: Control, tenant_id: UUID, archive_id: UUID) -> Archive:
    """One archive of a workspace; raises :class:`NotFound`."""
    found = await control.session.scalar(
        select(Archive).where(Archive.id == archive_id, Archive.tenant_id == tenant_id)
    )
    if found is None:
        raise NotFound
    return found


async def imports(control: Control, tenant_id: UUID) -> Sequence[tuple[Import, str | None]]:
    """The newest imports of a workspace, each with the address of what was made."""
    found = await control.session.execute(_imports(tenant_id).limit(SHOWN))
    return [(row[0], row[1]) for row in found]


async def import_(control: Control, tenant_id: UUID, import_id: UUID) -> tuple[Import, str | None]:
    """One import of a workspace, with the address of what was made; raises :class:`NotFound`."""
    found = (await control.session.execute(_imports(tenant_id).where(Import.id == import_id))).first()
    if found is None:
        raise NotFound
    return found[0], found[1]


async def account_of(control: Control, tenant_id: UUID, member_id: UUID | None) -> Account | None:
    """The login of a member, which a key stands for as well."""
    mine = (Membership.tenant_id == tenant_id, Membership.member_id == member_id)
    found: Account | None = await control.session.scalar(
        select(Account).join(Membership, Membership.account_id == Account.id).where(*mine)
    )
    return found


async def is_known(control: Control, account_id: UUID, name: str) -> bool:
    """Whether an account has a workspace of that name."""
    mine = select(TenantRow.id).join(Membership, Membership.tenant_id == TenantRow.id)
    mine = mine.where(Membership.account_id == account_id, TenantRow.name == name)
    return await control.session.scalar(mine.limit(1)) is not None


async def sandbox(control: Control, tenant_id: UUID) -> TenantRow | None:
    """The sandbox of a workspace."""
    found: TenantRow | None = await control.session.scalar(
        select(TenantRow).where(TenantRow.sandbox_of == tenant_id, TenantRow.state == "active")
    )
    return found


async def closed(control: Control, tenant_id: UUID, account_id: UUID | None) -> tuple[TenantRow, Closing]:
    """A closed workspace of which an account is a member; to everybody else there is none."""
    statement = (
        select(TenantRow, Closing)
        .join(Closing, Closing.tenant_id == TenantRow.id)
        .join(Membership, Membership.tenant_id == TenantRow.id)
        .where(TenantRow.id == tenant_id, TenantRow.state == "deleting", Membership.account_id == account_id)
    )
    found = (await control.session.execute(statement)).first()
    if found is None:
        raise NotFound
    return found[0], found[1]


async def people(control: Control, tenant_id: UUID) -> Sequence[tuple[UUID, str, str]]:
    """Everybody who can log in to a workspace: account, address, language."""
    statement = select(Account.id, Account.email, Account.locale).join(
        Membership, Membership.account_id == Account.id
    )
    found = await control.session.execute(statement.where(Membership.tenant_id == tenant_id))
    return [(row[0], row[1], row[2]) for row in found]


async def has_deals(ctx: Ctx) -> bool:
    """Whether any deal was ever made: its worth is kept in the workspace's currency."""
    return await ctx.session.scalar(select(Deal.id).limit(1)) is not None


def _imports(tenant_id: UUID) -> Select[Import, str | None]:
    made = (TenantRow.id == Import.made_id) & (TenantRow.state == "active")
    statement = select(Import, TenantRow.slug).outerjoin(TenantRow, made)
    return statement.where(Import.tenant_id == tenant_id).order_by(Import.id.desc())
