"""What saved views hold about people: conditions that name them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from core.ext.hooks import hookimpl
from core.ext.specs import Person, PersonalData
from core.kernel.i18n import N_
from core.records.models import SavedView
from core.records.people import without, without_conditions
from core.tenancy.ctx import Ctx


async def export(_ctx: Ctx, _person: Person) -> Sequence[Mapping[str, Any]]:
    """Give nothing: a view says what somebody looks for, not what is known."""
    return []


async def erase(ctx: Ctx, person: Person) -> None:
    """Take the person out of the names and conditions of all views."""
    for view in await ctx.session.scalars(select(SavedView)):
        name, query = without(person.words, view.name), without_conditions(person.words, view.query)
        if name != view.name or query != view.query:
            view.name, view.query = str(name), query
    await ctx.session.flush()


@hookimpl
def crm_personal_data() -> list[PersonalData]:
    """Conditions of views."""
    return [PersonalData(key="saved-views", title=N_("Saved views"), export=export, erase=erase)]
