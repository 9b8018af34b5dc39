"""Web forms are removed and come back, with the files that visitors sent."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

import pytest

from core.kernel.errors import NotFound
from core.kernel.mentions import mentioned
from core.runtime import Runtime
from core.tenancy import ddl
from plugins.marketing.forms.definition import Field
from plugins.marketing.forms.models import Submission, SubmissionFile
from tenants.marketplace import jobs, service
from tenants.marketplace.queries import rows
from tests.fixtures.people import Person
from tests.plugins.marketing.forms.conftest import ANSWERS, SIMPLE, Having, Visitor, published
from tests.plugins.marketing.forms.test_sending import found

Drain = Callable[[], Awaitable[None]]
KEY = "marketing.forms"


@pytest.fixture
async def whole(forms: Person, runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Whatever happens, others find the module's tables as they were."""
    monkeypatch.setattr(jobs, "SETTLE_S", 0.0)
    yield
    ddl.install(runtime.databases.settings, forms.tenant, KEY)


async def test_what_visitors_sent_comes_back_with_its_files(
    forms: Person, visitor: Visitor, drain: Drain, having: Having, runtime: Runtime, whole: None
) -> None:
    paper = Field(key="paper", label="Paper", type="file", accept="documents")
    await published(forms, fields=[*SIMPLE, paper])
    trapped = {**ANSWERS, "homepage": "http://x.example"}
    sent = await visitor.fill_in(trapped, files={"paper": ("offer.pdf", b"%PDF-1.4 hello")})
    assert sent.status_code == 200, sent.text
    await drain()
    (file,), (held,) = await found(forms, SubmissionFile), await found(forms, Submission)
    assert held.state == "spam", "nobody else mentions the file"
    async with runtime.control(forms.principal) as control:
        await service.uninstall(control, forms.tenant, KEY)
    await drain()
    await swept(runtime, forms, file.sha256)
    with pytest.raises(NotFound):
        runtime.files.path(forms.tenant.schema, file.sha256)
    async with runtime.control(forms.principal) as control:
        left = (await rows(control, forms.tenant.id))[KEY].archive
        await service.enable(control, forms.tenant, KEY, archive=left)
    await having(KEY)
    await swept(runtime, forms, file.sha256)
    shown = await forms.page.get(forms.w(f"/marketing/forms/submissions/{held.id}/files/{file.id}"))
    assert (shown.status_code, shown.content) == (200, b"%PDF-1.4 hello")


async def swept(runtime: Runtime, person: Person, sha256: str) -> None:
    """Have everything swept that nobody mentions, long after it was stored."""
    os.utime(runtime.files.path(person.tenant.schema, sha256), (0, 0))
    async with runtime.open(person.tenant) as ctx:
        await runtime.files.sweep(person.tenant.schema, partial(mentioned, ctx.session))
