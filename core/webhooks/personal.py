"""What webhooks hold about people: names in the log, and what receivers answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select, update

from core.ext.hooks import hookimpl
from core.ext.specs import Person, PersonalData
from core.kernel.i18n import N_
from core.privacy.personal import event_ids
from core.records.people import MOST, plain
from core.tenancy.ctx import Ctx
from core.webhooks.models import Attempt, Delivery


async def export(ctx: Ctx, person: Person) -> Sequence[Mapping[str, Any]]:
    """Give what was told to other systems, and when."""
    wanted = (await event_ids(ctx, person))[:MOST]
    columns = (Delivery.event_name, Delivery.label, Delivery.state, Delivery.delivered_at)
    found = select(*columns).where(Delivery.message_id.in_(wanted)).order_by(Delivery.id)
    return [plain(row) for row in (await ctx.session.execute(found)).mappings()]


async def erase(ctx: Ctx, person: Person) -> None:
    """Blank what was told of the person; what was not sent yet is not sent any more, as its event is erased too."""
    events = await event_ids(ctx, person)
    told = list(await ctx.session.scalars(select(Delivery.id).where(Delivery.message_id.in_(events))))
    await ctx.session.execute(delete(Attempt).where(Attempt.delivery_id.in_(told)))
    blank = {
        "label": "",
        "payload": None,
        "last_error": "",
        "updated_at": ctx.now(),
        "version": Delivery.version + 1,
    }
    await ctx.session.execute(update(Delivery).where(Delivery.id.in_(told)).values(blank))


@hookimpl
def crm_personal_data() -> list[PersonalData]:
    """The log of deliveries."""
    return [PersonalData(key="webhooks", title=N_("Webhooks"), export=export, erase=erase)]
