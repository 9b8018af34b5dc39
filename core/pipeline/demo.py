"""Fills a demo workspace with deals and leads that have a past of twelve months, through their verbs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import select

from core.access.models import Member
from core.contacts.models import Contact
from core.customers.models import Customer
from core.pipeline import queries, service, service_settings
from core.pipeline.deals import service as deals
from core.pipeline.deals import service_moves as moves
from core.pipeline.deals.schema import DealIn
from core.pipeline.demo_words import Words, words_for
from core.pipeline.models import CloseReason, Deal, Stage
from core.pipeline.schema import CurrencyRateIn, PipelineIn, StageIn, StagePatch
from core.tenancy.ctx import Actor, Ctx

DEALS = 136
RENEWALS = 16
YEAR = 360
WON, LOST = 0.27, 0.2


@dataclass(slots=True)
class Scene:
    """Who and what there is to sell with, and the day on which the demo ends."""

    ctx: Ctx
    rng: Random
    words: Words
    now: datetime
    members: list[Member] = field(default_factory=list)
    customers: list[Customer] = field(default_factory=list)
    contacts: dict[UUID, UUID] = field(default_factory=dict)
    reasons: dict[str, list[CloseReason]] = field(default_factory=dict)

    def stand(self, at: datetime) -> None:
        """Let the clock stand at an instant."""
        clock: Any = self.ctx.machinery.clock
        clock.advance((at - self.ctx.now()).total_seconds())

    def act_as(self, member: Member) -> None:
        """Let somebody of the company do what comes next."""
        actor = Actor(kind="system", member_id=member.id, name=member.name, locale=self.ctx.tenant.locale)
        self.ctx.become(actor)

    def day(self, days_ago: float) -> datetime:
        """A working hour that many days ago."""
        at = self.now - timedelta(days=days_ago)
        at = at.replace(
            hour=self.rng.randrange(1, 10), minute=self.rng.randrange(60), second=0, microsecond=0
        )
        return min(at, self.now)


async def open_scene(ctx: Ctx, rng: Random) -> Scene:
    """Read who sells what to whom."""
    scene = Scene(ctx, rng, words_for(ctx.tenant.locale), ctx.now())
    members = await ctx.session.scalars(select(Member).where(Member.active).order_by(Member.email))
    scene.members = [one for one in members if one.role in {"member", "manager", "owner"}]
    scene.customers = list(await ctx.session.scalars(select(Customer).order_by(Customer.number)))
    found = await ctx.session.execute(select(Contact.customer_id, Contact.id).order_by(Contact.created_at))
    scene.contacts = {customer_id: contact_id for customer_id, contact_id in found if customer_id}
    for outcome in ("won", "lost"):
        scene.reasons[outcome] = await queries.reasons(ctx, outcome)
    return scene


async def shape(scene: Scene) -> tuple[list[Stage], list[Stage]]:
    """Add the second pipeline, a gate and a year of exchange rates; give the stages of both pipelines."""
    ctx, rng = scene.ctx, scene.rng
    scene.stand(scene.day(YEAR + 5))
    first = await queries.stages(ctx)
    await service.update_stage(
        ctx, first[3], StagePatch(required_fields=["amount_minor", "expected_close_on"])
    )
    pipeline = await service.create_pipeline(ctx, PipelineIn(name=scene.words.second))
    second = []
    for name, probability, days in scene.words.second_stages:
        data = StageIn(pipeline_id=pipeline.id, name=name, probability=probability, rotting_days=days)
        second.append(await service.create_stage(ctx, data))
    for currency, rate in scene.words.foreign:
        for month in range(13):
            day = (scene.now - timedelta(days=30 * month)).date().replace(day=1)
            value = (Decimal(rate) * Decimal(str(1 + rng.uniform(-0.02, 0.02)))).quantize(Decimal("0.0001"))
            data_ = CurrencyRateIn(currency=currency, valid_on=day, rate=value)
            await service_settings.create_rate(ctx, data_)
    await ctx.flush()
    return first, second


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of one deal: when it began, how it stands, how far it got."""

    began_days_ago: float
    outcome: str
    steps: int
    is_renewal: bool = False


