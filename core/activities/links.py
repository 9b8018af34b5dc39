"""What an activity or a task is about: checks the named records and follows what they belong to.

Owns nothing. Reads one statement for each kind of record that is named; the kinds above this package are known
by their record types alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

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
        known = await _read(ctx, record_type, ids) if ids else {}
        if ids - known.keys():
            errors.append(FieldError(name, "reference", MISSING[name]))
        for targets, named_ in zip(found, asked, strict=True):
            for field, value in known.get(named_[name], {}).items():
                targets[field] = targets[field] or value
    if errors:
        raise Invalid(errors=errors)
    return found


async def _read(ctx: Ctx, record_type: str, ids: set[Any]) -> dict[Any, Targets]:
    type_ = ctx.machinery.registry.records.get(record_type)
    if type_ is None:
        return {}
    model = type_.model
    above = [name for name in FIELDS if hasattr(model, name) and FIELDS[name] != record_type]
    columns = [getattr(model, name) for name in above]
    statement = select(model.id, *columns).where(
        model.id.in_(ids), ctx.visible(model, f"{type_.permission}.view")
    )
    return {row[0]: dict(zip(above, row[1:], strict=True)) for row in await ctx.session.execute(statement)}
