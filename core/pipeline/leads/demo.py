"""Fills a demo workspace with leads of the last months, some of them converted."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from core.access.models import Member
from core.pipeline.demo import Scene, open_scene
from core.pipeline.leads import service, service_conversion
from core.pipeline.leads.models import Lead
from core.pipeline.leads.schema import ConvertDeal, ConvertIn, LeadIn, LeadPatch
from core.tenancy.ctx import Ctx

LEADS = 60
RATINGS = ("hot", "warm", "warm", "warm", "cold", "cold", "not_interested")
FATES = ("new",) * 16 + ("contacted",) * 16 + ("qualified",) * 10 + ("unqualified",) * 8 + ("converted",) * 10


async def fill_leads(ctx: Ctx, rng: Random) -> None:
    """Make the leads of a demo workspace with all that happened to them."""
    scene = await open_scene(ctx, rng)
    fates = list(FATES)
    rng.shuffle(fates)
    days = sorted((rng.triangular(0.1, 200, 20) for _ in range(LEADS)), reverse=True)
    for at, (days_ago, fate) in enumerate(zip(days, fates, strict=True)):
        member = rng.choice(scene.members)
        scene.act_as(member)
        scene.stand(scene.day(days_ago))
        lead = await service.create(ctx, drawn(scene, member, at, fate))
        await ctx.flush()
        await age(scene, lead, fate, days_ago)
    scene.stand(scene.now)


async def age(scene: Scene, lead: Lead, fate: str, days_ago: float) -> None:
    """Let a lead become what it became."""
    if fate == "new":
        return
    scene.stand(scene.day(days_ago * scene.rng.uniform(0.2, 0.8)))
    if fate == "converted":
        words, close = scene.words, scene.now.date() + timedelta(days=scene.rng.choice((9, 16, 30, 45)))
        deal = ConvertDeal(
            name=scene.rng.choice(words.deals),
            amount_minor=scene.rng.choice(words.amounts) * 100,
            expected_close_on=close,
        )
        await service_conversion.convert(scene.ctx, lead, ConvertIn(deal=deal))
    elif fate == "unqualified":
        reason = scene.rng.choice(scene.words.unqualified)
        await service.update(scene.ctx, lead, LeadPatch(status="unqualified", unqualified_reason=reason))
    else:
        await service.update(scene.ctx, lead, LeadPatch(status=fate))  # type: ignore[arg-type]
    await scene.ctx.flush()


def drawn(scene: Scene, member: Member, at: int, fate: str) -> LeadIn:
    """Draw who a lead is."""
    rng, words = scene.rng, scene.words
    is_worked_on = fate in {"new", "contacted", "qualified"}
    follow_up = scene.now.date() + timedelta(days=rng.choice((-2, 0, 0, 1, 3, 6)))
    has_company = rng.random() < 0.8
    return LeadIn(
        name=words.people[at % len(words.people)],
        company=rng.choice(words.companies) if has_company else None,
        position=rng.choice(words.positions) if has_company else None,
        mobile=words.mobile.format(
            rng.randrange(10**7, 10**8) if "+" in words.mobile else rng.randrange(10**9)
        ),
        email=words.domain.format(f"lead{at:02d}"),
        wechat=f"wx_{rng.randrange(10**5, 10**6)}" if rng.random() < 0.5 else None,
        city=rng.choice(words.cities),
        country=scene.ctx.tenant.country,
        source=rng.choice(words.sources),
        rating=rng.choice(RATINGS) if fate != "unqualified" else "not_interested",  # type: ignore[arg-type]
        owner_id=member.id,
        next_follow_up_on=follow_up if is_worked_on and rng.random() < 0.7 else None,
        tags=rng.sample(words.tags, rng.choice((0, 0, 1))),
    )
