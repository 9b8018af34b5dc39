"""What notifications hold about people: lines that lead to what is about a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import delete, func, select, union

from core.activities.models import Activity
from core.activities.notifications.models import Notification
from core.activities.personal import ACTIVITIES
from core.activities.tasks.models import Task
from core.activities.tasks.personal import TASKS
from core.ext.hooks import hookimpl
from core.ext.specs import Person, PersonalData
from core.kernel.i18n import N_
from core.records.people import everything
from core.tenancy.ctx import Ctx

RECORD: Final = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


async def export(_ctx: Ctx, _person: Person) -> Sequence[Mapping[str, Any]]:
    """Give nothing: what they tell of is told by the records."""
    return []


async def erase(ctx: Ctx, person: Person) -> None:
    """Remove what leads to the person, or to a deal that a follow-up or task of the person is about."""
    deals = union(
        select(Activity.deal_id).where(ACTIVITIES.where(person), Activity.deal_id.is_not(None)),
        select(Task.deal_id).where(TASKS.where(person), Task.deal_id.is_not(None)),
    )
    ids = {str(record_id) for _, record_id in everything(person)}
    ids |= {str(deal_id) for deal_id in await ctx.session.scalars(deals)}
    target = func.substring(Notification.path, RECORD)
    await ctx.session.execute(delete(Notification).where(target.in_(ids)))


@hookimpl
def crm_personal_data() -> list[PersonalData]:
    """Lines that were shown to members."""
    return [PersonalData(key="notifications", title=N_("Notifications"), export=export, erase=erase)]
