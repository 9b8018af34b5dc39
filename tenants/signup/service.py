"""How a workspace begins: a schema from the warm pool, its modules, its seed, its first member."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from core.access import service as people
from core.access.models import Member
from core.access.schema import MemberIn
from core.kernel.errors import Invalid
from core.kernel.i18n import N_
from core.runtime import Runtime
from core.tenancy.directory import Tenant, TenantPlugin
from core.tenancy.provisioning import claim
from tenants.accounts import service as accounts
from tenants.accounts.schema import AccountIn
from tenants.signup.schema import OwnerIn, WorkspaceIn
from tenants.signup.slugs import is_reserved


async def create_workspace(runtime: Runtime, data: WorkspaceIn) -> Tenant:
    """Make a workspace: claim a schema, switch on what is on by default, let every module seed it.

    Raises :class:`Invalid` where the address is reserved, ``Conflict`` where it is taken.
    """
    if is_reserved(data.slug):
        raise Invalid.field("slug", "reserved", N_("This address is reserved. Choose another one."))
    tenant = await claim(
        runtime.databases,
        data.slug,
        data.name,
        new_key=runtime.keyring.new_tenant_key,
        locale=data.locale,
        timezone=data.timezone,
        currency=data.currency,
        country=data.country,
    )
    await switch_on_defaults(runtime, tenant)
    tenant = await runtime.tenant(tenant.id)
    async with runtime.open(tenant) as ctx:
        for seed in runtime.registry.implementations("crm_seed", tenant.plugins):
            await seed(ctx)
    return tenant


async def switch_on_defaults(runtime: Runtime, tenant: Tenant) -> None:
    """Switch on the modules that a workspace has until it switches them off."""
    keys = [key for key, module in runtime.registry.modules.items() if module.manifest.kind == "default_on"]
    async with runtime.control() as control:
        if keys:
            rows = [{"tenant_id": tenant.id, "plugin": key, "state": "enabled"} for key in keys]
            await control.session.execute(insert(TenantPlugin).values(rows).on_conflict_do_nothing())
        await runtime.directory.bump(tenant.id, control.session)
    runtime.directory.forget(tenant.id)


async def add_member(runtime: Runtime, tenant: Tenant, data: OwnerIn, *, password: str) -> UUID:
    """Make somebody a member of a workspace; an address that has an account keeps its password.

    Harmless to repeat: an existing member stays as it is. Gives the member's id.
    """
    email = data.email.strip().lower()
    async with runtime.open(tenant) as ctx:
        member = await ctx.session.scalar(select(Member).where(Member.email == email))
        if member is None:
            member = await people.add_member(ctx, MemberIn(name=data.name, email=email, role=data.role))
        member_id = member.id
    async with runtime.control() as control:
        account = await accounts.by_email(control, email)
        if account is None:
            wanted = AccountIn(email=email, name=data.name, password=password, locale=tenant.locale)
            account = await accounts.create(control, wanted)
        await accounts.join(control, account.id, tenant.id, member_id)
        account_id = account.id
    async with runtime.open(tenant) as ctx:
        (await ctx.session.get_one(Member, member_id)).account_id = account_id
    return member_id


async def let_in(runtime: Runtime, tenant: Tenant, data: OwnerIn, *, password: str) -> str | None:
    """Add a member as :func:`add_member` does; gives the password where it made an account, else None."""
    async with runtime.control() as control:
        is_new = await accounts.by_email(control, data.email) is None
    await add_member(runtime, tenant, data, password=password)
    return password if is_new else None
