"""What visitors send: stored first, judged later, once for each page; what is no person stays out."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from core.activities.files.models import Attachment
from core.activities.notifications.models import Notification
from core.kernel.clock import FrozenClock
from core.kernel.events.models import EventLink
from core.kernel.ids import uuid7
from core.pipeline.leads import service as leads
from core.pipeline.leads.models import Lead
from core.pipeline.leads.schema import LeadIn
from plugins.marketing.forms import tickets
from plugins.marketing.forms.definition import Answer, Assignment, Condition, Field
from plugins.marketing.forms.models import ConsentText, Form, FormDay, Submission
from plugins.marketing.forms.schema import FormPatch
from plugins.marketing.forms.service import close, update
from tests.fixtures.people import Person
from tests.plugins.marketing.forms.conftest import ANSWERS, SIMPLE, Visitor, change, hidden, published

Drain = Callable[[], Awaitable[None]]


async def found(person: Person, model: Any) -> list[Any]:
    async with person.ctx() as ctx:
        return list(await ctx.session.scalars(select(model)))


async def only(person: Person) -> Submission:
    (one,) = await found(person, Submission)
    return one  # type: ignore[no-any-return]


@pytest.mark.row("M20")
async def test_a_form_is_made_by_a_program_and_seen_by_people(
    forms: Person, visitor: Visitor, drain: Drain
) -> None:
    made = (await forms.api.post("/marketing/forms/forms", json={"name": "Ask us", "min_seconds": 0})).json()
    done = await forms.api.post(f"/marketing/forms/forms/{made['id']}/publish")
    assert (done.status_code, done.json()["state"]) == (200, "published")
    page = await forms.page.get(forms.w(f"/marketing/forms/forms/{made['id']}"))
    assert "Ask us" in page.text
    inputs = await visitor.open(made["slug"])
    inputs["_proof"] = tickets.work(inputs["_ticket"], tickets.BITS["normal"])
    answer = await visitor.fill_in(ANSWERS, slug=made["slug"], page=inputs, proven=False)
    assert "Thank you" in answer.text
    await drain()
    assert [lead.name for lead in await found(forms, Lead)] == ["Li Wei"]
    stats = (await forms.api.get(f"/marketing/forms/forms/{made['id']}/stats")).json()
    assert (stats["views"], stats["submissions"], stats["accepted"], stats["rate"]) == (1, 1, 1, 1.0)


async def test_what_is_sent_becomes_a_lead(forms: Person, visitor: Visitor, drain: Drain) -> None:
    await published(forms, consent_text="I agree.")
    page = await visitor.open(utm_source="fair", page="https://acme.example/contact")
    answer = await visitor.fill_in({**ANSWERS, "_consent": "1"}, page=page)
    assert answer.status_code == 200, answer.text
    assert "Thank you" in answer.text
    before = await only(forms)
    assert (before.state, before.lead_id, before.consent_given) == ("received", None, True)
    await drain()
    after = await only(forms)
    (lead,) = await found(forms, Lead)
    assert (after.state, after.lead_id) == ("accepted", lead.id)
    assert (lead.name, lead.email, lead.notes) == ("Li Wei", "li@example.com", "Please call me.")
    assert lead.source == "Contact"
    assert (after.utm_source, after.page) == ("fair", "https://acme.example/contact")
    assert (after.consent_text, after.consent_version) == ("I agree.", 1)
    async with forms.ctx() as ctx:
        names = await ctx.session.scalars(select(EventLink.event_name).where(EventLink.record_id == lead.id))
        assert "marketing.forms.submission.accepted" in set(names)


async def test_a_page_is_sent_once(forms: Person, visitor: Visitor, drain: Drain) -> None:
    await published(forms)
    page = await visitor.open()
    for _ in range(2):
        assert (await visitor.fill_in(page=page)).status_code == 200
    other = await visitor.fill_in({**ANSWERS, "name": "Somebody else"}, page=page)
    assert other.status_code == 409
    assert "sent already" in other.text
    await drain()
    assert len(await found(forms, Submission)) == len(await found(forms, Lead)) == 1


async def test_all_that_is_wrong_is_said_at_once_and_nothing_is_stored(
    forms: Person, visitor: Visitor
) -> None:
    await published(forms, consent_text="I agree.")
    answer = await visitor.fill_in({"name": "", "email": "nobody", "phone": "12", "message": "hi"})
    assert answer.status_code == 422
    for key in ("name", "email", "phone", "_consent"):
        assert f'id="f-{key}-error"' in answer.text
    assert ">hi</textarea>" in answer.text
    assert await found(forms, Submission) == []


async def test_without_a_script_a_sum_is_asked(forms: Person, visitor: Visitor, drain: Drain) -> None:
    await published(forms)
    asked = await visitor.fill_in(proven=False)
    assert "One more step" in asked.text
    assert (await only(forms)).state == "held"
    await drain()
    assert await found(forms, Lead) == []
    one, other = map(int, re.findall(r"How much is (\d) plus (\d)\?", asked.text)[0])
    wrong = await visitor.client.post(
        visitor.url(rest="/confirm"), data={**hidden(asked.text), "answer": str(one + other + 1)}
    )
    assert "not the sum" in wrong.text
    right = await visitor.client.post(
        visitor.url(rest="/confirm"), data={**hidden(wrong.text), "answer": str(one + other)}
    )
    assert "Thank you" in right.text
    await drain()
    assert (await only(forms)).state == "accepted"
    assert len(await found(forms, Lead)) == 1


async def test_three_wrong_sums_leave_it_to_people(forms: Person, visitor: Visitor, drain: Drain) -> None:
    await published(forms)
    question = hidden((await visitor.fill_in(proven=False)).text)
    for _ in range(4):
        answer = await visitor.client.post(visitor.url(rest="/confirm"), data={**question, "answer": "99"})
    assert answer.status_code == 200
    await drain()
    one = await only(forms)
    assert one.state == "held"
    assert (await forms.post(f"/marketing/forms/submissions/{one.id}/accept")).status_code == 303
    assert (await only(forms)).state == "accepted"


@pytest.mark.parametrize(
    ("extra", "reason"),
    [
        ({"homepage": "http://x.example"}, "trap"),
        ({"message": "http://a.b " * 5}, "links"),
    ],
)
async def test_what_programs_do_is_spam(
    forms: Person, visitor: Visitor, drain: Drain, extra: dict[str, str], reason: str
) -> None:
    await published(forms)
    assert "Thank you" in (await visitor.fill_in({**ANSWERS, **extra})).text
    await drain()
    one = await only(forms)
    assert (one.state, one.reason) == ("spam", reason)
    assert await found(forms, Lead) == []
    assert (await forms.api.post(f"/marketing/forms/submissions/{one.id}/accept")).json()[
        "state"
    ] == "accepted"
    assert len(await found(forms, Lead)) == 1
    (day,) = [row for row in await found(forms, FormDay) if row.sent] or [None]
    rows = await found(forms, FormDay)
    assert (sum(r.sent for r in rows), sum(r.spam for r in rows), sum(r.accepted for r in rows)) == (1, 0, 1)
    assert day is not None


async def test_too_fast_is_spam(forms: Person, visitor: Visitor, drain: Drain) -> None:
    await published(forms, min_seconds=5)
    await visitor.fill_in()
    await drain()
    assert (await only(forms)).reason == "too_fast"


async def test_the_same_again_and_again_is_spam(forms: Person, visitor: Visitor, drain: Drain) -> None:
    await published(forms)
    for _ in range(4):
        await visitor.fill_in()
        await drain()
    assert sorted(one.state for one in await found(forms, Submission)) == [
        "accepted",
        "duplicate",
        "spam",
        "spam",
    ]


async def test_somebody_known_is_linked_and_not_changed(
    forms: Person, visitor: Visitor, bo: Person, drain: Drain
) -> None:
    await published(forms)
    async with forms.acting() as ctx:
        lead = await leads.create(ctx, LeadIn(name="Li", email="li@example.com", owner_id=bo.member_id))
    version = lead.version
    await visitor.fill_in({**ANSWERS, "name": "Li Wei the Second"})
    await drain()
    one = await only(forms)
    (still,) = await found(forms, Lead)
    assert (one.state, one.lead_id, one.owner_id) == ("duplicate", lead.id, bo.member_id)
    assert (still.name, still.version) == ("Li", version)
    notices = [notice for notice in await found(forms, Notification) if notice.kind == "came_again"]
    assert [notice.member_id for notice in notices] == [bo.member_id]


async def test_owners_take_turns_and_are_told(
    forms: Person, visitor: Visitor, bo: Person, mia: Person, drain: Drain
) -> None:
    rule = Assignment(kind="turns", members=[bo.member_id, mia.member_id])
    await published(forms, assignment=rule)
    for number in range(4):
        await visitor.fill_in({**ANSWERS, "name": f"N{number}", "email": f"n{number}@example.com"})
        await drain()
    owners = [lead.owner_id for lead in sorted(await found(forms, Lead), key=lambda lead: lead.name)]
    assert owners == [bo.member_id, mia.member_id] * 2
    assert len([one for one in await found(forms, Notification) if one.kind == "came"]) == 4


async def test_an_answer_chooses_the_owner(
    forms: Person, visitor: Visitor, bo: Person, mia: Person, drain: Drain
) -> None:
    size = Field(key="size", label="Size", type="select", options=["small", "large"])
    rule = Assignment(
        kind="answer",
        field="size",
        answers=[Answer(value="large", member_id=mia.member_id)],
        members=[bo.member_id],
    )
    await published(forms, fields=[*SIMPLE, size], assignment=rule)
    for size_, name in (("large", "a"), ("small", "b")):
        await visitor.fill_in({**ANSWERS, "size": size_, "name": name, "email": f"{name}@example.com"})
        await drain()
    owners = {lead.name: lead.owner_id for lead in await found(forms, Lead)}
    assert owners == {"a": mia.member_id, "b": bo.member_id}


async def test_an_address_that_a_form_names_reads_of_that_form_alone(
    forms: Person, visitor: Visitor, drain: Drain, runtime: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugins.marketing.forms.service_verdict.TELL_AFTER", timedelta())
    await published(forms, notify_email="agency@else.test")
    await published(forms, name="Jobs", slug="jobs", notify_email="people@acme.test")
    await visitor.fill_in()
    await visitor.fill_in({**ANSWERS, "name": "Applicant", "email": "applicant@example.com"}, slug="jobs")
    await drain()
    inbox = runtime.mailer.inbox
    told = dict.fromkeys(("agency@else.test", "people@acme.test"), "")
    for entry in inbox.newest():
        if entry.to in told:
            told[entry.to] += inbox.read(entry.id).text
    assert "li@example.com" in told["agency@else.test"]
    assert "applicant@example.com" not in told["agency@else.test"]
    assert "applicant@example.com" in told["people@acme.test"]
    assert "li@example.com" not in told["people@acme.test"]


async def test_mail_goes_to_the_owner_once(
    forms: Person, visitor: Visitor, bo: Person, drain: Drain, runtime: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugins.marketing.forms.service_verdict.TELL_AFTER", timedelta())
    await published(forms, assignment=Assignment(kind="member", members=[bo.member_id]))
    before = len(runtime.mailer.inbox.newest())
    await visitor.fill_in({**ANSWERS, "name": "Li\u0007 Wei"})
    await drain()
    mails = runtime.mailer.inbox.newest()
    assert len(mails) == before + 1
    mail = runtime.mailer.inbox.read(mails[0].id)
    assert mail.entry.to == "bo@acme.test"
    assert "li@example.com" in mail.text
    assert (await only(forms)).told_at is not None


async def test_a_file_comes_to_the_lead(forms: Person, visitor: Visitor, drain: Drain) -> None:
    paper = Field(key="paper", label="Paper", type="file", accept="documents")
    await published(forms, fields=[*SIMPLE, paper])
    page = await visitor.open()
    bad = await visitor.fill_in(page=page, files={"paper": ("a.pdf", b"\x7fELF" + b"\0" * 100)})
    assert bad.status_code == 422
    good = await visitor.fill_in(files={"paper": ("offer.pdf", b"%PDF-1.4 hello")})
    assert good.status_code == 200, good.text
    await drain()
    (lead,), (attachment,) = await found(forms, Lead), await found(forms, Attachment)
    assert (attachment.record_id, attachment.name) == (lead.id, "offer.pdf")


async def test_a_field_that_does_not_show_is_neither_wanted_nor_kept(
    forms: Person, visitor: Visitor, drain: Drain
) -> None:
    kind = Field(key="kind", label="Kind", type="select", options=["company", "person"])
    vat = Field(
        key="vat", label="VAT", required=True, show_if=[Condition(field="kind", op="is", value="company")]
    )
    await published(forms, fields=[*SIMPLE, kind, vat])
    assert (await visitor.fill_in({**ANSWERS, "kind": "company"})).status_code == 422
    assert (await visitor.fill_in({**ANSWERS, "kind": "person", "vat": "x"})).status_code == 200
    assert "vat" not in (await only(forms)).values


async def test_a_consent_text_has_a_version_of_its_own(forms: Person, visitor: Visitor) -> None:
    form = await published(forms, consent_text="One.")
    page = await visitor.open()
    await change(forms, form, consent_text="Two.", consent_required=False)
    await change(forms, form, title="Hello")
    assert sorted((text.number, text.text) for text in await found(forms, ConsentText)) == [
        (1, "One."),
        (2, "Two."),
    ]
    await visitor.fill_in(page=page)
    one = await only(forms)
    assert (one.consent_version, one.consent_given) == (2, False)


async def test_what_names_nobody_is_called_after_its_form(forms: Person) -> None:
    form = await published(forms, fields=[Field(key="message", label="Message", type="textarea")])
    made = await forms.api.post("/marketing/forms/submissions", json={"form_id": str(form.id)})
    assert (made.status_code, made.json()["title"]) == (201, form.name)
    page = await forms.page.get(forms.w(f"/marketing/forms/submissions/{made.json()['id']}"))
    assert f"<h1>{form.name}</h1>" in page.text


async def test_a_draft_is_not_there_and_a_closed_form_says_so(forms: Person, visitor: Visitor) -> None:
    form = await published(forms)
    page = await visitor.open()
    async with forms.acting() as ctx:
        await update(ctx, await ctx.session.get_one(Form, form.id), FormPatch(title="Not yet"))
    assert "Not yet" not in (await visitor.client.get(visitor.url())).text
    async with forms.acting() as ctx:
        await close(ctx, await ctx.session.get_one(Form, form.id))
    assert (await visitor.client.get(visitor.url())).status_code == 410
    assert (await visitor.fill_in(page=page)).status_code == 410
    assert await found(forms, Submission) == []


async def test_a_ticket_is_for_its_form_and_for_a_day(forms: Person, visitor: Visitor, runtime: Any) -> None:
    form = await published(forms)
    other = await published(forms, slug="other")
    async with forms.ctx() as ctx:
        now = ctx.now()
        ticket = tickets.new_ticket(now, effort="low", consent=0)
        sealed = tickets.seal(ctx, form.id, "", ticket)
        assert tickets.open_ticket(ctx, form.id, "", sealed) == ticket
        assert tickets.open_ticket(ctx, other.id, "", sealed) is None
        assert tickets.open_ticket(ctx, form.id, "changed", sealed) is None
        assert tickets.open_ticket(ctx, form.id, "", sealed[:-2]) is None
        # A workspace that was made of an archive of this one has the form's id and the key.
        copy = SimpleNamespace(tenant=SimpleNamespace(id=uuid7()), cipher=ctx.cipher, now=ctx.now)
        assert tickets.open_ticket(copy, form.id, "", sealed) is None
    later = runtime.with_clock(FrozenClock(now + timedelta(hours=25)))
    async with later.open(forms.tenant) as ctx:
        assert tickets.open_ticket(ctx, form.id, "", sealed) is None
    page = await visitor.open("other")
    refused = await visitor.fill_in(page=page)
    assert refused.status_code == 422
    assert "open for too long" in refused.text
