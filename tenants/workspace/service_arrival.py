"""What becomes of an archive's rows before anybody is let in, and the moment that opens the new workspace.

Nobody is a member with a login by what an archive says, and nothing in it speaks to the world outside: whoever asked
owns the workspace, invites the others and switches on what may act.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError

from core.access import service as members
from core.access.models import Member
from core.kernel.errors import Conflict
from core.kernel.events import ActorRef
from core.kernel.i18n import N_, format_date
from core.runtime import Runtime
from core.tenancy.archive_own import Coming
from core.tenancy.control import Control
from core.tenancy.directory import Tenant, TenantPlugin, TenantRow
from core.webhooks.models import Delivery, Endpoint
from tenants.accounts import service as accounts
from tenants.accounts.models import Account
from tenants.billing import service_accounts as billing
from tenants.signup.slugs import free, suggest
from tenants.workspace import queries
from tenants.workspace.events import WorkspaceImported
from tenants.workspace.mails import BROUGHT_BACK, BroughtParams
from tenants.workspace.models import Import

TRIES = 5


class Overtaken(RuntimeError):
    """Another attempt has taken the place of this one, or nobody waits for it any more."""


async def settle_in(runtime: Runtime, made: Tenant, account: Account) -> UUID:
    """Let nobody in but whoever asked, as an owner, and let nothing act by itself; gives the owner's row.

    Members stay as the owners of their records, without a login. Webhooks are paused, and what they had yet to tell
    was the other workspace's; those of remote apps go with the apps.
    """
    now = runtime.clock.now()
    async with runtime.databases.tenant(made) as unit:
        session = unit.session
        session.info["now"] = runtime.clock.now
        owner = await session.scalar(
            select(Member)
            .where(or_(Member.account_id == account.id, func.lower(Member.email) == account.email))
            .order_by((Member.account_id == account.id).desc().nulls_last())
            .limit(1)
        )
        await session.execute(update(Member).values(account_id=None))
        if owner is None:
            owner = Member(name=account.name, email=account.email)
            session.add(owner)
        await session.flush()
        await session.refresh(owner)
        owner.account_id, owner.role, owner.active = account.id, members.OWNER, True
        await session.execute(delete(Endpoint).where(Endpoint.kept_at != ""))
        paused = {"state": "paused", "paused_reason": "copied", "paused_at": now, "sender_id": None}
        await session.execute(update(Endpoint).where(Endpoint.state == "active").values(paused))
        unsent = update(Delivery).where(Delivery.state.in_(["pending", "held"]))
        await session.execute(unsent.values(state="skipped"))
        await session.flush()
        owner_id = owner.id
        await unit.commit()
    return owner_id


async def open_up(runtime: Runtime, import_id: UUID, made: Tenant, coming: Coming, owner_id: UUID) -> None:
    """Open a filled workspace to whoever asked, with an address of its own, on the plan that all begin with.

    Raises :class:`Overtaken` where that is not to be any more.
    """
    for _ in range(TRIES):
        try:
            async with runtime.control() as control:
                await _open(control, import_id, made, coming, owner_id)
        except IntegrityError:
            # Somebody took the address at the same moment: now it can be seen.
            continue
        runtime.directory.forget(made.id)
        return
    raise Conflict(code="import.busy", detail=N_("This did not work just now. Please try again."))


async def _open(control: Control, import_id: UUID, made: Tenant, coming: Coming, owner_id: UUID) -> None:
    row = await control.session.get(Import, import_id, with_for_update=True)
    account = await control.session.get(Account, row.account_id) if row else None
    if row is None or account is None or row.made_id != made.id or row.key is None:
        raise Overtaken
    name = await _name(control, account, coming)
    slug = (await free(control, coming.slug or suggest(name)))[0]
    told = {key: getattr(coming, key) for key in ("locale", "timezone", "currency", "country")}
    opened = (
        update(TenantRow)
        .where(TenantRow.id == made.id)
        .values(slug=slug, name=name, state="active", delete_after=None, claimed_at=control.now(), **told)
    )
    await control.session.execute(opened.values(revision=TenantRow.revision + 1))
    control.session.add_all(_modules(control.machinery, made.id, coming.plugins, coming.exported_at))
    await accounts.join(control, account.id, made.id, owner_id)
    await billing.begin(control, made.id, coming.currency)
    row.name, row.key, row.finished_at = name, None, control.now()
    imported = WorkspaceImported(subject_id=made.id, label=name)
    control.emit(
        imported,
        tenant_id=row.tenant_id,
        by=ActorRef(kind="member", member_id=row.member_id, name=account.name),
    )
    control.emit(
        imported, tenant_id=made.id, by=ActorRef(kind="member", member_id=owner_id, name=account.name)
    )
    control.enqueue(BROUGHT_BACK, BroughtParams(import_id=row.id))
    await control.session.flush()


async def _name(control: Control, account: Account, coming: Coming) -> str:
    """The name of the archive, with its day where the owner has a workspace of that name already."""
    if not await queries.is_known(control, account.id, coming.name):
        return coming.name
    day = format_date(coming.exported_at.date(), coming.locale)
    return f"{coming.name[: 197 - len(day)]} ({day})"


def _modules(
    machinery: Any, tenant_id: UUID, archived: Sequence[dict[str, Any]], at: datetime
) -> list[TenantPlugin]:
    """The modules of the new workspace: what all have, as it was; all others off, with their rows and settings.

    Secrets are to be entered anew, and what is paid for is paid for by switching it on.
    """
    known = machinery.registry.modules
    before = {one["plugin"]: one for one in archived if one["plugin"] in known}
    rows = []
    for key, module in known.items():
        kind, was = module.manifest.kind, before.get(key)
        if kind == "locked" or (was is None and kind != "default_on"):
            continue
        if was is None:
            rows.append(TenantPlugin(tenant_id=tenant_id, plugin=key, state="enabled"))
        elif was["state"] != "uninstalled":
            is_on = kind == "default_on" and was["state"] == "enabled"
            # What it missed while it was off before, it still misses.
            since = was["disabled_at"] if was["state"] != "enabled" else None
            missing_since = datetime.fromisoformat(since) if since else at
            rows.append(
                TenantPlugin(
                    tenant_id=tenant_id,
                    plugin=key,
                    state="enabled" if is_on else "disabled",
                    version=was["version"],
                    settings=was["settings"],
                    disabled_at=None if is_on else missing_since,
                )
            )
    return rows
