"""The history of a demo workspace: half a year of activities, tasks done and to do, appointments to come.

Deterministic from the dice; dates are relative to today. Writes through verbs alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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
from core.customers import service as customers
from core.customers.models import Customer
from core.customers.schema import CustomerPatch
from core.home.demo_texts import CHINESE, ENGLISH, Texts
from core.kernel.clock import FrozenClock
from core.pipeline.leads.models import Lead
from core.pipeline.models import Deal
from core.tenancy.ctx import SYSTEM, Actor, Ctx

ACTIVITIES: Final = 600
TASKS: Final = 80
APPOINTMENTS: Final = 5
"""Appointments to come, for each member; as many lie behind."""
DAYS: Final = 182
KEY_ACCOUNTS: Final = 8
KINDS: Final = {"call": 46, "message": 18, "visit": 10, "meeting": 8, "email": 10, "note": 8}
OUTCOMES: Final = ("reached", "reached", "interested", "no_answer", "call_back", "agreed", "not_interested")


class World(NamedTuple):
    """Who works here, and with whom."""

    members: Sequence[Any]
    customers: Sequence[Any]
    favourites: Sequence[Any]
    contacts: dict[Any, list[Any]]
    deals: dict[Any, list[Any]]
    leads: Sequence[Any]


async def fill(ctx: Ctx, rng: Random) -> None:
    """Log what happened and plan what is ahead, each in the name of whoever did it."""
    world = await _world(ctx)
    if not world.members or not world.customers:
        return
    world = await _with_key_accounts(ctx, world)
    texts = CHINESE if ctx.tenant.locale.startswith("zh") else ENGLISH
    rows = [_activity(ctx, rng, world, texts) for _ in range(ACTIVITIES)]
    rows.sort(key=lambda row: row.occurred_at or ctx.now())
    planned = [_task(ctx, rng, world, texts, number) for number in range(TASKS)]
    planned += [row for member in world.members for row in _appointments(ctx, rng, world, texts, member)]
    for member in world.members:
        ctx.become(Actor(kind="system", member_id=member.id, name=member.name))
        await activities.log_many(ctx, [row for row in rows if row.owner_id == member.id])
        for row in planned:
            if row.owner_id == member.id:
                await _plan(ctx, rng, row)
        await ctx.flush()
    ctx.become(SYSTEM)
    await _follow_ups(ctx, rng, world, rows)
    await _mentions(ctx, rng, world, texts)


async def _world(ctx: Ctx) -> World:
    members = (await ctx.session.scalars(select(Member).where(Member.active).order_by(Member.email))).all()
    found = await ctx.session.execute(select(Customer.id, Customer.owner_id).order_by(Customer.number))
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
    every = found.all()
    bosses = {member.id for member in members if member.role == "owner"}
    favourites = [customer for customer in every if customer.owner_id in bosses] or every[:10]
    return World(members, every, favourites, contacts, deals, leads.all())


async def _with_key_accounts(ctx: Ctx, world: World) -> World:
    """Give whoever leads the workspace, and has no customers, some to look after in person."""
    boss = next((member for member in world.members if member.role == "owner"), None)
    if boss is None or any(customer.owner_id == boss.id for customer in world.customers):
        return world
    chosen = [customer.id for customer in world.customers[3::9]][:KEY_ACCOUNTS]
    for customer in await ctx.session.scalars(select(Customer).where(Customer.id.in_(chosen))):
        await customers.update(ctx, customer, CustomerPatch(owner_id=boss.id))
    return await _world(ctx)


def _activity(ctx: Ctx, rng: Random, world: World, texts: Texts) -> ActivityIn:
    """Somebody's contact with a customer or a lead; those of the workspace's owner more often than others."""
    kind = rng.choices(list(KINDS), weights=list(KINDS.values()))[0]
    days = int(DAYS * rng.random() ** 1.6)
    row = ActivityIn(
        kind=kind,  # type: ignore[arg-type]
        body=rng.choice(texts.logged[kind]),
        occurred_at=_moment(ctx, rng, -days),
        duration_min=rng.choice((5, 10, 15, 30)) if kind == "call" else None,
        direction=rng.choice(("in", "out", "out")) if kind in {"call", "email", "message"} else None,
        outcome=rng.choice(OUTCOMES) if kind in {"call", "visit"} else None,
    )
    if world.leads and rng.random() < 0.12:
        lead = rng.choice(world.leads)
        row.lead_id, row.owner_id = lead.id, lead.owner_id or rng.choice(world.members).id
        return row
    customer = rng.choice(world.favourites) if rng.random() < 0.15 else rng.choice(world.customers)
    row.customer_id, row.owner_id = customer.id, customer.owner_id or rng.choice(world.members).id
    if world.deals.get(customer.id) and rng.random() < 0.4:
        row.deal_id = rng.choice(world.deals[customer.id])
    elif world.contacts.get(customer.id) and rng.random() < 0.6:
        row.contact_id = rng.choice(world.contacts[customer.id])
    return row


def _moment(ctx: Ctx, rng: Random, days: int) -> datetime:
    """A moment of a working day near a day from today, never after now."""
    at = _at(ctx, days, time(rng.randint(9, 17), rng.choice((0, 10, 15, 30, 45, 50))))
    return at if at < ctx.now() else _at(ctx, days - 1, at.timetz().replace(tzinfo=None))


def _at(ctx: Ctx, days: int, clock: time) -> datetime:
    day = ctx.today() + timedelta(days=days)
    return datetime.combine(day - timedelta(days=max(0, day.weekday() - 4)), clock, tzinfo=ctx.zone)


def _task(ctx: Ctx, rng: Random, world: World, texts: Texts, number: int) -> TaskIn:
    """A task around today, for the owner of its customer."""
    customer = rng.choice(world.favourites if number % 8 == 0 else world.customers)
    return TaskIn(
        title=texts.tasks[number % len(texts.tasks)],
        due_on=ctx.today() + timedelta(days=rng.randint(-25, 21)),
        priority=rng.choice(("low", "normal", "normal", "normal", "high")),
        customer_id=customer.id,
        owner_id=customer.owner_id or rng.choice(world.members).id,
    )


def _appointments(ctx: Ctx, rng: Random, world: World, texts: Texts, member: Any) -> list[TaskIn]:
    """A member's meetings of the last and the next days, one a day at most."""
    own = [customer for customer in world.customers if customer.owner_id == member.id] or world.customers
    rows = []
    for day in rng.sample(range(-10, 15), APPOINTMENTS * 2):
        on = ctx.today() + timedelta(days=day)
        if on.weekday() > 4:
            continue
        clock = time(rng.choice((9, 10, 14, 15)), rng.choice((0, 30)))
        starts = datetime.combine(on, clock, tzinfo=ctx.zone)
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
    return rows


