"""A person with a mark of its own in every field of every table: exported whole, erased without a trace.

Somebody else at the same company keeps every row.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import select

from core.contacts.schema import ContactIn
from core.customers.schema import CustomerIn
from core.kernel.jobs import JobRunRow
from core.kernel.validate import fields
from core.pipeline.deals.schema import DealIn
from core.pipeline.leads.schema import LeadIn
from core.privacy import jobs
from core.privacy.models import DataRequest
from core.runtime import Runtime
from plugins.marketing.forms.definition import Field
from plugins.marketing.forms.models import Submission
from tests.core.webhooks import conftest as webhooks
from tests.fixtures.people import Person
from tests.plugins.marketing.forms.conftest import SIMPLE, Visitor, published

Drain = Callable[[], Awaitable[None]]
hook, receiver = webhooks.hook, webhooks.receiver
WORD = "zqkanarie"
EMAIL = f"{WORD}0@example.com"
MOBILE, PHONE = "+8613912340777", "+862161239777"
NATIONAL = ("13912340777", "2161239777")
TEXTS = {"name", "text", "longtext"}
OTHERS = {"name": "Zhou Ke", "email": "zhou@example.com", "mobile": "+8613712345678", "notes": "likes tea"}
BEFORE = {
    *(
        "activity",
        "attachment",
        "contact",
        "contact_role",
        "customer",
        "customer_address",
        "data_request",
        "deal",
    ),
    *("event_body", "export_run", "idempotency", "import_row", "import_row_error", "lead"),
    *("marketing_forms_file", "marketing_forms_submission", "notification", "saved_view", "search_document"),
    *("task", "webhook_attempt", "webhook_delivery"),
}
"""Where the person must have left a mark before, or finding none afterwards proves nothing."""


class Marks:
    """Texts that are nowhere else, each different."""

    def __init__(self) -> None:
        self.given: list[str] = []

    def __call__(self) -> str:
        self.given.append(f"{WORD}{len(self.given) + 1}x")
        return self.given[-1]

    def fill(self, struct: Any, **more: Any) -> dict[str, Any]:
        """Values for every text of a struct."""
        values: dict[str, Any] = {one.name: self() for one in fields(struct) if one.kind in TEXTS}
        names = {one.name for one in fields(struct)}
        values |= {"tags": [self()]} if "tags" in names else {}
        values |= {"website": f"https://{self()}.example"} if "website" in names else {}
        if "email" in names:
            values |= {"email": EMAIL, "mobile": MOBILE, "phone": PHONE, "whatsapp": MOBILE}
        return {**values, **more}


def rows_with_marks(runtime: Runtime, schema: str) -> set[str]:
    """The tables of the workspace, of the cell and of the control plane that hold a mark, as text or as bytes."""
    found = set()
    secret = [WORD, *NATIONAL]
    secret += [mark.encode().hex() for mark in secret]
    for dsn in {runtime.databases.settings.admin_dsn(cell) for cell in (None, *runtime.databases.cells())}:
        with psycopg.connect(dsn) as admin:
            tables = admin.execute(
                "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = ANY(%s)",
                [[schema, "cell", "control"]],
            ).fetchall()
            for place, table in tables:
                question = f'SELECT 1 FROM "{place}"."{table}" t WHERE t::text ~* %s LIMIT 1'
                if admin.execute(question.encode(), ["|".join(secret)]).fetchone():
                    found.add(table)
    return found


def files_with_marks(root: Path) -> list[str]:
    """The stored files that hold a mark, packed or not."""
    return [path.name for path in root.rglob("*") if path.is_file() and any(map(_is_marked, _contents(path)))]


def _contents(path: Path) -> Iterator[bytes]:
    yield path.read_bytes()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            yield from (archive.read(name) for name in archive.namelist())


def _is_marked(content: bytes) -> bool:
    low = content.lower()
    return WORD.encode() in low or any(number.encode() in low for number in NATIONAL)


def someone_else(runtime: Runtime, schema: str, ids: list[str]) -> list[str]:
    """Every row of the workspace that mentions another person's records, but for what only tells of time."""
    found = []
    with psycopg.connect(runtime.databases.settings.admin_dsn()) as admin:
        for table in ("contact", "activity", "task", "event", "event_body", "event_link", "search_document"):
            question = f'SELECT t::text FROM "{schema}"."{table}" t WHERE t::text ~ %s ORDER BY 1'
            found += [row[0] for row in admin.execute(question.encode(), ["|".join(ids)])]
    return found


