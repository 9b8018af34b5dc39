"""Fills a demo workspace with believable customers: a year of them, classed, owned, some related."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import phonenumbers
from sqlalchemy import select

from core.access.models import Member
from core.customers import service, service_classes, service_parts
from core.customers.demo_words import CHINESE, ENGLISH, Town, Words
from core.customers.models import Customer
from core.customers.schema import CustomerIn
from core.customers.schema_parts import AddressIn, ClassIn, RelationIn
from core.kernel.clock import FrozenClock
from core.tenancy.ctx import Ctx

COUNT = 120
PARTS = 12
DAY_S = 86_400
STAGES = ("potential", "intending", "user", "loyal", "high_value")
STAFF = (5, 12, 18, 30, 45, 60, 80, 120, 200, 350, 600, 1_200)


async def fill(ctx: Ctx, rng: Random) -> None:
    """Create the customers month by month, the last of them this week."""
    words = CHINESE if ctx.tenant.locale.startswith("zh") else ENGLISH
    owners = list(
        await ctx.session.scalars(
            select(Member.id)
            .where(Member.role.in_(("member", "manager")), Member.active)
            .order_by(Member.email)
        )
    )
    classes = await _classes(ctx, words)
    rows = [_row(ctx, rng, words, number) for number in range(COUNT)]
    customers: list[Customer] = []
    clock = ctx.machinery.clock
    step_s = 30.4 * DAY_S
    _move(clock, -step_s * PARTS)
    for part in range(PARTS):
        _move(clock, step_s)
        for number, row in enumerate(rows):
            if number % PARTS == part:
                row["owner_id"] = rng.choice(owners) if owners else None
                row["class_id"] = classes.get(row.pop("class_name"))
        made = [CustomerIn(**row) for number, row in enumerate(rows) if number % PARTS == part]
        customers += await service.create_many(ctx, made)
        await ctx.flush()
    await _addresses(ctx, rng, words, customers)
    await _relations(ctx, rng, customers)


def _move(clock: Any, seconds: float) -> None:
    """Demo workspaces are made with a clock that can be moved; any other stays what it is."""
    if isinstance(clock, FrozenClock):
        clock.advance(seconds)


async def _classes(ctx: Ctx, words: Words) -> dict[str, UUID]:
    found: dict[str, UUID] = {}
    for place, (title, below) in enumerate(words.classes):
        top = await service_classes.create(ctx, ClassIn(name=title, position=place))
        for position, name in enumerate(below):
            node = await service_classes.create(ctx, ClassIn(name=name, parent_id=top.id, position=position))
            found[name] = node.id
    return found


def _row(ctx: Ctx, rng: Random, words: Words, number: int) -> dict[str, Any]:
    town = rng.choice(words.towns)
    is_person = number % 20 == 19
    who = _person(words, number) if is_person else _company(rng, words, town, number)
    due = ctx.today() + timedelta(days=rng.randint(-9, 25)) if rng.random() < 0.45 else None
    return {
        **who,
        "stage": rng.choices(STAGES, weights=(30, 25, 25, 12, 8))[0],
        "source": rng.choice(words.sources),
        "city": town.name,
        "region": town.region,
        "country": town.country,
        "street": _street(rng, town),
        "postal_code": town.postal_code,
        "mobile": number_of(rng, town.mobile),
        "tags": rng.sample(words.tags, rng.choices((0, 1, 2), weights=(5, 4, 2))[0]),
        "notes": rng.choice(words.notes) if rng.random() < 0.3 else None,
        "next_follow_up_on": due,
    }


def _person(words: Words, number: int) -> dict[str, Any]:
    name = words.persons[number // 20 % len(words.persons)]
    return {"kind": "person", "name": name, "class_name": words.classes[-1][1][-1]}


def _company(rng: Random, words: Words, town: Town, number: int) -> dict[str, Any]:
    brand = words.brands[number % len(words.brands)]
    trade, class_name = words.trades[(number * 7 + number // len(words.brands)) % len(words.trades)]
    name = words.company.format(town=town.name, brand=brand, trade=trade, form=rng.choice(words.forms))
    site = f"{''.join(chr(97 + (ord(c) * 7 + i) % 26) for i, c in enumerate(brand * 2))}{number}"
    if brand.isascii():
        site = f"{brand}-{trade}".lower()
    return {
        "kind": "company",
        "name": name,
        "class_name": class_name,
        "industry": trade,
        "staff_count": rng.choice(STAFF),
        "phone": number_of(rng, town.phone),
        "email": f"info@{site}{words.domain}",
        "website": f"https://www.{site}{words.domain}",
    }


def number_of(rng: Random, prefix: str) -> str | None:
    """A telephone number that could be real, in E.164; None in the rare case that none is found."""
    for _ in range(60):
        digits = rng.choice((7, 8, 6, 9))
        found = f"{prefix}{rng.randint(2 * 10 ** (digits - 1), 9 * 10 ** (digits - 1))}"
        if phonenumbers.is_valid_number(phonenumbers.parse(found)):
            return found
    return None


def _street(rng: Random, town: Town) -> str:
    street, number = rng.choice(town.streets), rng.randint(1, 288)
    return f"{street}{number}号" if town.country == "CN" else f"{street} {number}"


async def _addresses(ctx: Ctx, rng: Random, words: Words, customers: list[Customer]) -> None:
    for customer in rng.sample([c for c in customers if c.kind == "company"], 24):
        town = rng.choice(words.towns)
        data = AddressIn(
            label=rng.choice(words.addresses),
            street=_street(rng, town),
            city=town.name,
            region=town.region,
            postal_code=town.postal_code,
            country=town.country,
        )
        await service_parts.add_address(ctx, customer, data)


async def _relations(ctx: Ctx, rng: Random, customers: list[Customer]) -> None:
    """Pairs that do not overlap, so that no relation can be there twice."""
    chosen = rng.sample([c for c in customers if c.kind == "company"], 24)
    kinds = ("parent_of", "supplier_of", "agent_of", "partner_of", "referred", "competitor_of")
    for place in range(0, len(chosen), 2):
        data = RelationIn(kind=kinds[place // 2 % len(kinds)], other_id=chosen[place + 1].id)  # type: ignore[arg-type]
        await service_parts.relate(ctx, chosen[place], data)
