"""The verbs of a workspace as a whole: profile, address, closing and opening again, ownership.

Those that touch the control plane alone commit there; members follow through the directory's revision.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET, structs
from sqlalchemy import delete, or_, select, update

from core.access import service as members
from core.access.models import Member
from core.access.schema import MemberPatch
from core.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from core.kernel.i18n import N_
from core.tenancy.control import Control
from core.tenancy.ctx import Ctx
from core.tenancy.directory import FormerSlug, TenantRow
from core.tenancy.provisioning import GRACE
from core.tenancy.sandboxes import slug_of
from tenants.signup import slugs
from tenants.workspace import events, queries
from tenants.workspace.models import Closing
from tenants.workspace.schema import CompanyPatch

TELL = "workspace.tell"
LED_ON = timedelta(days=90)
MOVES = 5
"""How many former addresses of one workspace are kept from others at a time."""


class TellParams(msgspec.Struct, frozen=True, kw_only=True):
    """One mail: to whom, in which language, about which workspace; ``remove_at`` where it was closed."""

    to: str
    locale: str
    tenant_id: UUID
    workspace: str
    by: str
    remove_at: str = ""


async def change(ctx: Ctx, control: Control, patch: CompanyPatch) -> TenantRow:
    """Change the company profile. Emits ``workspace.updated``.

    Raises :class:`Conflict` for another currency once there are deals: their worth is kept in the present one.
    """
    row = await _row(control, ctx.tenant.id)
    wanted = {name: value for name, value in structs.asdict(patch).items() if value is not UNSET}
    changes = {
        name: (getattr(row, name), value) for name, value in wanted.items() if getattr(row, name) != value
    }
    if "currency" in changes and await queries.has_deals(ctx):
        raise Conflict(
            code="workspace.currency",
            detail=N_("The currency stays as it is once there are deals: what they are worth is kept in it."),
        )
    if changes:
        for name, (_, value) in changes.items():
            setattr(row, name, value)
        updated = events.WorkspaceUpdated(subject_id=row.id, label=row.name, changes=changes)
        await _changed(control, row, updated)
    return row


async def move(control: Control, tenant_id: UUID, slug: str) -> None:
    """Give a workspace another address; the old one leads there for 90 days. Emits ``workspace.moved``."""
    row, now = await _row(control, tenant_id), control.now()
    old = row.slug or ""
    if slug == old:
        return
    own = select(FormerSlug).where(FormerSlug.tenant_id == tenant_id, FormerSlug.until > now)
    former = {one.slug: one for one in await control.session.scalars(own)}
    if slug not in former and not await slugs.is_free(control, slug):
        raise Invalid.field("slug", "taken", N_("This address is taken. Choose another one."))
    if len(former) >= MOVES and slug not in former:
        raise Invalid.field(
            "slug", "too_many", N_("The address was changed too often lately. Take a former one.")
        )
    await control.session.execute(delete(FormerSlug).where(FormerSlug.slug.in_([slug, old])))
    control.session.add(FormerSlug(slug=old, tenant_id=tenant_id, until=now + LED_ON))
    row.slug = slug
    copies = update(TenantRow).where(TenantRow.sandbox_of == tenant_id, TenantRow.slug == slug_of(old))
    await control.session.execute(copies.values(slug=slug_of(slug), revision=TenantRow.revision + 1))
    moved = events.WorkspaceMoved(subject_id=row.id, label=row.name, changes={"slug": (old, slug)})
    await _changed(control, row, moved)


async def close(ctx: Ctx, control: Control, typed: str) -> None:
    """Close a workspace; it is removed after the grace period, and everybody is told by mail.

    Only an owner, and only with its name typed. Emits ``workspace.closed``.
    """
    _require_owner(ctx)
    row = await _row(control, ctx.tenant.id)
    if typed.strip() != row.name:
        raise Invalid.field("name", "typed", N_("Type the name exactly as it is shown."))
    now = control.now()
    remove_at = now + GRACE
    owners = select(Member.account_id).where(
        Member.role == members.OWNER, Member.active, Member.account_id.is_not(None)
    )
    closing = Closing(
        tenant_id=row.id,
        account_id=ctx.actor.account_id,
        closed_by=ctx.actor.name,
        owners=[str(account_id) for account_id in await ctx.session.scalars(owners)],
        closed_at=now,
        remove_at=remove_at,
    )
    control.session.add(closing)
    await _set_state(control, row.id, "deleting", remove_at)
    closed = events.WorkspaceClosed(subject_id=row.id, label=row.name, remove_at=remove_at.isoformat())
    await _changed(control, row, closed)
    await _tell(control, row, by=ctx.actor.name, remove_at=remove_at.isoformat())


async def reopen(control: Control, tenant_id: UUID) -> TenantRow:
    """Open a closed workspace again; one of its owners alone can. Emits ``workspace.reopened``."""
    who = control.principal
    account_id = who.account_id if who else None
    row, closing = await queries.closed(control, tenant_id, account_id)
    if str(account_id) not in closing.owners:
        raise Forbidden(detail=N_("Only an owner can open this workspace again."))
    await control.session.delete(closing)
    await _set_state(control, row.id, "active", None)
    await _changed(control, row, events.WorkspaceReopened(subject_id=row.id, label=row.name))
    await _tell(control, row, by=who.name if who else "")
    return row


async def transfer(ctx: Ctx, control: Control, member_id: UUID) -> Member:
    """Make another member the owner, the present one an administrator. Emits ``workspace.ownership_transferred``."""
    _require_owner(ctx)
    heir, giver = await ctx.session.get(Member, member_id), await ctx.session.get(Member, ctx.actor.member_id)
    if heir is None or giver is None or not heir.active or heir.account_id is None or heir.id == giver.id:
        raise Invalid.field("member_id", "reference", N_("Choose an active colleague who can log in."))
    await members.update_member(ctx, heir, MemberPatch(role=members.OWNER))
    await members.update_member(ctx, giver, MemberPatch(role="admin"))
    row = await _row(control, ctx.tenant.id)
    handed = events.OwnershipTransferred(
        subject_id=row.id, label=row.name, changes={"owner": (giver.name, heir.name)}
    )
    control.emit(handed, tenant_id=row.id)
    return heir


def _require_owner(ctx: Ctx) -> None:
    if ctx.actor.role != members.OWNER or ctx.actor.kind != "member":
        raise Forbidden(detail=N_("Only an owner can do this."))


async def _row(control: Control, tenant_id: UUID) -> TenantRow:
    row: TenantRow | None = await control.session.get(TenantRow, tenant_id)
    if row is None:
        raise NotFound
    return row


async def _set_state(control: Control, tenant_id: UUID, state: str, remove_at: Any) -> None:
    both = update(TenantRow).where(or_(TenantRow.id == tenant_id, TenantRow.sandbox_of == tenant_id))
    await control.session.execute(
        both.values(state=state, delete_after=remove_at, revision=TenantRow.revision + 1)
    )


async def _changed(control: Control, row: TenantRow, event: Any) -> None:
    control.emit(event, tenant_id=row.id)
    await control.session.flush()
    runtime: Any = control.machinery
    await runtime.directory.bump(row.id, control.session)


async def _tell(control: Control, row: TenantRow, *, by: str, remove_at: str = "") -> None:
    for _, email, locale in await queries.people(control, row.id):
        params = TellParams(
            to=email, locale=locale, tenant_id=row.id, workspace=row.name, by=by, remove_at=remove_at
        )
        control.enqueue(TELL, params)
