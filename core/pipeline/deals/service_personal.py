"""What deals hold about people: texts. What was sold, when and for how much stays, as the books need it.

A deal of the person's own loses its texts; one of somebody else where the person takes part loses the names in them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, not_, select, update

from core.ext.hooks import hookimpl
from core.ext.specs import Person, PersonalData
from core.kernel.i18n import N_
from core.pipeline.deals.events import DealUpdated
from core.pipeline.models import Deal
from core.records.people import Rows, without
from core.tenancy.ctx import Ctx

TEXTS: Final = ("name", "source", "competitor", "notes", "external_id")
OWN: Final = Rows(model=Deal, whose=(("customer", "customer_id"),), key="deal")
NEAR: Final = Rows(
    model=Deal, whose=(("customer", "customer_id"), ("contact", "contact_id"), ("lead", "lead_id"))
)


async def export(ctx: Ctx, person: Person) -> Sequence[Mapping[str, Any]]:
    """Give every deal that the person takes part in."""
    return await NEAR.export(ctx, person)


async def erase(ctx: Ctx, person: Person) -> None:
    """Blank the texts of the person's own deals, and take the person out of those of others. Emits ``deal.updated``."""
    blank: dict[str, Any] = dict.fromkeys(TEXTS[1:])
    own = _own(person)
    await _write(ctx, own, {**blank, "name": Deal.number, "tags": []})
    shared = select(Deal.id, *(getattr(Deal, name) for name in TEXTS), Deal.tags).where(
        NEAR.where(person), not_(own)
    )
    for row in await ctx.session.execute(shared.execution_options(include_deleted=True)):
        changed = {name: without(person.words, getattr(row, name)) for name in TEXTS}
        changed["tags"] = [without(person.words, tag) for tag in row.tags]  # type: ignore[assignment]
        if any(changed[name] != getattr(row, name) for name in changed):
            await _write(ctx, Deal.id == row.id, changed)
            ctx.emit(DealUpdated(subject_id=row.id, label=str(changed["name"])))


async def records(ctx: Ctx, person: Person) -> Sequence[tuple[str, UUID]]:
    """Name the deals whose customer is the person."""
    return await OWN.records(ctx, person)


def _own(person: Person) -> ColumnElement[bool]:
    return OWN.where(person)


async def _write(ctx: Ctx, where: ColumnElement[bool], values: Mapping[str, Any]) -> None:
    more = {"version": Deal.version + 1, "updated_at": ctx.now()}
    change = update(Deal).where(where).values({**values, **more})
    await ctx.session.execute(change.execution_options(synchronize_session=False))


@hookimpl
def crm_personal_data() -> list[PersonalData]:
    """The deals that a person takes part in."""
    return [PersonalData(key="deals", title=N_("Deals"), export=export, erase=erase, records=records)]
