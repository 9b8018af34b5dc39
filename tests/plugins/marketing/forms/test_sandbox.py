"""What a test key tries with forms and invitations happens in the sandbox, and nobody is written to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest

from core.runtime import Runtime
from core.tenancy.directory import Tenant
from core.tenancy.provisioning import drop
from tenants.api_keys import service
from tenants.api_keys.sandbox import sandbox
from tests.fixtures.people import Person
from tests.plugins.marketing.forms.conftest import ANSWERS, published

Drain = Callable[[], Awaitable[None]]
SCOPES = ["marketing.submissions:write", "invitations:write", "members:write"]


@pytest.fixture
async def copy(forms: Person) -> AsyncIterator[Callable[[], Awaitable[Tenant]]]:
    """Make Acme's sandbox; it is gone afterwards."""
    made: list[Tenant] = []

    async def make() -> Tenant:
        made.append(await sandbox(forms.runtime, forms.tenant))
        return made[-1]

    yield make
    for tenant in made:
        drop(forms.runtime.databases.settings, tenant)
    forms.runtime.directory.forget()


@pytest.mark.parametrize("mode", ["live", "test"])
async def test_a_sandbox_writes_to_nobody(
    forms: Person,
    copy: Callable[[], Awaitable[Tenant]],
    drain: Drain,
    runtime: Runtime,
    monkeypatch: pytest.MonkeyPatch,
    mode: str,
) -> None:
    monkeypatch.setattr("plugins.marketing.forms.service_verdict.TELL_AFTER", timedelta())
    form = await published(forms, notify_email=f"{mode}@acme.test")
    tenant = await copy() if mode == "test" else forms.tenant
    async with runtime.control() as control:
        data = service.KeyIn(
            tenant_id=tenant.id, member_id=forms.member_id, name="t", scopes=SCOPES, mode=mode
        )
        text, _ = await service.issue(control, data)
    headers = {"Authorization": f"Bearer {text}"}
    values = {"form_id": str(form.id), "values": ANSWERS}
    sent = await forms.api.post("/marketing/forms/submissions", json=values, headers=headers)
    assert sent.status_code == 201, sent.text
    who = {"email": f"{mode}-guest@acme.test", "role": "member"}
    invited = await forms.api.post("/invitations", json=who, headers=headers)
    assert invited.status_code == 201, invited.text
    await drain()
    told = {entry.to for entry in runtime.mailer.inbox.newest()}
    assert told & {f"{mode}@acme.test", f"{mode}-guest@acme.test"} == (
        set() if mode == "test" else {"live@acme.test", "live-guest@acme.test"}
    )