class Story:
    """What happened around the person, by the product's own doors."""

    def __init__(self, person: Person, visitor: Visitor, drain: Drain, colleague: Person, hook: Any) -> None:
        self.person, self.visitor, self.drain, self.colleague = person, visitor, drain, colleague
        self.hook = hook
        self.marks = Marks()

    async def make(self, path: str, **options: Any) -> Any:
        answer = await self.person.api.post(path, **options)
        assert answer.status_code < 300, (path, answer.text)
        return answer.json()

    async def tell(self) -> None:
        """Fill in everything."""
        marks, make = self.marks, self.make
        await self.hook(self.person, "ok")
        self.company = (await make("/customers", json={"name": "Heng Tong"}))["id"]
        self.other = (await make("/contacts", json={**OTHERS, "customer_id": self.company}))["id"]
        note = {"kind": "call", "body": "asked for prices", "contact_id": self.other}
        self.others_note = (await make("/activities", json=note))["id"]
        await self.send_form()
        key = {"Idempotency-Key": "one"}
        body = marks.fill(ContactIn, customer_id=self.company)
        self.contact = (await make("/contacts?allow_duplicates=1", json=body, headers=key))["id"]
        self.called = body["name"]
        body = marks.fill(CustomerIn, kind="person")
        self.customer = (await make("/customers?allow_duplicates=1", json=body))["id"]
        body = marks.fill(CustomerIn, kind="person", email=None, mobile=None, phone=None)
        twin = (await make("/customers?allow_duplicates=1", json=body))["id"]
        await make(f"/customers/{self.customer}/merge", json={"source_id": twin})
        await self.write_around()
        await self.write_lists()
        await self.drain()

    async def send_form(self) -> None:
        """Let the person send a form with a file, which makes a lead."""
        paper = Field(key="paper", label="Paper", type="file", accept="documents")
        await published(self.person, fields=[*SIMPLE, paper])
        answers = {"name": self.marks(), "email": EMAIL, "phone": MOBILE, "message": self.marks()}
        files = {"paper": (f"{self.marks()}.pdf", f"%PDF-1.4 {self.marks()}".encode())}
        sent = await self.visitor.fill_in(answers, files=files)
        assert sent.status_code == 200, sent.text
        await self.drain()
        async with self.person.ctx() as ctx:
            one = (await ctx.session.scalars(select(Submission))).one()
        self.lead = str(one.lead_id)
        patch = self.marks.fill(LeadIn, status="contacted")
        changed = await self.person.api.patch(f"/leads/{self.lead}", json=patch)
        assert changed.status_code == 200, changed.text
        noted = {"note": self.marks()}
        answer = await self.person.api.patch(f"/marketing/forms/submissions/{one.id}", json=noted)
        assert answer.status_code == 200, answer.text

    async def write_around(self) -> None:
        """Calls, notes, tasks, deals and files about the person."""
        marks, make = self.marks, self.make
        mention = f"@{self.colleague.name.title()} {marks()}"
        for about in ({"contact_id": self.contact}, {"customer_id": self.customer}, {"lead_id": self.lead}):
            note = {"kind": "note", "subject": marks(), "body": mention, "outcome": "reached", **about}
            await make("/activities", json={**note, "external_id": marks()})
            task = {"title": marks(), "notes": marks(), "place": marks(), "external_id": marks()}
            await make("/tasks", json={**task, "due_on": "2030-01-01", **about})
        own = await make("/deals", json=marks.fill(DealIn, customer_id=self.customer, amount_minor=500))
        self.own_deal = own["id"]
        joint = {"name": f"Machines for {self.called}", "notes": f"met {EMAIL}", "amount_minor": 700}
        joint |= {"customer_id": self.company, "contact_id": self.contact}
        self.joint_deal = (await make("/deals", json=joint))["id"]
        await make("/activities", json={"kind": "call", "body": mention, "deal_id": self.joint_deal})
        for place in (f"contact/{self.contact}", f"deal/{self.own_deal}", f"lead/{self.lead}"):
            sent = {"file": (f"{marks()}.txt", f"signed {marks()}".encode(), "text/plain")}
            await make(f"/files/{place}", files=sent)
        address = {"label": marks(), "street": marks(), "city": marks(), "notes": marks()}
        await make(f"/customers/{self.customer}/addresses", json=address)
        await make(
            f"/contacts/{self.contact}/roles", json={"customer_id": self.customer, "position": marks()}
        )
        patch = {"notes": marks(), "position": marks()}
        assert (await self.person.api.patch(f"/contacts/{self.contact}", json=patch)).status_code == 200

    async def write_lists(self) -> None:
        """Views, exports and imports in which the person stands, and an export of their data."""
        view = {"record_type": "contact", "name": f"Like {self.called}", "query": f"f=name:eq:{self.called}"}
        await self.make("/views", json={**view, "shared": True})
        await self.make("/exports", json={"record_type": "contact", "query": view["query"]})
        table = f"Name,E-mail,Mobile,Notes\n{self.called},{EMAIL},,{self.marks()}\n"
        table += (
            f"{self.called},{EMAIL},139 1234 0777 00,{self.marks()}\nZhou Ke,zhou@example.com,,likes tea\n"
        )
        sent = {"record_type": "contact", "start": "run", "rule": "update"}
        files = {"file": ("people.csv", table.encode())}
        await self.make("/imports", files=files, data=sent)
        await self.drain()
        await self.request("export")
        await self.drain()

    async def request(self, kind: str, **more: Any) -> Any:
        """Take up a request about all records that are the person."""
        also = [{"record_type": "customer", "record_id": self.customer}]
        also += [{"record_type": "lead", "record_id": self.lead}]
        body = {"kind": kind, "record_type": "contact", "record_id": self.contact, "also": also, **more}
        return await self.make("/data-requests", json=body)


