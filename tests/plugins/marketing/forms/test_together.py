"""Verdicts on submissions that came together: as if they had come one after the other, and none spoils another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update

from core.kernel.errors import Invalid
from core.pipeline.leads import service as leads
from core.pipeline.leads.models import Lead
from core.pipeline.leads.schema import LeadIn
from core.tenancy.ctx import Ctx
from plugins.marketing.forms.definition import Assignment
from plugins.marketing.forms.models import FormDay, Submission
from tests.fixtures.people import Person
from tests.plugins.marketing.forms.conftest import ANSWERS, Visitor, published

Drain = Callable[[], Awaitable[None]]


async def send(visitor: Visitor, *names: str, **more: str) -> None:
    """Send the form once for each name; a name says who it is."""
    for number, name in enumerate(names):
        message = f"{name} {number}"
        given = {**ANSWERS, "name": name, "email": f"{name}@example.com", "message": message, **more}
        assert (await visitor.fill_in(given)).status_code == 200


async def states(person: Person) -> list[tuple[str, str]]:
    async with person.ctx() as ctx:
        found = await ctx.session.scalars(select(Submission).order_by(Submission.id))
        return [(one.title, one.state) for one in found]


async def counted(person: Person) -> dict[str, int]:
    total: Counter[str] = Counter()
    async with person.ctx() as ctx:
        for row in await ctx.session.scalars(select(FormDay)):
            total.update(
                {name: getattr(row, name) for name in ("sent", "accepted", "duplicate", "spam", "error")}
            )
    return dict(total)


async def test_who_sent_twice_is_known_by_the_second_time(
    forms: Person, visitor: Visitor, drain: Drain
) -> None:
    await published(forms)
    await send(visitor, "li", "wu", "li", "li", "wu")
    await drain()
    assert await states(forms) == [
        ("li", "accepted"),
        ("wu", "accepted"),
        ("li", "duplicate"),
        ("li", "duplicate"),
        ("wu", "duplicate"),
    ]
    async with forms.ctx() as ctx:
        made = {lead.name: lead.id for lead in await ctx.session.scalars(select(Lead))}
        of = {
            one.lead_id
            for one in await ctx.session.scalars(select(Submission).where(Submission.title == "li"))
        }
        (told,) = (
            await ctx.session.scalars(
                text("SELECT count(*) FROM handled WHERE subscriber = 'marketing.forms:judge'")
            )
        ).all()
    assert (sorted(made), of, told) == (["li", "wu"], {made["li"]}, 5)
    assert await counted(forms) == {"sent": 5, "accepted": 2, "duplicate": 3, "spam": 0, "error": 0}


async def test_owners_take_turns_within_a_batch(
    forms: Person, visitor: Visitor, bo: Person, mia: Person, drain: Drain
) -> None:
    await published(forms, assignment=Assignment(kind="turns", members=[bo.member_id, mia.member_id]))
    await send(visitor, "a", "b", "c")
    await drain()
    await send(visitor, "d")
    await drain()
    async with forms.ctx() as ctx:
        owners = {lead.name: lead.owner_id for lead in await ctx.session.scalars(select(Lead))}
    assert owners == {"a": bo.member_id, "b": mia.member_id, "c": bo.member_id, "d": mia.member_id}


async def test_each_gets_its_own_verdict(forms: Person, visitor: Visitor, drain: Drain) -> None:
    await published(forms)
    await send(visitor, "good", "odd")
    await send(visitor, "bot", homepage="https://spam.example")
    await send(visitor, "fine")
    async with forms.acting() as ctx:
        odd = (
            update(Submission)
            .where(Submission.title == "odd")
            .values(values={"name": "odd", "email": "no mail"})
        )
        await ctx.session.execute(odd)
    await drain()
    assert await states(forms) == [
        ("good", "accepted"),
        ("odd", "error"),
        ("bot", "spam"),
        ("fine", "accepted"),
    ]
    assert await counted(forms) == {"sent": 4, "accepted": 2, "duplicate": 0, "spam": 1, "error": 1}


async def test_one_lead_that_is_refused_spoils_no_other(
    forms: Person, visitor: Visitor, drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_many = leads.create_many

    async def refusing(ctx: Ctx, rows: Sequence[LeadIn]) -> list[Any]:
        made = await create_many(ctx, rows)
        if "bad" in {row.name for row in rows}:
            raise Invalid.field("name", "taken", "There is no room for this.")
        return list(made)

    monkeypatch.setattr(leads, "create_many", refusing)
    await published(forms)
    await send(visitor, "one", "bad", "two")
    await drain()
    assert await states(forms) == [("one", "accepted"), ("bad", "error"), ("two", "accepted")]
    async with forms.ctx() as ctx:
        found = {lead.name for lead in await ctx.session.scalars(select(Lead))}
        reason = await ctx.session.scalar(select(Submission.reason).where(Submission.title == "bad"))
        events = text("SELECT count(*) FROM event WHERE name = 'lead.created'")
        created = await ctx.session.scalar(events)
    assert (found, reason, created) == ({"one", "two"}, "name: There is no room for this.", 2)
    assert await counted(forms) == {"sent": 3, "accepted": 2, "duplicate": 0, "spam": 0, "error": 1}


async def test_of_many_that_came_all_are_told(
    forms: Person, visitor: Visitor, bo: Person, drain: Drain, runtime: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugins.marketing.forms.service_verdict.TELL_AFTER", timedelta())
    monkeypatch.setattr("plugins.marketing.forms.jobs.MOST", 2)
    await published(forms, assignment=Assignment(kind="member", members=[bo.member_id]))
    await send(visitor, "a", "b", "c", "d", "e")
    await drain()
    mails = [runtime.mailer.inbox.read(mail.id) for mail in runtime.mailer.inbox.newest()]
    text_ = "".join(mail.text for mail in mails if mail.entry.to == "bo@acme.test")
    assert [name for name in "abcde" if f"{name}@example.com" in text_] == list("abcde")
    async with forms.ctx() as ctx:
        assert all(await ctx.session.scalars(select(Submission.told_at)))
