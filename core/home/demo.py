"""The history of a demo workspace: half a year of activities, tasks done and to do, appointments to come.

Deterministic from the dice; dates are relative to today. Writes through verbs alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from random import Random
from typing import Any, Final, NamedTuple

from sqlalchemy import select

from core.access.models import Member
from core.activities import service as activities
from core.activities.notifications import service as notifications
from core.activities.schema import ActivityIn
from core.activities.tasks import service as tasks
from core.activities.tasks.schema import TaskIn
from core.contacts.models import Contact
from core.customers.models import Customer
from core.home.demo_texts import CHINESE, ENGLISH, Texts
from core.pipeline.leads.models import Lead
from core.pipeline.models import Deal
from core.tenancy.ctx import Ctx

ACTIVITIES: Final = 600
TASKS: Final = 80
APPOINTMENTS: Final = 4
"""Appointments to come, for each member."""
DAYS: Final = 182
KINDS: Final = {"call": 46, "message": 18, "visit": 10, "meeting": 8, "email": 10, "note": 8}
OUTCOMES: Final = ("reached", "reached", "interested", "no_answer", "call_back", "agreed", "not_interested")


class World(NamedTuple):
    """Who works here, and with whom."""

    members: Sequence[Any]
    customers: Sequence[Any]
    contacts: dict[Any, list[Any]]
    deals: dict[Any, list[Any]]
    leads: Sequence[Any]


async def fill(ctx: Ctx, rng: Random) -> None:
    """Log what happened and plan what is ahead."""
    world = await _world(ctx)
    if not world.members or not world.customers:
        return
    texts = CHINESE if ctx.tenant.locale.startswith("zh") else ENGLISH
    rows = [_activity(ctx, rng, world, texts) for _ in range(ACTIVITIES)]
    await activities.log_many(ctx, sorted(rows, key=lambda row: row.occurred_at or ctx.now()))
    await _to_do(ctx, rng, world, texts)
    await _appointments(ctx, rng, world, texts)
    await _mentions(ctx, rng, world, texts)


async def _world(ctx: Ctx) -> World:
    members = (await ctx.session.scalars(select(Member).where(Member.active).order_by(Member.email))).all()
    customers = await ctx.session.execute(select(Customer.id, Customer.owner_id).order_by(Customer.number))
    contacts, deals = dict[Any, list[Any]](), dict[Any, list[Any]]()
    for contact in await ctx.session.execute(
        select(Contact.id, Contact.customer_id).order_by(Contact.created_at, Contact.name, Contact.id)
    ):
        contacts.setdefault(contact.customer_id, []).append(contact.id)
    for deal in await ctx.session.execute(
        select(Deal.id, Deal.customer_id).where(Deal.status == "open").order_by(Deal.number)
    ):
        deals.setdefault(deal.customer_id, []).append(deal.id)
    leads = await ctx.session.execute(
        select(Lead.id, Lead.owner_id)
        .where(Lead.status.not_in(("converted", "unqualified")))
        .order_by(Lead.name)
    )
    return World(members, customers.all(), contacts, deals, leads.all())


def _activity(ctx: Ctx, rng: Random, world: World, texts: Texts) -> ActivityIn:
    """Somebody's contact with a customer or a lead; some customers are turned to more often than others."""
    kind = rng.choices(list(KINDS), weights=list(KINDS.values()))[0]
    days = int(DAYS * rng.random() ** 1.6)
    row = ActivityIn(
        kind=kind,
        body=rng.choice(texts.logged[kind]),
        occurred_at=_moment(ctx, rng, -days),
        duration_min=rng.choice((5, 10, 15, 30)) if kind == "call" else None,
        direction=rng.choice(("in", "out", "out")) if kind in {"call", "email", "message"} else None,
        outcome=rng.choice(OUTCOMES) if kind in {"call", "visit"} else None,
    )
    if rng.random() < 0.35 and days < 20:
        row.next_follow_up_on = ctx.today() + timedelta(days=rng.randint(-3, 12))
    if world.leads and rng.random() < 0.12:
        lead = rng.choice(world.leads)
        row.lead_id, row.owner_id = lead.id, lead.owner_id
        return row
    customer = world.customers[int(len(world.customers) * rng.random() ** 1.7)]
    row.customer_id, row.owner_id = customer.id, customer.owner_id
    if world.deals.get(customer.id) and rng.random() < 0.4:
        row.deal_id = rng.choice(world.deals[customer.id])
    elif world.contacts.get(customer.id) and rng.random() < 0.6:
        row.contact_id = rng.choice(world.contacts[customer.id])
    return row


def _moment(ctx: Ctx, rng: Random, days: int) -> datetime:
    """A moment of a working day near a day from today, never after now."""
    day = ctx.today() + timedelta(days=days)
    if days < 0:
        day -= timedelta(days=max(0, day.weekday() - 4))
    at = datetime.combine(day, time(rng.randint(9, 17), rng.choice((0, 10, 15, 30, 45, 50))), tzinfo=ctx.zone)
    return min(at, ctx.now() - timedelta(minutes=rng.randint(1, 90)))


async def _to_do(ctx: Ctx, rng: Random, world: World, texts: Texts) -> None:
    """Tasks around today: some overdue, many done."""
    rows = []
    for number in range(TASKS):
        customer = rng.choice(world.customers)
        rows.append(
            TaskIn(
                title=texts.tasks[number % len(texts.tasks)],
                due_on=ctx.today() + timedelta(days=rng.randint(-25, 21)),
                priority=rng.choice(("low", "normal", "normal", "normal", "high")),
                customer_id=customer.id,
                owner_id=customer.owner_id or rng.choice(world.members).id,
            )
        )
    for task in await tasks.create_many(ctx, rows):
        late = (ctx.today() - (task.due_on or ctx.today())).days
        if late > 0 and rng.random() < 0.8:
            await tasks.complete(ctx, task)


async def _appointments(ctx: Ctx, rng: Random, world: World, texts: Texts) -> None:
    """Meetings of the next two weeks, and some of the past ones, without overlaps."""
    rows = []
    for member in world.members:
        own = [customer for customer in world.customers if customer.owner_id == member.id] or world.customers
        for day in rng.sample(range(-10, 15), APPOINTMENTS * 2):
            on = ctx.today() + timedelta(days=day)
            if on.weekday() > 4:
                continue
            starts = datetime.combine(
                on, time(rng.choice((9, 10, 14, 15)), rng.choice((0, 30))), tzinfo=ctx.zone
            )
            rows.append(
                TaskIn(
                    title=rng.choice(texts.meetings),
                    starts_at=starts,
                    ends_at=starts + timedelta(minutes=rng.choice((30, 60, 90))),
                    place=rng.choice(texts.places),
                    customer_id=rng.choice(own).id,
                    owner_id=member.id,
                )
            )
    for task in await tasks.create_many(ctx, rows):
        if task.ends_at and task.ends_at < ctx.now():
            await tasks.complete(ctx, task)


async def _mentions(ctx: Ctx, rng: Random, world: World, texts: Texts) -> None:
    """Something unread for everybody's bell."""
    for member in world.members:
        author = rng.choice([one for one in world.members if one.id != member.id])
        customer = rng.choice(world.customers)
        params = {"actor": author.name, "title": texts.mention.format(name=member.name)}
        await notifications.notify(
            ctx, [member.id], "mentioned", path=f"/customers/{customer.id}", params=params
        )
