"""A stranger begins: an account to be confirmed, a workspace of his own, and a session, all in one transaction.

Emits account.created and workspace.created. Never looks whether the address has an account already: the mail that a
job sends does, and so nobody can find it out here. What the workspace's own schema needs follows in a second
transaction, which a job repeats where the process died between the two.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from core.access import service as people
from core.access.models import Member
from core.access.schema import MemberIn
from core.kernel.errors import Conflict, FieldError, Invalid, NotFound
from core.kernel.i18n import N_
from core.kernel.ids import uuid7
from core.kernel.turns import Turns
from core.runtime import Runtime
from core.tenancy.control import Control
from core.tenancy.directory import Tenant, TenantPlugin
from core.tenancy.provisioning import fill_pool, take
from tenants.accounts import passwords
from tenants.accounts import service as accounts
from tenants.accounts import service_addresses as addresses
from tenants.accounts.models import Account, Membership
from tenants.billing import service_accounts as billing
from tenants.signup.events import WorkspaceCreated
from tenants.signup.models import Signup
from tenants.signup.places import place_of
from tenants.signup.schema import SignupIn, WorkspaceFormIn
from tenants.signup.slugs import free, is_free, suggest

CONFIRMED_WITHIN = timedelta(days=7)
SETTLE = "signup.settle"
SETTLED_AFTER = timedelta(seconds=30)
TRIES = 5


class SettleIn(msgspec.Struct, kw_only=True):
    """Give a workspace what it begins with, unless it has it."""

    tenant_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The form that was sent, and the browser that sent it."""

    key: str
    locale: str = "en"
    user_agent: str = ""
    address: str = ""
    request_id: str = ""

    @property
    def key_hash(self) -> bytes:
        """What is stored of the form's key."""
        return hashlib.sha256(self.key.encode()).digest()


@dataclass(frozen=True, slots=True)
class Begun:
    """A workspace that is there, and the token of a session in it; "" where the browser has one."""

    tenant: Tenant
    account_id: UUID
    member_id: UUID
    token: str


async def sign_up(runtime: Runtime, data: SignupIn, asked: Asked) -> Begun:
    """Make an account that has yet to confirm its address, and its workspace; the same form again gives the same."""
    stored = await passwords.hashed(data.password)

    async def account_of(control: Control) -> Account:
        until = control.now() + CONFIRMED_WITHIN
        return await addresses.claim(
            control, email=data.email, name=data.name, password_hash=stored, verify_by=until
        )

    async def again(control: Control, signup: Signup) -> Account:
        account = await control.session.get(Account, signup.account_id)
        if account is None or account.email != data.email:
            raise _sent_before()
        return await accounts.opened_by(data.password, account)

    wanted = WorkspaceFormIn(workspace=data.workspace, slug=data.slug, timezone=data.timezone)
    return await _begin(runtime, wanted, asked, (account_of, again))


async def add_workspace(runtime: Runtime, account_id: UUID, data: WorkspaceFormIn, asked: Asked) -> Begun:
    """Make another workspace for an account; the same form again gives the same."""

    async def account_of(control: Control, signup: Signup | None = None) -> Account:
        account = await control.session.get(Account, account_id)
        if account is None:
            raise NotFound
        if signup is not None and signup.account_id != account_id:
            raise _sent_before()
        return account

    begun = await _begin(runtime, data, asked, (account_of, account_of))
    return replace(begun, token="")


async def settle(runtime: Runtime, tenant: Tenant, signup: Signup, account: Account) -> None:
    """Give the workspace its first member and its seed, unless it has them; of two at once, one does it."""
    try:
        async with runtime.open(tenant) as ctx:
            if await ctx.session.get(Member, signup.member_id) is None:
                await _fill(runtime, ctx, signup, account)
    except (IntegrityError, Conflict):
        async with runtime.open(tenant, readonly=True) as ctx:
            if await ctx.session.get(Member, signup.member_id) is None:
                raise


async def settle_later(runtime: Runtime, params: SettleIn) -> None:
    """Finish what the process that began it could not."""
    async with runtime.control() as control:
        chosen = select(Signup, Account).join(Account, Account.id == Signup.account_id)
        found = (
            await control.session.execute(chosen.where(Signup.tenant_id == params.tenant_id))
        ).one_or_none()
    if found is not None:
        signup, account = found
        await settle(runtime, await runtime.tenant(params.tenant_id), signup, account)


