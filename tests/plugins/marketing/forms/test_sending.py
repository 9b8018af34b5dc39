"""What visitors send: stored first, judged later, once for each page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import select

from core.pipeline.leads.models import Lead
from plugins.marketing.forms.models import Submission
from tests.fixtures.people import Person
from tests.plugins.marketing.forms.conftest import Visitor, published

Drain = Callable[[], Awaitable[None]]


async def submissions(person: Person) -> list[Submission]:
    async with person.ctx() as ctx:
        return list(await ctx.session.scalars(select(Submission).order_by(Submission.created_at)))


async def found(person: Person, model: Any) -> list[Any]:
    async with person.ctx() as ctx:
        return list(await ctx.session.scalars(select(model)))


async def test_what_is_sent_becomes_a_lead(forms: Person, visitor: Visitor, drain: Drain) -> None:
    await published(forms)
    answer = await visitor.fill_in()
    assert answer.status_code == 200, answer.text
    assert "Thank you" in answer.text
    (before,) = await submissions(forms)
    assert (before.state, before.lead_id) == ("received", None)
    await drain()
    (after,) = await submissions(forms)
    (lead,) = await found(forms, Lead)
    assert (after.state, after.lead_id) == ("accepted", lead.id)
    assert (lead.name, lead.email, lead.notes, lead.source) == (
        "Li Wei",
        "li@example.com",
        "Please call me.",
        "Contact",
    )
