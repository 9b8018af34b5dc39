"""The verbs of leads; converting is in service_conversion.py."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.kernel.errors import Conflict, Invalid
from core.kernel.events import Event
from core.kernel.i18n import N_
from core.pipeline.leads.events import LeadCreated, LeadDeleted, LeadRestored, LeadUpdated
from core.pipeline.leads.models import Lead
from core.pipeline.leads.schema import LeadIn, LeadPatch
from core.records import references
from core.records.changes import apply, fields
from core.tenancy.ctx import Ctx


async def create(ctx: Ctx, data: LeadIn) -> Lead:
    """Create a lead. Emits ``lead.created``."""
    return (await create_many(ctx, [data]))[0]


async def create_many(ctx: Ctx, rows: Sequence[LeadIn]) -> list[Lead]:
    """Create leads in one go. Emits ``lead.created`` for each."""
    await _check_owners(ctx, rows)
    leads = [_made(ctx, row) for row in rows]
    ctx.session.add_all(leads)
    await ctx.session.flush()
    for lead in leads:
        _tell(ctx, LeadCreated, lead)
    return leads


async def update(ctx: Ctx, lead: Lead, patch: LeadPatch) -> Lead:
    """Change a lead; a converted one keeps its status. Emits ``lead.updated`` where something changed."""
    await ctx.require("leads.edit", lead)
    if isinstance(patch.status, str):
        must_be_open(lead)
    await _check_owners(ctx, [patch])
    changes = apply(lead, patch)
    if changes:
        lead.updated_by_id = ctx.actor.member_id
        await ctx.session.flush()
        _tell(ctx, LeadUpdated, lead, changes=changes)
    return lead


def must_be_open(lead: Lead) -> None:
    """Raise Conflict for a converted lead."""
    if lead.status == "converted":
        raise Conflict(N_("This lead is converted. Its status stays."), code="lead.converted")


async def delete(ctx: Ctx, lead: Lead) -> None:
    """Move a lead to the bin. Emits ``lead.deleted``."""
    await ctx.require("leads.delete", lead)
    lead.deleted_at = ctx.now()
    await ctx.session.flush()
    _tell(ctx, LeadDeleted, lead)


async def restore(ctx: Ctx, lead: Lead) -> None:
    """Take a lead out of the bin. Emits ``lead.restored``."""
    await ctx.require("leads.delete", lead)
    lead.deleted_at = None
    await ctx.session.flush()
    _tell(ctx, LeadRestored, lead)


def _tell(ctx: Ctx, event: type[Event], lead: Lead, **more: object) -> None:
    near = (("customer", lead.customer_id), ("contact", lead.contact_id))
    links = tuple((kind, found) for kind, found in near if found is not None)
    ctx.emit(event(subject_id=lead.id, label=lead.name, links=links, **more))  # type: ignore[arg-type]


def _made(ctx: Ctx, data: LeadIn) -> Lead:
    lead = Lead(**fields(data))
    lead.owner_id = data.owner_id or ctx.actor.member_id
    lead.created_by_id = lead.updated_by_id = ctx.actor.member_id
    return lead


async def _check_owners(ctx: Ctx, rows: Iterable[LeadIn | LeadPatch]) -> None:
    wanted = references.wanted(rows, ("owner_id",))
    errors = await references.no_member(ctx, wanted["owner_id"])
    if errors:
        raise Invalid(errors=errors)
