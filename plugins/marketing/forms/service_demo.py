"""Fills a demo workspace with two forms and a month of what came in by them."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from sqlalchemy import select

from core.sdk import Ctx, Lead, hookimpl, opaque
from plugins.marketing.forms import service
from plugins.marketing.forms.definition import Assignment, Field
from plugins.marketing.forms.models import Form, Submission
from plugins.marketing.forms.schema import FormIn
from plugins.marketing.forms.service_submissions import count

DAYS: Final = 30
WORDS: Final[dict[str, dict[str, Any]]] = {
    "en": {
        "names": ("Contact us", "Book a demo"),
        "intro": "Tell us what you are looking for. We answer within one working day.",
        "size": ("How many people will use it?", ("1–10", "11–50", "51–200", "more than 200")),
        "day": "When would suit you?",
        "messages": (
            "We compare three systems and would like to see yours.",
            "Please send a quote for 25 seats.",
            "Does it work with our accounting software?",
            "We met at the fair and would like to continue.",
        ),
        "spam": "Cheap watches http://a.example http://b.example http://c.example",
        "consent": "I agree that my details are used to answer this request.",
    },
    "zh_CN": {
        "names": ("联系我们", "预约演示"),
        "intro": "请告诉我们您的需求，我们会在一个工作日内回复。",
        "size": ("贵公司有多少人使用？", ("1–10 人", "11–50 人", "51–200 人", "200 人以上")),
        "day": "您方便的时间",
        "messages": (
            "想了解贵公司产品的报价和交期。",
            "请寄一份样品目录，谢谢。",
            "我们在展会上见过，希望进一步合作。",
            "能否对接我们现有的财务软件？",
        ),
        "spam": "低价代开 http://a.example http://b.example http://c.example",
        "consent": "我同意将以上信息用于回复本次咨询。",
    },
}


@hookimpl
async def crm_demo(ctx: Any, rng: Random) -> None:
    """Make both forms, publish them, and let things come in."""
    words = WORDS["zh_CN" if ctx.tenant.locale == "zh_CN" else "en"]
    leads = list(await ctx.session.scalars(select(Lead).order_by(Lead.created_at.desc()).limit(40)))
    for at, name in enumerate(words["names"]):
        form = await service.create(ctx, _form(words, name, at, leads))
        await service.publish(ctx, form)
        await ctx.flush()
        for days_ago in range(DAYS):
            day = ctx.now() - timedelta(days=days_ago)
            await count(ctx, form.id, day, views=rng.randrange(14, 60 - 20 * at))
        for lead in leads[at::2][:16]:
            _add(ctx, rng, form, lead, words)
        await ctx.session.flush()
        for one in await ctx.session.scalars(select(Submission).where(Submission.form_id == form.id)):
            await count(ctx, form.id, one.created_at, sent=1, **{one.state: 1})


def _form(words: dict[str, Any], name: str, at: int, leads: list[Lead]) -> FormIn:
    owners = list(dict.fromkeys(lead.owner_id for lead in leads if lead.owner_id is not None))
    rule = Assignment(kind="turns", members=owners[:3]) if owners else Assignment()
    fields = None
    if at:
        title, options = words["size"]
        fields = [
            Field(key="name", label=_label(words, "name"), target="name", required=True),
            Field(key="company", label=_label(words, "company"), target="company"),
            Field(key="email", label=_label(words, "email"), type="email", target="email", required=True),
            Field(key="size", label=title, type="select", options=list(options), step=2),
            Field(key="day", label=words["day"], type="date", step=2),
            Field(key="message", label=_label(words, "message"), type="textarea", target="notes", step=2),
        ]
    return FormIn(
        name=name,
        slug=("contact-us", "demo")[at],
        intro=words["intro"],
        accent=("blue", "teal")[at],
        fields=fields,
        consent_text=words["consent"],
        assignment=rule,
    )


def _label(words: dict[str, Any], name: str) -> str:
    known = {
        "en": {"name": "Your name", "company": "Company", "email": "E-mail", "message": "Your question"},
        "zh_CN": {"name": "您的姓名", "company": "公司", "email": "邮箱", "message": "您的问题"},
    }
    return known["zh_CN" if words is WORDS["zh_CN"] else "en"][name]


def _add(ctx: Ctx, rng: Random, form: Form, lead: Lead, words: dict[str, Any]) -> None:
    state = rng.choices(("accepted", "duplicate", "spam", "held"), (12, 3, 2, 1))[0]
    is_known = state in {"accepted", "duplicate"}
    message = words["spam"] if state == "spam" else rng.choice(words["messages"])
    values = {"name": lead.name, "email": lead.email or "", "message": message}
    if lead.company:
        values["company"] = lead.company
    at = _moment(ctx.now(), rng)
    ctx.session.add(
        Submission(
            form_id=form.id,
            nonce=opaque() + opaque(),
            title=lead.name,
            state=state,
            reason="links" if state == "spam" else None,
            values=values,
            digest=hashlib.sha256(f"{lead.id}{at}".encode()).hexdigest(),
            email=lead.email,
            phone=lead.mobile,
            consent_given=True,
            consent_version=1,
            consent_text=form.consent_text,
            utm_source=rng.choice((None, "newsletter", "baidu", "linkedin")),
            seconds=rng.randrange(20, 240),
            is_proven=state != "held",
            judged_at=at if state != "held" else None,
            told_at=at,
            lead_id=lead.id if is_known else None,
            owner_id=lead.owner_id if is_known else None,
            created_at=at,
        )
    )


def _moment(now: datetime, rng: Random) -> datetime:
    return now - timedelta(days=rng.triangular(0, DAYS - 1, 3), minutes=rng.randrange(600))
