"""When somebody leaves, or changes the post: what there is, who takes it over, and how that went."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response

from core.access import queries
from core.access.models import Member
from core.access.service import MANAGE
from core.kernel.errors import AppError, Invalid
from core.kernel.i18n import N_
from core.kernel.jobs import JobRunRow
from core.kernel.validate import convert
from core.members import queries as holdings
from core.members import service
from core.members.models import HandOver
from core.members.schema import HandOverIn, Keys
from core.records.shown import place
from core.tenancy.control import Control
from core.tenancy.ctx import Ctx
from core.web.bodies import form_values
from core.web.pages import form_again, redirect, render, toast
from core.web.routing import get, post
from tenants.admin.member_pages import set_active
from tenants.api_keys.hand_over import count_of, revoke_of
from tenants.remote_apps.hand_over import count_of as apps_of

Any_ = Request[Any, Any, Any]
LEAVE, REPORT = "admin/leave.html", "admin/hand_over.html"
KEEP, NOBODY = "keep", "nobody"
ACTIVE = frozenset({"waiting", "running"})


class LeaveIn(msgspec.Struct, kw_only=True):
    """The form: ``to`` is a member's id, nobody, or keep."""

    to: str = KEEP
    keys: Keys = "keep"
    stay: str = ""


class LeavePages(Controller):
    """What becomes of what a member owns."""

    path = "/settings/members/{member_id:uuid}"
    include_in_schema = False

    @get("/leave", permission=MANAGE)
    async def ask(
        self, ctx: Ctx, control: Control, request: Any_, member_id: UUID, stay: bool = False
    ) -> Response[Any]:
        """Show what a member owns, and ask who takes it over."""
        page = await _asked(ctx, control, member_id, stay)
        is_nothing = not (stay or page["owned"] or page["key_count"])
        values = {
            "to": KEEP if is_nothing else "",
            "keys": "keep" if stay else "revoke",
            "stay": "1" if stay else "",
        }
        return render(ctx, request, LEAVE, errors=(), values=values, **page)

    @post("/leave", permission=MANAGE, unpaid=True)
    async def leave(self, ctx: Ctx, control: Control, request: Any_, member_id: UUID) -> Response[Any]:
        """Close the workspace to a member, and hand over what is wanted."""
        sent = await form_values(request)
        try:
            data = convert(LeaveIn, sent, text=True)
            if data.to == KEEP and not data.stay:
                return await _close(ctx, control, request, member_id, data.keys)
            if data.to == KEEP:
                raise Invalid.field("to", "required", N_("Choose who takes it over."))
            member = await queries.one(ctx.session, Member, member_id)
            hand = await service.begin(ctx, member, _wanted(data))
        except AppError as error:
            page = await _asked(ctx, control, member_id, bool(sent.get("stay")))
            return form_again(ctx, request, LEAVE, error, values=sent, **page)
        return redirect(request, ctx.w(f"/settings/hand_overs/{hand.id}"))


class HandOverPages(Controller):
    """How a hand-over went."""

    path = "/settings/hand_overs/{hand_over_id:uuid}"
    include_in_schema = False

    @get("/", permission="members.view")
    async def report(self, ctx: Ctx, request: Any_, hand_over_id: UUID) -> Response[Any]:
        """Show what was moved, and how far it is, to managers and to the successor."""
        hand = await service.read(ctx, hand_over_id)
        if hand.to_id is None or hand.to_id != ctx.actor.member_id:
            await ctx.require(MANAGE)
        kinds = {kind.key: kind for kind in await holdings.holdings(ctx)}
        people = {one.id: one.name for one in await queries.people(ctx.session, inactive=True)}
        job = await ctx.session.get(JobRunRow, hand.job_id) if hand.job_id else None
        moved = [
            (
                kinds[key].title if key in kinds else key,
                _list(ctx, hand, kinds.get(key)),
                hand.moved.get(key, 0),
                hand.failed.get(key, 0),
            )
            for key in dict.fromkeys([*hand.moved, *hand.failed])
        ]
        return render(
            ctx,
            request,
            REPORT,
            hand=hand,
            people=people,
            job=job,
            is_active=job is not None and job.state in ACTIVE,
            moved=moved,
            may_undo=ctx.can(MANAGE) and await service.may_undo(ctx, hand),
            may_manage=ctx.can(MANAGE),
        )

    @post("/undo", permission=MANAGE)
    async def undo(self, ctx: Ctx, request: Any_, hand_over_id: UUID) -> Response[Any]:
        """Give back what the successor still owns."""
        hand = await service.undo(ctx, await service.read(ctx, hand_over_id))
        said = ctx.t(N_("The records are being given back."))
        return toast(redirect(request, ctx.w(f"/settings/hand_overs/{hand.id}")), said)


async def _close(ctx: Ctx, control: Control, request: Any_, member_id: UUID, keys: Keys) -> Response[Any]:
    """Close the workspace to a member who keeps what he owns; his keys may end all the same."""
    if keys == "transfer":
        raise Invalid.field("keys", "successor", N_("API keys can only go to a successor."))
    closed = await set_active(ctx, request, member_id, False)
    if keys == "revoke" and ctx.tenant.sandbox_of is None:
        await revoke_of(control, ctx.tenant.id, member_id)
    return closed


async def _asked(ctx: Ctx, control: Control, member_id: UUID, stay: bool) -> dict[str, Any]:
    member = await queries.one(ctx.session, Member, member_id)
    owned = await holdings.owned(ctx, member_id)
    apps = await apps_of(control, ctx.tenant.id, member_id)
    others = [one for one in await queries.people(ctx.session) if one.id != member_id]
    return {
        "member": member,
        "owned": [(kind.title, count) for kind, count in owned] + [(N_("Remote apps"), apps)] * bool(apps),
        "lends": bool(apps) or any(kind.only is not None for kind, _ in owned),
        "others": [(str(one.id), one.name) for one in others],
        # Keys are the workspace's own: none ends in its sandbox.
        "key_count": 0 if ctx.tenant.sandbox_of else await count_of(control, ctx.tenant.id, member_id),
        "stay": stay or not member.active,
        "earlier": await holdings.of_member(ctx, member_id),
    }


def _list(ctx: Ctx, hand: HandOver, kind: holdings.Holding | None) -> str:
    """The list of all records of a kind that the reader owns since then; '' for anybody but the successor."""
    if kind is None or kind.type is None or not kind.type.pages or hand.to_id != ctx.actor.member_id:
        return ""
    return f"{place(ctx, kind.type)}?f={kind.field}:me"


def _wanted(data: LeaveIn) -> HandOverIn:
    """What the form asks for; a member's id that is none is refused like one that does not exist."""
    chosen: dict[str, Any] = {"keys": data.keys, "deactivate": not data.stay}
    if data.to not in {NOBODY, ""}:
        chosen["to_id"] = data.to
    return convert(HandOverIn, chosen, text=True)