@pytest.fixture
async def story(forms: Person, visitor: Visitor, drain: Drain, mia: Person, hook: Any) -> Story:
    """The person, everywhere, and no file of an earlier test."""
    await forms.runtime.files.delete_tenant(forms.tenant.schema)
    made = Story(forms, visitor, drain, mia, hook)
    await made.tell()
    return made


def _leave_webhook_marks(runtime: Runtime, schema: str) -> None:
    """A receiver may answer with what it was sent."""
    with psycopg.connect(runtime.databases.settings.admin_dsn(), autocommit=True) as admin:
        insert = f"""INSERT INTO "{schema}".webhook_attempt
            (id, delivery_id, at, url, request_headers, duration_ms, error, headers, body)
            SELECT gen_random_uuid(), id, now(), '', '{{}}', 1, '', '{{}}', %s FROM "{schema}".webhook_delivery
            WHERE label ~ %s LIMIT 1"""
        admin.execute(insert.encode(), [WORD, WORD])


async def test_nothing_of_an_erased_person_is_left(
    forms: Person, story: Story, drain: Drain, runtime: Runtime
) -> None:
    schema, root = forms.tenant.schema, runtime.files._root / forms.tenant.schema
    _leave_webhook_marks(runtime, schema)
    assert rows_with_marks(runtime, schema) >= BEFORE
    assert len(files_with_marks(root)) >= 7
    others = someone_else(runtime, schema, [story.other, story.others_note])
    assert len(others) > 5
    found = await story.request("erase", confirm=story.called)
    await drain()
    told = (await forms.api.get(f"/data-requests/{found['id']}")).json()
    assert (told["state"], told["label"], told["counts"]["contacts"]) == ("done", "", 1)
    assert rows_with_marks(runtime, schema) == set()
    assert files_with_marks(root) == []
    assert someone_else(runtime, schema, [story.other, story.others_note]) == others
    deal = (await forms.api.get(f"/deals/{story.own_deal}")).json()
    assert (deal["name"], deal["amount_minor"]) == (deal["number"], 500)
    deal = (await forms.api.get(f"/deals/{story.joint_deal}")).json()
    assert (deal["name"], deal["notes"], deal["amount_minor"]) == ("Machines for …", "met …", 700)