async def _plan(ctx: Ctx, rng: Random, row: TaskIn) -> None:
    """Plan a task some days ahead, and do most of those that were due, by the clock of their days."""
    day = row.starts_at.date() if row.starts_at else row.due_on or ctx.today()
    days = (day - ctx.today()).days
    now = ctx.now()
    with _clock(ctx, _moment(ctx, rng, min(0, days) - rng.randint(1, 9))):
        task = await tasks.create(ctx, row)
    is_done = row.ends_at < now if row.ends_at else days < 0 and rng.random() < 0.8
    if is_done:
        with _clock(ctx, _moment(ctx, rng, days)):
            await tasks.complete(ctx, task)


@contextmanager
def _clock(ctx: Ctx, at: datetime) -> Iterator[None]:
    """Put the clock of the demo back for a while; a clock that cannot be put back stays."""
    clock = ctx.machinery.clock
    if not isinstance(clock, FrozenClock):
        yield
        return
    back = (ctx.now() - at).total_seconds()
    clock.advance(-back)
    try:
        yield
    finally:
        clock.advance(back)


async def _follow_ups(ctx: Ctx, rng: Random, world: World, rows: Sequence[ActivityIn]) -> None:
    """Set when to turn to customers next: some are waiting since a day or two, some for the days to come."""
    last = {row.customer_id: row.occurred_at for row in rows if row.customer_id}
    for customer in world.customers:
        seen = last.get(customer.id)
        rest = (ctx.now() - seen).days if seen else 30
        if rng.random() < 0.6:
            on = ctx.today() + timedelta(days=rng.randint(-min(4, max(0, rest - 1)), 12))
            await customers.touch(ctx, customer.id, at=None, next_follow_up_on=on)


async def _mentions(ctx: Ctx, rng: Random, world: World, texts: Texts) -> None:
    """Something unread for everybody's bell."""
    for member in world.members:
        author = rng.choice([one for one in world.members if one.id != member.id] or world.members)
        customer = rng.choice(world.customers)
        params = {"actor": author.name, "title": texts.mention.format(name=member.name)}
        await notifications.notify(
            ctx, [member.id], "mentioned", path=f"/customers/{customer.id}", params=params
        )