def plans(rng: Random) -> list[Plan]:
    """Decide about all deals, the oldest first, so that numbers follow time."""
    found = []
    for _ in range(DEALS):
        dice = rng.random()
        if dice < WON:
            found.append(Plan(rng.uniform(25, YEAR), "won", 4))
        elif dice < WON + LOST:
            found.append(Plan(rng.uniform(20, YEAR), "lost", rng.choice((0, 1, 2, 2, 3))))
        else:
            found.append(Plan(rng.triangular(1, 110, 30), "open", rng.choice((0, 0, 1, 1, 2, 2, 3, 4))))
    found += [Plan(rng.uniform(2, 60), "open", rng.randrange(3), True) for _ in range(RENEWALS)]
    return sorted(found, key=lambda plan: -plan.began_days_ago)


async def fill_deals(ctx: Ctx, rng: Random) -> None:
    """Make the deals of a demo workspace with all that happened to them."""
    scene = await open_scene(ctx, rng)
    first, second = await shape(scene)
    for at, plan in enumerate(plans(rng)):
        await live(scene, plan, second if plan.is_renewal else first, at)
    scene.stand(scene.now)


async def live(scene: Scene, plan: Plan, stages: list[Stage], at: int) -> None:
    """Make one deal and let its time pass."""
    ctx, rng = scene.ctx, scene.rng
    member = rng.choice(scene.members)
    scene.act_as(member)
    scene.stand(scene.day(plan.began_days_ago))
    deal = await deals.create(ctx, drawn(scene, plan, stages, member, at))
    await ctx.flush()
    # Some open deals have not moved for long: they are the stale ones of the board.
    left = plan.began_days_ago * (
        rng.uniform(0.3, 0.95) if plan.outcome == "open" else rng.uniform(0.15, 0.5)
    )
    moments = sorted(rng.uniform(0, left) for _ in range(plan.steps))
    for step, passed in enumerate(moments, start=1):
        scene.stand(scene.day(plan.began_days_ago - passed))
        await moves.move_to_stage(ctx, deal, stages[min(step, len(stages) - 1)])
        await ctx.flush()
    if plan.outcome != "open":
        scene.stand(scene.day(max(0.2, plan.began_days_ago - left * 1.05)))
        await end(scene, plan, deal)
        await ctx.flush()


async def end(scene: Scene, plan: Plan, deal: Deal) -> None:
    """Close a deal with a reason."""
    reason = scene.rng.choice(scene.reasons[plan.outcome])
    if plan.outcome == "won":
        await moves.win(scene.ctx, deal, reason.id)
        return
    rival = scene.rng.choice((*scene.words.competitors, None))
    await moves.lose(scene.ctx, deal, reason.id, rival)


def drawn(scene: Scene, plan: Plan, stages: list[Stage], member: Member, at: int) -> DealIn:
    """Draw what a deal is about."""
    rng, words = scene.rng, scene.words
    customer = rng.choice(scene.customers) if scene.customers else None
    own = [one for one in scene.customers if one.owner_id == member.id]
    customer = rng.choice(own) if own and rng.random() < 0.8 else customer
    currency = rng.choice([one for one, _ in words.foreign]) if rng.random() < 0.15 else None
    amount = rng.choice(words.amounts) * rng.choice((80, 95, 100, 110, 130))
    if currency and words.foreign[0][1] > "5":
        amount //= 7
    began = (scene.now - timedelta(days=plan.began_days_ago)).date()
    close = scene.now.date() + timedelta(days=rng.choice((-6, 3, 5, 8, 12, 18, 25, 34, 48, 70)))
    follow_up = scene.now.date() + timedelta(days=rng.choice((-3, -1, 0, 0, 1, 2, 4, 7, 10)))
    is_open = plan.outcome == "open"
    return DealIn(
        name=rng.choice(words.renewals) if plan.is_renewal else words.deals[at % len(words.deals)],
        customer_id=customer.id if customer else None,
        contact_id=scene.contacts.get(customer.id) if customer else None,
        stage_id=stages[0].id,
        amount_minor=amount // 100 * 100,
        currency=currency,
        expected_close_on=close if is_open else began + timedelta(days=45),
        owner_id=member.id,
        source=rng.choice(words.sources),
        next_follow_up_on=follow_up if is_open and rng.random() < 0.65 else None,
        tags=rng.sample(words.tags, rng.choice((0, 0, 1, 1, 2))),
    )
