"""How deals move between stages and how they end. Gates are kept here, wherever a deal comes from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Context, Decimal
from typing import Final
from uuid import UUID

from sqlalchemy import func, select, tuple_, update

from core.kernel.errors import Conflict, FieldError, Invalid
from core.kernel.events import Event, timeline
from core.kernel.i18n import N_
from core.pipeline import queries
from core.pipeline.deals.events import DealLost, DealReopened, DealStageChanged, DealWon
from core.pipeline.models import CloseReason, Deal, Stage
from core.tenancy.ctx import Ctx

FINE: Final = 30
"""Decimals of a rank at which the column is numbered afresh."""
_EXACT: Final = Context(prec=80)


def top(ctx: Ctx) -> Decimal:
    """A rank above all others: the newer the higher, so nobody has to look at the others."""
    return -Decimal(int(ctx.now().timestamp() * 1_000_000))


async def goal(ctx: Ctx, stage_id: UUID) -> Stage:
    """The stage that a deal is to enter; raises Invalid where there is none."""
    stage = await queries.stage(ctx, stage_id)
    if stage is None:
        raise Invalid.field("stage_id", "reference", N_("There is no such stage."))
    return stage


def check_gate(deal: Deal, stage: Stage) -> None:
    """Raise Invalid with one error for each field that the stage demands and the deal lacks."""
    missing = [name for name in stage.required_fields if getattr(deal, name) in (None, "", [])]
    if missing:
        text = N_("The stage {stage} needs this.")
        raise Invalid(
            title=N_("This stage needs more about the deal"),
            code="deal.gate",
            errors=[FieldError(name, "gate", text, {"stage": stage.name}) for name in missing],
        )


async def move_to_stage(
    ctx: Ctx, deal: Deal, stage: Stage, *, before: UUID | None = None, after: UUID | None = None
) -> Deal:
    """Put a deal into a stage: above the deal ``before``, below ``after``, else on top.

    Emits ``deal.stage_changed`` where the stage is another. Raises Conflict for closed deals, Invalid where
    the stage's gate is not met.
    """
    await ctx.require("deals.edit", deal)
    if deal.status != "open":
        raise Conflict(N_("This deal is closed. Reopen it first."), code="deal.closed")
    former = deal.stage_id
    if former != stage.id:
        check_gate(deal, stage)
    deal.rank = await _rank(ctx, stage, before, after, moving=deal.id)
    if former != stage.id:
        await _enter(ctx, deal, stage)
    deal.updated_by_id = ctx.actor.member_id
    await ctx.session.flush()
    return deal


async def put_back(ctx: Ctx, deal: Deal, stage: Stage, rank: Decimal, since: datetime) -> Deal:
    """Undo a move or an ending: the former stage, the very place and time there, without asking its gate.

    Any other stage asks its gate like everywhere, and raises Invalid where it is not met.
    """
    await ctx.require("deals.edit", deal)
    await reopen(ctx, deal)
    if deal.stage_id != stage.id:
        if await _came_from(ctx, deal) != stage.id:
            check_gate(deal, stage)
        await _enter(ctx, deal, stage)
    deal.rank, deal.stage_entered_at = rank, since
    await ctx.session.flush()
    return deal


async def _came_from(ctx: Ctx, deal: Deal) -> UUID | None:
    """The stage that a deal was in before its last move."""
    moves = await timeline(ctx.session, "deal", deal.id, limit=1, names=[DealStageChanged.name])
    return UUID(str(moves[0].changes["stage_id"][0])) if moves and "stage_id" in moves[0].changes else None


async def move_all(ctx: Ctx, deals: Sequence[Deal], stage: Stage) -> None:
    """Put all deals of an archived stage elsewhere, gates aside; open ones emit ``deal.stage_changed``."""
    for deal in deals:
        if deal.status == "open" and deal.deleted_at is None:
            await _enter(ctx, deal, stage)
        else:
            deal.stage_id, deal.pipeline_id = stage.id, stage.pipeline_id
    await ctx.session.flush()


async def win(ctx: Ctx, deal: Deal, reason_id: UUID | None = None) -> Deal:
    """Close a deal as won; harmless to repeat. Emits ``deal.won``."""
    await ctx.require("deals.edit", deal)
    if deal.status == "won":
        return deal
    _must_be_open(deal)
    reason = await _reason(ctx, reason_id, "won")
    await _close(ctx, deal, "won", reason)
    tell(ctx, DealWon, deal, **_told(deal, reason))
    return deal


async def lose(ctx: Ctx, deal: Deal, reason_id: UUID, competitor: str | None = None) -> Deal:
    """Close a deal as lost, with its reason; harmless to repeat. Emits ``deal.lost``."""
    await ctx.require("deals.edit", deal)
    if deal.status == "lost":
        return deal
    _must_be_open(deal)
    reason = await _reason(ctx, reason_id, "lost")
    if competitor is not None:
        deal.competitor = competitor or None
    await _close(ctx, deal, "lost", reason)
    tell(ctx, DealLost, deal, competitor=deal.competitor, **_told(deal, reason))
    return deal


async def reopen(ctx: Ctx, deal: Deal) -> Deal:
    """Work on a closed deal again, on top of its stage; harmless to repeat. Emits ``deal.reopened``."""
    await ctx.require("deals.edit", deal)
    if deal.status == "open":
        return deal
    deal.status, deal.closed_at, deal.close_reason_id = "open", None, None
    deal.stage_entered_at, deal.rank = ctx.now(), top(ctx)
    deal.updated_by_id = ctx.actor.member_id
    await ctx.session.flush()
    tell(ctx, DealReopened, deal)
    return deal


def tell(ctx: Ctx, event: type[Event], deal: Deal, **more: object) -> None:
    """Emit an event of a deal that stands on its customer's and contact's timelines too."""
    near = (("customer", deal.customer_id), ("contact", deal.contact_id))
    links = tuple((kind, found) for kind, found in near if found is not None)
    ctx.emit(event(subject_id=deal.id, label=deal.name, links=links, **more))  # type: ignore[arg-type]


async def _enter(ctx: Ctx, deal: Deal, stage: Stage) -> None:
    statement = select(Stage.name).where(Stage.id == deal.stage_id)
    former = await ctx.session.scalar(statement, execution_options={"include_deleted": True})
    before, deal.stage_id = deal.stage_id, stage.id
    deal.pipeline_id = stage.pipeline_id
    deal.stage_entered_at = ctx.now()
    tell(
        ctx,
        DealStageChanged,
        deal,
        from_stage_id=before,
        from_stage=former or "",
        to_stage_id=stage.id,
        to_stage=stage.name,
        changes={"stage_id": (str(before), str(stage.id))},
    )


async def _rank(ctx: Ctx, stage: Stage, before: UUID | None, after: UUID | None, *, moving: UUID) -> Decimal:
    """A rank between the neighbours; a neighbour that has left the stage meanwhile counts for nothing."""
    column = (Deal.stage_id == stage.id, Deal.status == "open", Deal.id != moving)
    for attempt in range(2):
        near = await ctx.session.execute(
            select(Deal.rank, Deal.id).where(*column, Deal.id == (before or after))
        )
        pivot = near.first() if before or after else None
        if pivot is None:
            return top(ctx)
        place = tuple_(Deal.rank, Deal.id)
        beyond = place < tuple_(*pivot) if before else place > tuple_(*pivot)
        order = Deal.rank.desc() if before else Deal.rank.asc()
        other = await ctx.session.scalar(select(Deal.rank).where(*column, beyond).order_by(order).limit(1))
        if other is None:
            return pivot[0] - 1 if before else pivot[0] + 1
        middle = _EXACT.divide(_EXACT.add(pivot[0], other), Decimal(2))
        if attempt or (middle not in (pivot[0], other) and -int(middle.as_tuple().exponent) < FINE):
            return middle
        await _number_afresh(ctx, stage)
    raise AssertionError("unreachable")


async def _number_afresh(ctx: Ctx, stage: Stage) -> None:
    """Give the cards of a column whole ranks again, in their order."""
    await ctx.session.flush()
    numbered = (
        select(Deal.id, func.row_number().over(order_by=(Deal.rank, Deal.id)).label("place"))
        .where(Deal.stage_id == stage.id, Deal.status == "open")
        .subquery()
    )
    renumbered = update(Deal).where(Deal.id == numbered.c.id).values(rank=numbered.c.place)
    await ctx.session.execute(renumbered, execution_options={"synchronize_session": False})


async def _reason(ctx: Ctx, reason_id: UUID | None, outcome: str) -> CloseReason | None:
    if reason_id is None:
        return None
    statement = select(CloseReason).where(CloseReason.id == reason_id, CloseReason.outcome == outcome)
    reason = await ctx.session.scalar(statement)
    if reason is None:
        raise Invalid.field("close_reason_id", "reference", N_("There is no such reason."))
    return reason


def _must_be_open(deal: Deal) -> None:
    if deal.status != "open":
        raise Conflict(N_("This deal is closed. Reopen it first."), code="deal.closed")


async def _close(ctx: Ctx, deal: Deal, status: str, reason: CloseReason | None) -> None:
    deal.status, deal.closed_at = status, ctx.now()
    deal.close_reason_id = reason.id if reason else None
    deal.updated_by_id = ctx.actor.member_id
    await ctx.session.flush()


def _told(deal: Deal, reason: CloseReason | None) -> dict[str, object]:
    name = reason.name if reason else ""
    return {"reason": name, "amount_minor": deal.amount_minor, "currency": deal.currency}
