"""What an activity or a task is about: checks the named records and follows what they belong to.

Owns nothing. Reads one statement for each kind of record that is named; the kinds above this package are known
by their record types alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import false, select

from core.access.decide import RESTRICTED
from core.kernel.db import Restrictable
from core.kernel.errors import FieldError, Invalid
from core.kernel.i18n import N_
from core.tenancy.ctx import Ctx

FIELDS: Final = {"deal_id": "deal", "lead_id": "lead", "contact_id": "contact", "customer_id": "customer"}
"""The linking fields, the most particular first, and the record types that they name."""
MISSING: Final = {
    "deal_id": N_("There is no such deal."),
    "lead_id": N_("There is no such lead."),
    "contact_id": N_("There is no such contact."),
    "customer_id": N_("There is no such customer."),
}
Targets = dict[str, UUID | None]


def named(row: Any) -> Targets:
    """The records that a row or a struct names itself."""
    values = ((name, getattr(row, name)) for name in FIELDS)
    return {name: value if isinstance(value, UUID) else None for name, value in values}


def pairs(row: Any) -> tuple[tuple[str, UUID], ...]:
    """The records of a row as links of an event."""
    return tuple((FIELDS[name], value) for name, value in named(row).items() if value)


def subject(targets: Targets) -> str:
    """The field of the record that something is about first, '' where there is none."""
    return next((name for name in FIELDS if targets[name]), "")


async def complete(ctx: Ctx, rows: Sequence[Any]) -> list[Targets]:
    """Give for each row the records that it names and those that these belong to.

    Raises :class:`Invalid` with an error for each kind of which the actor may not see one.
    """
    found, asked = [named(row) for row in rows], [named(row) for row in rows]
    errors: list[FieldError] = []
    for name, record_type in FIELDS.items():
        ids = {targets[name] for targets in asked if targets[name]}
        known, kept = await _read(ctx, record_type, ids) if ids else ({}, False)
        if ids - known.keys():
            errors.append(FieldError(name, "reference", MISSING[name]))
        if kept:
            errors.append(FieldError(name, "restricted", RESTRICTED))
        for targets, named_ in zip(found, asked, strict=True):
            for field, value in known.get(named_[name], {}).items():
                targets[field] = targets[field] or value
    if errors:
        raise Invalid(errors=errors)
    return found


async def _read(ctx: Ctx, record_type: str, ids: set[Any]) -> tuple[dict[Any, Targets], bool]:
    """Where the records that may be seen belong, and whether one of them may only be kept."""
    type_ = ctx.machinery.registry.records.get(record_type)
    if type_ is None:
        return {}, False
    model = type_.model
    above = [name for name in FIELDS if hasattr(model, name) and FIELDS[name] != record_type]
    columns = [getattr(model, name) for name in above]
    kept = model.restricted_at.is_not(None) if issubclass(model, Restrictable) else false()
    statement = select(model.id, *columns, kept).where(
        model.id.in_(ids), ctx.visible(model, f"{type_.permission}.view")
    )
    rows = (await ctx.session.execute(statement)).all()
    known = {row[0]: dict(zip(above, row[1:-1], strict=True)) for row in rows}
    return known, any(row[-1] for row in rows)
