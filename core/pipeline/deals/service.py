"""The verbs of deals that create, change and remove them; how they move and end is in service_moves.py."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from msgspec import UNSET

from core.contacts.models import Contact
from core.customers.models import Customer
from core.kernel.errors import FieldError, Invalid
from core.kernel.i18n import N_
from core.pipeline import queries
from core.pipeline.deals import amounts
from core.pipeline.deals import service_moves as moves
from core.pipeline.deals.events import DealCreated, DealDeleted, DealRestored, DealUpdated
from core.pipeline.deals.schema import DealIn, DealPatch, MoveIn
from core.pipeline.deals.service_moves import tell
from core.pipeline.leads.models import Lead
from core.pipeline.models import Deal, Stage
from core.pipeline.service_seed import seed
from core.records import numbers, references
from core.records.changes import apply, fields
from core.tenancy.ctx import Ctx

MONEY = frozenset({"amount_minor", "currency", "exchange_rate"})
TARGETS = (
    ("customer_id", Customer, "customers.view", N_("There is no such customer.")),
    ("contact_id", Contact, "contacts.view", N_("There is no such contact.")),
    ("lead_id", Lead, "leads.view", N_("There is no such lead.")),
)


async def create(ctx: Ctx, data: DealIn) -> Deal:
    """Create a deal on top of its stage. Emits ``deal.created``."""
    return (await create_many(ctx, [data]))[0]


async def create_many(ctx: Ctx, rows: Sequence[DealIn]) -> list[Deal]:
    """Create deals in one go, with one block of numbers. Emits ``deal.created`` for each."""
    await _check_targets(ctx, rows)
    stages = await _stages_of(ctx, rows)
    deals = [_made(ctx, row, stage) for row, stage in zip(rows, stages, strict=True)]
    given = frozenset(place for place, row in enumerate(rows) if row.exchange_rate is not None)
    await amounts.value(ctx, deals, given=given)
    for deal, stage in zip(deals, stages, strict=True):
        moves.check_gate(deal, stage)
    issued = await numbers.take(ctx, "deal", prefix="D", count=len(deals))
    for deal, number in zip(deals, issued, strict=True):
        deal.number = number
    ctx.session.add_all(deals)
    await ctx.session.flush()
    for deal in deals:
        tell(
            ctx, DealCreated, deal, number=deal.number, amount_minor=deal.amount_minor, currency=deal.currency
        )
    return deals


async def update(ctx: Ctx, deal: Deal, patch: DealPatch) -> Deal:
    """Change a deal, and move it where the patch names another stage.

    Emits ``deal.updated`` where something changed, ``deal.stage_changed`` where it moved.
    """
    await ctx.require("deals.edit", deal)
    await change(ctx, deal, patch)
    if patch.stage_id is not UNSET and patch.stage_id != deal.stage_id:
        stage = await moves.goal(ctx, patch.stage_id)
        await moves.move_to_stage(ctx, deal, stage)
    return deal


async def move(ctx: Ctx, deal: Deal, data: MoveIn) -> Deal:
    """Fill in what the stage demands and put a deal there, both or neither.

    Emits ``deal.updated`` and ``deal.stage_changed``.
    """
    await ctx.require("deals.edit", deal)
    stage = await moves.goal(ctx, data.stage_id)
    if data.values is not None:
        await change(ctx, deal, data.values)
    return await moves.move_to_stage(ctx, deal, stage, before=data.before, after=data.after)


async def change(ctx: Ctx, deal: Deal, patch: DealPatch) -> None:
    """Apply a patch, its stage aside; the caller has asked for the permission."""
    await _check_targets(ctx, [patch])
    changes = apply(deal, _without_stage(patch))
    if not changes:
        return
    if MONEY & changes.keys():
        await _value_again(ctx, deal, changes.keys())
    deal.updated_by_id = ctx.actor.member_id
    await ctx.session.flush()
    tell(ctx, DealUpdated, deal, changes=changes)


async def delete(ctx: Ctx, deal: Deal) -> None:
    """Move a deal to the bin. Emits ``deal.deleted``."""
    await ctx.require("deals.delete", deal)
    deal.deleted_at = ctx.now()
    await ctx.session.flush()
    tell(ctx, DealDeleted, deal)


async def restore(ctx: Ctx, deal: Deal) -> None:
    """Take a deal out of the bin. Emits ``deal.restored``."""
    await ctx.require("deals.delete", deal)
    deal.deleted_at = None
    await ctx.session.flush()
    tell(ctx, DealRestored, deal)


def _made(ctx: Ctx, data: DealIn, stage: Stage) -> Deal:
    deal = Deal(**fields(data), status="open", pipeline_id=stage.pipeline_id)
    deal.stage_id = stage.id
    deal.currency = data.currency or ctx.tenant.currency
    deal.owner_id = data.owner_id or ctx.actor.member_id
    deal.stage_entered_at = ctx.now()
    deal.rank = moves.top(ctx)
    deal.created_by_id = deal.updated_by_id = ctx.actor.member_id
    return deal


async def _stages_of(ctx: Ctx, rows: Sequence[DealIn]) -> list[Stage]:
    """The stage where each row begins, in one statement; a workspace without any pipeline gets its first."""
    known = await queries.stages(ctx)
    if not known:
        await seed(ctx)
        known = await queries.stages(ctx)
    by_id: dict[UUID, Stage] = {stage.id: stage for stage in known}
    first = await queries.default_stage(ctx) if any(row.stage_id is None for row in rows) else None
    found = [first if row.stage_id is None else by_id.get(row.stage_id) for row in rows]
    stages = [stage for stage in found if stage is not None]
    if len(stages) < len(found):
        raise Invalid.field("stage_id", "reference", N_("There is no such stage."))
    return stages


async def _value_again(ctx: Ctx, deal: Deal, changed: Iterable[str]) -> None:
    """A new amount keeps the rate that the deal has; a new currency needs another."""
    names = set(changed)
    if "exchange_rate" in names and deal.exchange_rate is not None:
        await amounts.value(ctx, [deal], given=frozenset({0}))
    elif names == {"amount_minor"} and (deal.currency == ctx.tenant.currency or deal.exchange_rate):
        amounts.set_base(deal, ctx.tenant.currency)
    else:
        await amounts.value(ctx, [deal])


def _without_stage(patch: DealPatch) -> DealPatch:
    values = {name: getattr(patch, name) for name in patch.__struct_fields__ if name != "stage_id"}
    return DealPatch(**values)


async def _check_targets(ctx: Ctx, rows: Iterable[DealIn | DealPatch]) -> None:
    """Refuse owners, customers, contacts and leads that do not exist for the actor, all at once."""
    wanted = references.wanted(rows, ("owner_id", *(name for name, *_ in TARGETS)))
    errors = await references.no_member(ctx, wanted["owner_id"])
    for name, model, permission, text in TARGETS:
        if await references.missing(ctx, model, permission, wanted[name]):
            errors.append(FieldError(name, "reference", text))
    if errors:
        raise Invalid(errors=errors)
