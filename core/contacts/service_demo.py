"""Fills a demo workspace with the people of its customers: two at most companies, more at some."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

from sqlalchemy import select

from core.contacts import service
from core.contacts.models import Contact
from core.contacts.schema import ContactIn
from core.customers.models import Customer
from core.customers.service_demo import number_of
from core.kernel.text import pinyin
from core.tenancy.ctx import Ctx

SURNAMES = "王李张刘陈杨黄赵周吴徐孙胡朱高林何郭马罗"
GIVEN = [
    "伟",
    "芳",
    "娜",
    "敏",
    "静",
    "强",
    "磊",
    "军",
    "洋",
    "勇",
    "艳",
    "杰",
    "涛",
    "明",
    "超",
    "霞",
    "平",
    "刚",
    "桂英",
    "建华",
    "文静",
    "志强",
    "小红",
    "海燕",
    "国栋",
    "雪梅",
    "子涵",
    "嘉欣",
    "浩然",
    "晓明",
]
FIRST = [
    "Anna",
    "Ben",
    "Carla",
    "David",
    "Elena",
    "Frank",
    "Grace",
    "Henry",
    "Ines",
    "Jonas",
    "Karin",
    "Leo",
    "Maria",
    "Nils",
    "Olivia",
    "Paul",
    "Ruth",
    "Simon",
    "Tara",
    "Victor",
]
LAST = [
    "Adams",
    "Bauer",
    "Costa",
    "Dahl",
    "Evans",
    "Fischer",
    "Garcia",
    "Hansen",
    "Ito",
    "Jensen",
    "Klein",
    "Lopez",
    "Meyer",
    "Novak",
    "Olsen",
    "Patel",
    "Rossi",
]
JOBS = {
    "zh": (
        ("总经理", "管理层", "decision_maker"),
        ("采购经理", "采购部", "buyer"),
        ("采购员", "采购部", "buyer"),
        ("生产主管", "生产部", "user"),
        ("财务经理", "财务部", "influencer"),
        ("技术工程师", "技术部/研发组", "influencer"),
        ("办公室文员", "行政部", "gatekeeper"),
    ),
    "en": (
        ("Managing director", "Management", "decision_maker"),
        ("Head of purchasing", "Purchasing", "buyer"),
        ("Purchasing officer", "Purchasing", "buyer"),
        ("Operations lead", "Operations", "user"),
        ("Finance manager", "Finance", "influencer"),
        ("IT architect", "IT/Architecture", "influencer"),
        ("Office assistant", "Administration", "gatekeeper"),
    ),
}


async def fill(ctx: Ctx, rng: Random) -> None:
    """Give every company its people; who comes later reports to the first."""
    language = "zh" if ctx.tenant.locale.startswith("zh") else "en"
    found = select(Customer).where(Customer.kind == "company").order_by(Customer.number)
    bosses: list[tuple[Customer, Contact]] = []
    customers = list(await ctx.session.scalars(found))
    first = [_person(ctx, rng, customer, JOBS[language][0]) for customer in customers]
    for customer, contact in zip(customers, await service.create_many(ctx, first), strict=True):
        bosses.append((customer, contact))
    others = []
    for customer, boss in bosses:
        for job in rng.sample(JOBS[language][1:], rng.choices((0, 1, 2, 4), weights=(40, 40, 15, 5))[0]):
            others.append(_person(ctx, rng, customer, job, boss))
    await service.create_many(ctx, others)


def _person(
    ctx: Ctx, rng: Random, customer: Customer, job: tuple[str, str, str], boss: Contact | None = None
) -> ContactIn:
    position, department, role = job
    is_chinese = ctx.tenant.locale.startswith("zh")
    name = (
        rng.choice(SURNAMES) + rng.choice(GIVEN) if is_chinese else f"{rng.choice(FIRST)} {rng.choice(LAST)}"
    )
    handle = pinyin(name).replace(" ", "") if is_chinese else name.lower().replace(" ", ".")
    return ContactIn(
        name=name,
        customer_id=customer.id,
        position=position,
        department=department,
        role=role,  # type: ignore[arg-type]
        mobile=_mobile(rng, customer),
        phone=customer.phone,
        email=f"{handle}@{(customer.email or 'info@example.com').partition('@')[2]}",
        wechat=f"{handle}{rng.randint(10, 99)}" if is_chinese and rng.random() < 0.6 else None,
        whatsapp=None if is_chinese or rng.random() < 0.6 else customer.mobile,
        reports_to_id=boss.id if boss is not None else None,
        owner_id=customer.owner_id,
        **_dates(ctx, rng),
    )


def _mobile(rng: Random, customer: Customer) -> str | None:
    """A number of the same network as the customer's."""
    return number_of(rng, customer.mobile[:5]) if customer.mobile else None


def _dates(ctx: Ctx, rng: Random) -> dict[str, Any]:
    born = date(rng.randint(1965, 1999), rng.randint(1, 12), rng.randint(1, 28))
    due = ctx.today() + timedelta(days=rng.randint(-5, 20))
    return {
        "birthday_on": born if rng.random() < 0.4 else None,
        "next_follow_up_on": due if rng.random() < 0.15 else None,
    }