async def _fill(runtime: Runtime, ctx: Any, signup: Signup, account: Account) -> None:
    first = MemberIn(name=account.name, email=account.email, role=people.OWNER)
    await people.add_member(ctx, first, member_id=signup.member_id, account_id=account.id)
    for seed in runtime.registry.implementations("crm_seed", ctx.tenant.plugins):
        await seed(ctx)


async def _begin(runtime: Runtime, data: WorkspaceFormIn, asked: Asked, who: Any) -> Begun:
    async with runtime.part(Turns, Turns).turn():
        for _ in range(TRIES):
            found = await _claimed(runtime, data, asked, who)
            if found is not None:
                signup, account, tenant, token = found
                tenant = tenant or await runtime.tenant(signup.tenant_id)
                await settle(runtime, tenant, signup, account)
                runtime.directory.forget(tenant.id)
                return Begun(tenant, signup.account_id, signup.member_id, token)
    raise Conflict(code="signup.busy", detail=N_("This did not work just now. Please try again."))


async def _claimed(runtime: Runtime, data: WorkspaceFormIn, asked: Asked, who: Any) -> Found | None:
    """What the form makes or made; None where that has to be tried again."""
    try:
        async with runtime.control(
            request_id=asked.request_id, locale=asked.locale, address=asked.address
        ) as control:
            found = await _found(control, asked, who[1]) or await _made(control, data, asked, who[0])
            if found is not None:
                return found
            control.roll_back()
    except IntegrityError:
        # Somebody took the address, or sent the same form, at the same moment: now it can be seen.
        return None
    await asyncio.to_thread(fill_pool, runtime.databases.settings, 1, new_key=runtime.keyring.new_tenant_key)
    return None


Found = tuple[Signup, Account, Tenant | None, str]


async def _found(control: Control, asked: Asked, again: Any) -> Found | None:
    """What the same form made before."""
    signup = await control.session.get(Signup, asked.key_hash)
    if signup is None:
        return None
    account: Account = await again(control, signup)
    return signup, account, None, await _session(control, asked, account)


async def _made(control: Control, data: WorkspaceFormIn, asked: Asked, account_of: Any) -> Found | None:
    """Claim a schema for a new workspace of an account; None where none is ready."""
    place = place_of(data.timezone, asked.locale)
    tenant = await take(
        control.session,
        slug=await _slug(control, data),
        name=data.workspace,
        locale=asked.locale,
        timezone=place.timezone,
        country=place.country,
        currency=place.currency,
    )
    if tenant is None:
        return None
    account: Account = await account_of(control)
    registry = control.machinery.registry
    keys = [key for key, module in registry.modules.items() if module.manifest.kind == "default_on"]
    signup = Signup(
        key_hash=asked.key_hash,
        tenant_id=tenant.id,
        account_id=account.id,
        member_id=uuid7(),
        created_at=control.now(),
    )
    membership = Membership(account_id=account.id, tenant_id=tenant.id, member_id=signup.member_id)
    plugins = [TenantPlugin(tenant_id=tenant.id, plugin=key, state="enabled") for key in keys]
    control.session.add_all([signup, membership, *plugins])
    control.emit(WorkspaceCreated(subject_id=tenant.id, label=tenant.name), tenant_id=tenant.id)
    control.enqueue(SETTLE, SettleIn(tenant_id=tenant.id), run_at=control.now() + SETTLED_AFTER)
    await control.session.flush()
    await billing.begin(control, tenant.id, place.currency)
    token = await _session(control, asked, account)
    return signup, account, replace(tenant, plugins=frozenset(keys)), token


async def _slug(control: Control, data: WorkspaceFormIn) -> str:
    if data.slug is None:
        return (await free(control, suggest(data.workspace)))[0]
    error = await slug_error(control, data.slug)
    if error is not None:
        raise Invalid(errors=[error])
    return data.slug


async def slug_error(control: Control, slug: str) -> FieldError | None:
    """What is wrong with an address, with others that can be had."""
    if await is_free(control, slug):
        return None
    others = ", ".join(await free(control, slug, count=3))
    return FieldError(
        "slug", "taken", N_("This address is taken. These are free: {others}"), {"others": others}
    )


async def _session(control: Control, asked: Asked, account: Account) -> str:
    return await accounts.open_session(control, account, user_agent=asked.user_agent, address=asked.address)


def _sent_before() -> Conflict:
    return Conflict(
        code="signup.sent", detail=N_("This form was sent before. Reload the page and try again.")
    )
