"""Verbs of hand-overs: begin one, and give back what an earlier one moved."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from core.access import roles
from core.access import service as people
from core.access.models import Member
from core.access.schema import MemberPatch
from core.kernel.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from core.kernel.i18n import N_
from core.members.models import HandOver
from core.members.schema import JOB, HandOverIn, HandOverParams
from core.members.service_moving import move_eyes

TITLE: Final = N_("Hand over records")
BACK: Final = N_("Give back records")
UNDO_WITHIN: Final = timedelta(days=7)


async def begin(ctx: Any, member: Member, data: HandOverIn) -> HandOver:
    """Hand all that a member owns over to a successor, as a job; emits member.handed_over at its end.

    What looks through the member's eyes, webhooks for one, goes over at once.
    Whoever manages members may do so for records that he does not see: they are the company's. With
    ``deactivate`` the member loses the workspace at once, in this transaction.
    """
    await ctx.require(people.MANAGE)
    people.only_owners_change(ctx, member.role)
    await _check(ctx, member, data)
    if data.deactivate:
        await people.update_member(ctx, member, MemberPatch(active=False))
    hand = HandOver(from_id=member.id, to_id=data.to_id, by_id=ctx.actor.member_id, keys=data.keys)
    return await _queue(ctx, hand, TITLE)


async def undo(ctx: Any, earlier: HandOver) -> HandOver:
    """Give back what a hand-over moved, as far as the successor still owns it; within seven days, once.

    API keys stay as they are: a key that was revoked does not come back.
    """
    await ctx.require(people.MANAGE)
    why_not = await _why_not(ctx, earlier)
    if why_not is not None:
        raise why_not
    people.only_owners_change(ctx, (await ctx.session.get_one(Member, earlier.from_id)).role)
    hand = HandOver(
        from_id=earlier.to_id, to_id=earlier.from_id, by_id=ctx.actor.member_id, undoes_id=earlier.id
    )
    return await _queue(ctx, hand, BACK)


async def may_undo(ctx: Any, earlier: HandOver) -> bool:
    """Whether a hand-over can be given back still."""
    return await _why_not(ctx, earlier) is None


async def _why_not(ctx: Any, earlier: HandOver) -> Conflict | None:
    if earlier.finished_at is None:
        return Conflict(code="hand_over.running", detail=N_("This hand-over is still under way."))
    if earlier.undoes_id is not None or ctx.now() > earlier.finished_at + UNDO_WITHIN:
        return Conflict(code="hand_over.too_late", detail=N_("This hand-over can no longer be undone."))
    if await ctx.session.scalar(select(HandOver.id).where(HandOver.undoes_id == earlier.id)):
        return Conflict(code="hand_over.undone", detail=N_("This hand-over was undone already."))
    member = await ctx.session.get(Member, earlier.from_id)
    if member is None or not member.active:
        return Conflict(
            code="member.inactive",
            detail=N_("Activate the member first; then the records can be given back."),
        )
    return None


async def read(ctx: Any, hand_over_id: UUID) -> HandOver:
    """Read one hand-over; raises NotFound."""
    found: HandOver | None = await ctx.session.get(HandOver, hand_over_id)
    if found is None:
        raise NotFound
    return found


async def _queue(ctx: Any, hand: HandOver, title: str) -> HandOver:
    ctx.session.add(hand)
    await ctx.session.flush()
    await move_eyes(ctx, hand)
    hand.job_id = ctx.enqueue(JOB, HandOverParams(hand_over_id=hand.id), title=title)
    await ctx.session.flush()
    return hand


async def _check(ctx: Any, member: Member, data: HandOverIn) -> None:
    errors, successor = [], None
    if data.to_id == member.id:
        errors.append(FieldError("to_id", "same", N_("Choose somebody else.")))
    elif data.to_id is not None:
        successor = await ctx.session.get(Member, data.to_id)
        if successor is None or not successor.active:
            errors.append(FieldError("to_id", "reference", N_("There is no such active member.")))
    if data.keys == "transfer" and data.to_id is None:
        errors.append(FieldError("keys", "successor", N_("API keys can only go to a successor.")))
    if errors:
        raise Invalid(errors=errors)
    if data.keys != "keep" and ctx.actor.kind == "key":
        raise Forbidden(detail=N_("An API key cannot decide about API keys."))
    if data.keys == "transfer" and successor is not None:
        # Whoever knows such a key acts with the successor's rights from now on.
        people.only_owners_change(ctx, successor.role)
        await roles.not_above(ctx, successor.role)
