"""The verbs of the two short lists beside pipelines: close reasons and exchange rates."""

from __future__ import annotations

from sqlalchemy import select

from core.kernel.errors import Invalid
from core.kernel.i18n import N_
from core.kernel.money import CURRENCIES
from core.pipeline import queries
from core.pipeline.events import CloseReasonArchived, CloseReasonSaved, CurrencyRateDeleted, CurrencyRateSet
from core.pipeline.models import CloseReason, CurrencyRate
from core.pipeline.schema import CloseReasonIn, CloseReasonPatch, CurrencyRateIn, CurrencyRatePatch
from core.records.changes import apply, fields
from core.tenancy.ctx import Ctx


async def create_reason(ctx: Ctx, data: CloseReasonIn) -> CloseReason:
    """Add a close reason. Emits ``close_reason.saved``."""
    reason = CloseReason(**fields(data))
    if data.position is None:
        reason.position = await queries.next_position(ctx, CloseReason, CloseReason.outcome == data.outcome)
    ctx.session.add(reason)
    await ctx.session.flush()
    ctx.emit(CloseReasonSaved(subject_id=reason.id, label=reason.name))
    return reason


async def update_reason(ctx: Ctx, reason: CloseReason, patch: CloseReasonPatch) -> CloseReason:
    """Change a close reason; closed deals show its new name. Emits ``close_reason.saved``."""
    await ctx.require("pipelines.edit", reason)
    changes = apply(reason, patch)
    if changes:
        await ctx.session.flush()
        ctx.emit(CloseReasonSaved(subject_id=reason.id, label=reason.name, changes=changes))
    return reason


async def delete_reason(ctx: Ctx, reason: CloseReason) -> None:
    """Offer a close reason no longer; closed deals keep it. Emits ``close_reason.archived``."""
    await ctx.require("pipelines.delete", reason)
    reason.deleted_at = ctx.now()
    await ctx.session.flush()
    ctx.emit(CloseReasonArchived(subject_id=reason.id, label=reason.name))


async def restore_reason(ctx: Ctx, reason: CloseReason) -> None:
    """Offer a close reason again. Emits ``close_reason.saved``."""
    await ctx.require("pipelines.delete", reason)
    reason.deleted_at = None
    await ctx.session.flush()
    ctx.emit(CloseReasonSaved(subject_id=reason.id, label=reason.name))


async def create_rate(ctx: Ctx, data: CurrencyRateIn) -> CurrencyRate:
    """Set a currency's rate from a day on; replaces the one of that day. Emits ``currency_rate.set``."""
    if data.currency == ctx.tenant.currency:
        raise Invalid.field("currency", "own", N_("This is the workspace's own currency."))
    if data.currency not in CURRENCIES:
        raise Invalid.field("currency", "unknown", N_("There is no such currency."))
    same_day = select(CurrencyRate).where(
        CurrencyRate.currency == data.currency, CurrencyRate.valid_on == data.valid_on
    )
    rate = await ctx.session.scalar(same_day)
    if rate is None:
        rate = CurrencyRate(**fields(data))
        ctx.session.add(rate)
    else:
        await ctx.require("pipelines.edit", rate)
        rate.rate = data.rate
    await ctx.session.flush()
    _told(ctx, rate)
    return rate


async def update_rate(ctx: Ctx, rate: CurrencyRate, patch: CurrencyRatePatch) -> CurrencyRate:
    """Correct a rate; deals keep the amounts that it gave them. Emits ``currency_rate.set``."""
    await ctx.require("pipelines.edit", rate)
    if apply(rate, patch):
        await ctx.session.flush()
        _told(ctx, rate)
    return rate


async def delete_rate(ctx: Ctx, rate: CurrencyRate) -> None:
    """Take a rate away. Emits ``currency_rate.deleted``."""
    await ctx.require("pipelines.delete", rate)
    rate.deleted_at = ctx.now()
    await ctx.session.flush()
    ctx.emit(CurrencyRateDeleted(subject_id=rate.id, label=rate.currency))


async def restore_rate(ctx: Ctx, rate: CurrencyRate) -> None:
    """Bring a rate back. Emits ``currency_rate.set``."""
    await ctx.require("pipelines.delete", rate)
    rate.deleted_at = None
    await ctx.session.flush()
    _told(ctx, rate)


def _told(ctx: Ctx, rate: CurrencyRate) -> None:
    ctx.emit(CurrencyRateSet(subject_id=rate.id, label=f"{rate.currency} {rate.rate.normalize():f}"))
