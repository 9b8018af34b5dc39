"""Files of visitors in a workspace whose plan is full: counted, refused in words, and never in the way of the rest."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import select, update

from core.activities.files.models import Attachment
from core.runtime import Runtime
from core.tenancy.directory import TenantRow
from plugins.marketing.forms.definition import Field
from plugins.marketing.forms.models import Submission, SubmissionFile
from plugins.marketing.forms.service_verdict import accept
from tests.fixtures.people import Person
from tests.plugins.marketing.forms.conftest import SIMPLE, Visitor, change, published

Drain = Callable[[], Awaitable[None]]
Limit = Callable[[int | None], Awaitable[None]]
MB = 1024 * 1024
PAPER = Field(key="paper", label="Paper", type="file", accept="documents", required=True)


def pdf(mark: str, size: int = 1_000) -> tuple[str, bytes]:
    """A file that differs from those of other marks."""
    return f"{mark}.pdf", b"%PDF-1.4 " + mark.encode() + bytes(size)


@pytest.fixture
def limit(runtime: Runtime, forms: Person, monkeypatch: pytest.MonkeyPatch) -> Limit:
    """Let Acme's plan have room for so many megabytes."""
    monkeypatch.setattr("tenants.api_keys.authentication.TTL_S", 0.0)
    monkeypatch.setattr("tenants.accounts.authentication.TTL_S", 0.0)

    async def _limit(storage_mb: int | None) -> None:
        limits = {} if storage_mb is None else {"storage_mb": storage_mb}
        async with runtime.control() as control:
            changing = update(TenantRow).where(TenantRow.id == forms.tenant.id).values(limits=limits)
            await control.session.execute(changing)
            await runtime.directory.bump(forms.tenant.id, control.session)
        runtime.directory.forget()

    return _limit


async def rows(person: Person, model: Any) -> list[Any]:
    async with person.acting() as ctx:
        return list(await ctx.session.scalars(select(model).order_by(model.id)))


async def used_mb(person: Person) -> int:
    told: int = (await person.api.get("/billing")).json()["usage"]["storage_mb"]["used"]
    return told


async def test_what_visitors_send_counts_once_before_and_after_it_is_on_a_lead(
    forms: Person, visitor: Visitor, limit: Limit, drain: Drain
) -> None:
    await limit(None)
    await published(forms, fields=[*SIMPLE, PAPER])
    held = await visitor.fill_in(files={"paper": pdf("a", 3 * MB)}, proven=False)
    assert held.status_code == 200
    assert await used_mb(forms) == 4
    sent = await visitor.fill_in(files={"paper": pdf("b", 3 * MB)})
    assert sent.status_code == 200
    assert await used_mb(forms) == 7
    await drain()
    assert len(await rows(forms, Attachment)) == 1
    assert len(await rows(forms, SubmissionFile)) == 2
    assert await used_mb(forms) == 7


async def test_without_room_the_rest_can_be_sent_although_a_file_was_required(
    forms: Person, visitor: Visitor, limit: Limit
) -> None:
    await limit(1)
    await published(forms, fields=[*SIMPLE, PAPER])
    refused = await visitor.fill_in(files={"paper": pdf("a", MB)})
    assert refused.status_code == 422
    assert "There is no room left for this file." in refused.text
    assert "Li Wei" in refused.text
    box = refused.text.split('data-field="paper"')[1].split("</div>")[0]
    assert "required" not in box
    assert await rows(forms, Submission) == []
    sent = await visitor.fill_in()
    assert sent.status_code == 200
    (submission,) = await rows(forms, Submission)
    assert submission.values["name"] == "Li Wei"
    assert await rows(forms, SubmissionFile) == []


async def test_what_fits_is_taken_and_files_of_one_sending_share_the_room(
    forms: Person, visitor: Visitor, limit: Limit
) -> None:
    await limit(1)
    await published(forms, fields=[*SIMPLE, PAPER])
    half = MB // 2
    many = [("paper", pdf("a", half)), ("paper", pdf("b", half))]
    assert "no room left" in (await visitor.fill_in(files=many)).text
    assert (await visitor.fill_in(files={"paper": pdf("a", half)})).status_code == 200
    assert "no room left" in (await visitor.fill_in(files={"paper": pdf("b", half)})).text
    assert len(await rows(forms, SubmissionFile)) == 1


async def test_a_required_file_is_required_while_there_is_room(
    forms: Person, visitor: Visitor, limit: Limit
) -> None:
    await published(forms, fields=[*SIMPLE, PAPER])
    for storage_mb in (None, 8):
        await limit(storage_mb)
        missing = await visitor.fill_in()
        assert missing.status_code == 422
        assert "This field is required" in missing.text


async def test_it_is_said_in_the_language_of_the_form(forms: Person, visitor: Visitor, limit: Limit) -> None:
    await limit(0)
    form = await published(forms, fields=[*SIMPLE, replace(PAPER, required=False)])
    await change(forms, form, language="zh_CN")
    refused = await visitor.fill_in(files={"paper": pdf("a")})
    assert "没有空间" in refused.text


async def test_what_was_taken_becomes_a_lead_with_its_file_however_full_it_is_by_then(
    forms: Person, visitor: Visitor, limit: Limit, drain: Drain
) -> None:
    await published(forms, fields=[*SIMPLE, PAPER])
    await visitor.fill_in(files={"paper": pdf("a", MB)})
    await visitor.fill_in({"name": "Bo", "email": "bo@example.com"}, files={"paper": pdf("b")}, proven=False)
    await limit(0)
    await drain()
    (attachment,) = await rows(forms, Attachment)
    assert attachment.name == "a.pdf"
    async with forms.acting() as ctx:
        held = (await ctx.session.scalars(select(Submission).filter_by(state="held"))).one()
        assert (await accept(ctx, held)).state == "accepted"
    assert [one.name for one in await rows(forms, Attachment)] == ["a.pdf", "b.pdf"]


async def test_members_are_told_of_the_room_that_visitors_took(
    forms: Person, visitor: Visitor, limit: Limit
) -> None:
    await limit(2)
    await published(forms, fields=[*SIMPLE, PAPER])
    await visitor.fill_in(files={"paper": pdf("a", MB)})
    customer = (await forms.api.post("/customers", json={"name": "One"})).json()
    place = f"/files/customer/{customer['id']}"
    refused = await forms.post(place, files={"file": ("b.txt", b"y" * (MB + 1))})
    assert "room for 2 MB" in refused.text
