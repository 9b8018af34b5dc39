"""Joining by the domain of one's address: a domain is named, proved by a TXT record, and then opens the workspace."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import or_, select

from core.kernel.errors import Conflict, Invalid, NotFound
from core.kernel.events import Event
from core.kernel.i18n import N_
from core.tenancy.control import Control
from core.tenancy.ctx import Ctx
from core.tenancy.directory import Tenant
from tenants.accounts.models import Account
from tenants.invitations.events import DomainClosed, DomainMissing, DomainProved
from tenants.invitations.models import Invitation
from tenants.invitations.notices import GRACE, tell
from tenants.invitations.queries import open_to
from tenants.invitations.schema import CHECK, CheckParams, DomainIn
from tenants.invitations.service import add, check_place, new
from tenants.invitations.service_accepting import Place, hold_place

FOR_GOOD: Final = timedelta(days=36_500)
MOST: Final = 1_000_000
DAY, WEEK = timedelta(days=1), timedelta(days=7)
PUBLIC: Final = frozenset(
    """
    gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com icloud.com me.com aol.com proton.me
    protonmail.com gmx.de gmx.net web.de mail.ru yandex.ru naver.com qq.com foxmail.com 163.com 126.com yeah.net
    sina.com sina.cn sohu.com aliyun.com 139.com 189.cn wo.cn tom.com
    """.split()  # noqa: SIM905 - a list of strings would take a page
)
"""Where anybody can have an address."""


async def name_domain(ctx: Ctx, control: Control, data: DomainIn) -> Invitation:
    """Name a domain whose people may join once it is proved; emits invitation.created."""
    await check_place(ctx, data)
    if data.domain in PUBLIC:
        raise Invalid.field(
            "domain", "public", N_("Anybody can have an address there. Name a domain of your own.")
        )
    again = select(Invitation.id).where(
        Invitation.tenant_id == ctx.tenant.id,
        Invitation.domain == data.domain,
        Invitation.revoked_at.is_(None),
    )
    if await control.session.scalar(again):
        raise Conflict(code="domain.named", detail=N_("This domain is on the list already."))
    made = new(control, ctx.tenant, email=None, role=data.role, unit_id=data.unit_id, age=FOR_GOOD)
    made.domain, made.max_uses = data.domain, MOST
    made.invited_by_id, made.invited_by, made.locale = ctx.actor.member_id, ctx.actor.name, ctx.locale
    await add(control, made)
    return made


def ask_check(control: Control, invitation: Invitation) -> None:
    """Have the domain's TXT records looked up."""
    if invitation.domain is None:
        raise NotFound
    control.enqueue(CHECK, CheckParams(invitation_id=invitation.id))


def record_of(tenant: Tenant, invitation: Invitation) -> str:
    """What the TXT record has to say; it opens nothing by itself."""
    proof = hashlib.sha256(tenant.id.bytes + invitation.id.bytes + invitation.token_hash).hexdigest()[:32]
    return f"guanxi-domain={proof}"


async def ask_again(control: Control) -> None:
    """Have proved domains looked up: each a week after the last time, and a day while its record is gone."""
    now = control.now()
    due = select(Invitation.id).where(
        Invitation.proved_at.is_not(None),
        Invitation.revoked_at.is_(None),
        or_(
            Invitation.checked_at < now - WEEK,
            Invitation.missing_since.is_not(None) & (Invitation.checked_at < now - DAY),
        ),
    )
    for invitation_id in await control.session.scalars(due):
        control.enqueue(CHECK, CheckParams(invitation_id=invitation_id, again=True))


async def note(control: Control, invitation_id: UUID, *, is_proved: bool, again: bool = False) -> None:
    """Note what a look-up found. A domain that lost its record closes: at once where a person had it looked up, else
    once ``GRACE`` is over, and until then administrators are told above every page.

    Emits invitation.domain_proved, .domain_missing or .domain_closed.
    """
    found = await control.session.get(Invitation, invitation_id, with_for_update=True)
    if found is None or found.revoked_at is not None:
        return
    news: type[Event] | None = None
    now, before = control.now(), (found.proved_at, found.missing_since)
    if is_proved:
        news = None if found.proved_at else DomainProved
        found.proved_at, found.missing_since = found.proved_at or now, None
    elif found.proved_at is not None:
        since = found.missing_since or now
        if again and now < since + GRACE:
            news = None if found.missing_since else DomainMissing
            found.missing_since = since
        else:
            news, found.proved_at, found.missing_since = DomainClosed, None, None
    found.checked_at = now
    if news is not None:
        control.emit(news(subject_id=found.id, label=found.domain or ""), tenant_id=found.tenant_id)
    if before != (found.proved_at, found.missing_since):
        await tell(control, found.tenant_id)


async def take_place(control: Control, invitation_id: UUID, account: Account) -> Place:
    """Take a place for an account by the domain of its confirmed address; raises NotFound where none is open to it."""
    if all(found.id != invitation_id for found, _ in await open_to(control, account)):
        raise NotFound
    return await hold_place(control, invitation_id, account)
