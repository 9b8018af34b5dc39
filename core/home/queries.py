"""Reads of the Today page: whom to contact, what happened lately, how far a new workspace has come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import TIMESTAMP, ColumnElement, Text, cast, func, literal, null, or_, select, union_all

from core.access.models import Member
from core.activities.models import Activity
from core.contacts.models import Contact
from core.customers.models import Customer
from core.home.models import Dismissal
from core.home.schema import FollowUp
from core.pipeline.leads.models import Lead
from core.pipeline.models import Deal
from core.tenancy.ctx import Ctx

FOLLOW_UPS: Final = 30
RECENT: Final = 8
FOLLOWED: Final[Sequence[tuple[str, Any]]] = (
    ("customer", Customer),
    ("contact", Contact),
    ("lead", Lead),
    ("deal", Deal),
)
OVER: Final = {"lead": ("converted", "unqualified"), "deal": ("won", "lost")}
"""Where nothing is left to follow up, by the record's status."""


async def follow_ups(ctx: Ctx) -> list[FollowUp]:
    """Read whom the actor is to contact today, the longest overdue first; one statement."""
    parts = [select(_follow_ups(ctx, key, model).subquery()) for key, model in FOLLOWED]
    every = union_all(*parts).subquery()
    statement = select(every).order_by(every.c.next_follow_up_on, every.c.label).limit(FOLLOW_UPS)
    return [
        FollowUp(record_type=row[0], id=row[1], label=row[2], on=row[3], phone=row[4], detail=row[5])
        for row in await ctx.session.execute(statement)
    ]


def _follow_ups(ctx: Ctx, key: str, model: Any) -> Any:
    phone = func.coalesce(model.mobile, model.phone) if hasattr(model, "phone") else cast(null(), Text)
    statement = (
        select(
            literal(key).label("record_type"),
            model.id,
            model.name.label("label"),
            model.next_follow_up_on,
            phone.label("phone"),
            _detail(ctx, model).label("detail"),
        )
        .where(
            model.owner_id == ctx.actor.member_id,
            model.next_follow_up_on <= ctx.today(),
            model.deleted_at.is_(None),
            _is_untouched(ctx, model),
        )
        .order_by(model.next_follow_up_on)
        .limit(FOLLOW_UPS)
    )
    return statement.where(model.status.not_in(OVER[key])) if key in OVER else statement


def _detail(ctx: Ctx, model: Any) -> Any:
    """The company of a lead, the customer of a contact or a deal as far as it may be seen."""
    if hasattr(model, "company"):
        return model.company
    if not hasattr(model, "customer_id"):
        return cast(null(), Text)
    seen = ctx.visible(Customer, "customers.view")
    return (
        select(Customer.name).where(Customer.id == model.customer_id, seen).correlate(model).scalar_subquery()
    )


def _is_untouched(ctx: Ctx, model: Any) -> ColumnElement[bool]:
    """Not contacted since the day for which the follow-up was planned began, where the actor is."""
    day = func.timezone(ctx.timezone, cast(model.next_follow_up_on, TIMESTAMP))
    return or_(model.last_contacted_at.is_(None), model.last_contacted_at < day)


async def recent(ctx: Ctx) -> Sequence[Activity]:
    """Read what was logged last, as far as the actor may see it."""
    statement = (
        select(Activity)
        .where(ctx.visible(Activity, "activities.view"))
        .order_by(Activity.occurred_at.desc(), Activity.id.desc())
        .limit(RECENT)
    )
    return (await ctx.session.scalars(statement)).all()


async def steps(ctx: Ctx, hint: str) -> dict[str, bool]:
    """Read which first steps the workspace has made, and whether the actor dismissed the hint; one statement."""
    done = {
        hint: select(Dismissal.hint)
        .where(Dismissal.member_id == ctx.actor.member_id, Dismissal.hint == hint)
        .exists(),
        "customer": select(Customer.id).exists(),
        "activity": select(Activity.id).exists(),
        "member": select(Member.id).offset(1).exists(),
        "deal": select(Deal.id).exists(),
    }
    row = (await ctx.session.execute(select(*(found.label(key) for key, found in done.items())))).one()
    return dict(zip(done, row, strict=True))