async def test_pages_bear_what_is_erased(forms: Person, story: Story, drain: Drain) -> None:
    found = await story.request("erase", confirm=story.called)
    await drain()
    pages = [f"/customers/{story.company}", f"/deals/{story.joint_deal}", "/settings/audit", "/contacts"]
    pages += [
        f"/panels/customer/{story.company}/main/timeline",
        f"/panels/deal/{story.joint_deal}/main/timeline",
    ]
    pages += [
        f"/settings/personal-data/{found['id']}",
        "/settings/personal-data",
        "/tasks",
        "/leads",
        "/exports",
    ]
    pages += [f"/contacts/{story.contact}", "/imports"]
    for page in pages:
        shown = await forms.page.get(forms.w(page))
        assert shown.status_code == 200, (page, shown.text)
        assert WORD not in shown.text.lower(), page
    feed = await forms.api.get("/changes", params={"limit": 100})
    assert feed.status_code == 200, feed.text
    assert WORD not in feed.text
    assert (await forms.api.post(f"/contacts/{story.contact}/restore")).status_code == 403


async def test_an_export_holds_every_mark(forms: Person, story: Story) -> None:
    async with forms.ctx() as ctx:
        request = await ctx.session.scalar(select(DataRequest.id))
    answer = await forms.api.get(f"/data-requests/{request}/file")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        everything = b"\n".join(archive.read(name) for name in archive.namelist()).decode(errors="replace")
        everything += " ".join(archive.namelist())
    missing = [mark for mark in story.marks.given if not re.search(rf"{mark}\b", everything)]
    assert missing == []
    assert "Zhou" not in everything


async def test_it_goes_on_where_it_was_killed_and_is_harmless_to_repeat(
    forms: Person, story: Story, drain: Drain, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema, real, calls = forms.tenant.schema, jobs._erase, []

    async def dying(ctx: Any, run: Any, item: Any, person: Any) -> None:
        calls.append(item.key)
        await real(ctx, run, item, person)
        if len(calls) in {5, 12, 20}:
            raise ConnectionError("killed")

    monkeypatch.setattr(jobs, "_erase", dying)
    await story.request("erase", confirm=story.called)
    for _ in range(6):
        await drain()
        with psycopg.connect(runtime.databases.settings.admin_dsn(), autocommit=True) as admin:
            admin.execute("UPDATE cell.job SET run_at = now()")
    assert len(calls) > 20
    assert rows_with_marks(runtime, schema) == set()
    assert files_with_marks(runtime.files._root / schema) == []
    async with forms.ctx() as ctx:
        states = set(
            await ctx.session.scalars(select(JobRunRow.state).where(JobRunRow.name == "privacy.erase"))
        )
    assert states == {"done"}
    body = {"kind": "erase", "record_type": "contact", "record_id": story.contact, "confirm": "Erased person"}
    assert (await forms.api.post("/data-requests", json=body)).status_code == 202
    await drain()
    assert rows_with_marks(runtime, schema) == set()


async def test_nobody_is_made_again_by_accident(
    forms: Person, story: Story, visitor: Visitor, drain: Drain
) -> None:
    await story.request("erase", confirm=story.called)
    await drain()
    table = f"Name,E-mail,Mobile\nBack,{EMAIL},\nAgain,,13912340777\nNew,new@example.com,\n"
    for start in ("check", "run"):
        sent = {"record_type": "contact", "start": start}
        answer = await forms.api.post("/imports", files={"file": ("p.csv", table.encode())}, data=sent)
        await drain()
        run = (await forms.api.get(f"/imports/{answer.json()['id']}")).json()
        assert (run["created"], run["failed"]) == (1, 2), run
        assert "erased on request" in (await forms.api.get(f"/imports/{run['id']}/errors")).text
    answers = {"name": "Back", "email": EMAIL, "phone": "", "message": "Hello"}
    assert (await visitor.fill_in(answers)).status_code == 200
    await drain()
    async with forms.ctx() as ctx:
        statement = select(Submission).where(Submission.email == EMAIL)
        one = (await ctx.session.scalars(statement)).one()
        assert (one.state, one.reason, one.lead_id) == ("error", "erased", None)
    page = await forms.page.get(forms.w(f"/marketing/forms/submissions/{one.id}"))
    assert "erased on request" in page.text
    accepted = await forms.api.post(f"/marketing/forms/submissions/{one.id}/accept")
    assert accepted.status_code == 200, accepted.text
    assert accepted.json()["lead_id"]
