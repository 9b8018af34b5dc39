"""What a plan has room for, and a workspace that is not paid for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from core.access import service as people
from core.access.schema import MemberIn, MemberPatch
from core.kernel.errors import PaymentRequired
from core.runtime import Runtime
from core.tenancy.directory import TenantRow
from tenants.api_keys import service as keys
from tests.fixtures.people import Person

Setting = Callable[..., Awaitable[None]]


@pytest.fixture
def setting(runtime: Runtime, ann: Person, monkeypatch: pytest.MonkeyPatch) -> Setting:
    """Change what the directory says of Acme; no process remembers the past second."""
    monkeypatch.setattr("tenants.api_keys.authentication.TTL_S", 0.0)
    monkeypatch.setattr("tenants.accounts.authentication.TTL_S", 0.0)

    async def _setting(**values: Any) -> None:
        async with runtime.control() as control:
            changing = update(TenantRow).where(TenantRow.id == ann.tenant.id).values(**values)
            await control.session.execute(changing)
            await runtime.directory.bump(ann.tenant.id, control.session)
        runtime.directory.forget()

    return _setting


async def test_what_has_no_limit_is_not_counted(ann: Person, setting: Setting) -> None:
    await setting(limits={})
    for name in ("One", "Two"):
        assert (await ann.api.post("/customers", json={"name": name})).status_code == 201


async def test_customers_stop_at_the_limit_and_stay(ann: Person, setting: Setting) -> None:
    for name in ("One", "Two"):
        await ann.api.post("/customers", json={"name": name})
    await setting(limits={"customers": 1})
    refused = await ann.api.post("/customers", json={"name": "Three"})
    assert refused.status_code == 402
    assert refused.json()["code"] == "plan.limit"
    assert refused.json()["limit"] == {"name": "customers", "limit": 1, "used": 2}
    assert "room for 1 customers" in refused.json()["detail"]
    assert len((await ann.api.get("/customers")).json()["data"]) == 2
    await setting(limits={"customers": 3})
    assert (await ann.api.post("/customers", json={"name": "Three"})).status_code == 201


async def test_of_many_customers_as_many_come_in_as_there_is_room_for(ann: Person, setting: Setting) -> None:
    await setting(limits={"customers": 3})
    rows = "\n".join(f'{{"name": "Customer {number}"}}' for number in range(5))
    answer = await ann.api.post(
        "/customers/bulk", content=rows, headers={"Content-Type": "application/x-ndjson"}
    )
    assert answer.status_code == 200
    assert len((await ann.api.get("/customers")).json()["data"]) == 3


async def test_members_stop_at_the_limit(ann: Person, setting: Setting, runtime: Runtime) -> None:
    tenant = ann.tenant
    await setting(limits={"members": 5})
    async with runtime.open(await runtime.tenant(tenant.id)) as ctx:
        five = await people.add_member(ctx, MemberIn(name="Fay", email="fay@acme.test"))
        with pytest.raises(PaymentRequired) as refused:
            await people.add_member(ctx, MemberIn(name="Gus", email="gus@acme.test"))
        assert refused.value.params == {"limit": 5, "used": 5}
        await people.update_member(ctx, five, MemberPatch(active=False))
        six = await people.add_member(ctx, MemberIn(name="Gus", email="gus@acme.test"))
        with pytest.raises(PaymentRequired):
            await people.update_member(ctx, five, MemberPatch(active=True))
        await people.update_member(ctx, six, MemberPatch(title="Boss"))


async def test_keys_stop_at_the_limit_but_rotate(ann: Person, setting: Setting, runtime: Runtime) -> None:
    await setting(limits={"api_keys": 5})
    wanted = keys.KeyIn(tenant_id=ann.tenant.id, member_id=ann.member_id, name="x", scopes=["customers:read"])
    async with runtime.control() as control:
        _, key = await keys.issue(control, wanted)
        with pytest.raises(PaymentRequired):
            await keys.issue(control, wanted)
        await keys.rotate(control, key.id, overlap=timedelta(hours=1))


async def test_files_stop_at_the_limit(ann: Person, setting: Setting) -> None:
    customer = (await ann.api.post("/customers", json={"name": "One"})).json()
    await setting(limits={"storage_mb": 1})
    place = f"/files/customer/{customer['id']}"
    first = await ann.post(place, files={"file": ("a.txt", b"x" * 1024)})
    assert first.status_code < 400, first.text
    second = await ann.post(place, files={"file": ("b.txt", b"y" * (1024 * 1024 + 1))})
    assert "room for 1 MB" in second.text


async def test_unpaid_a_workspace_can_only_be_read(ann: Person, setting: Setting) -> None:
    customer = (await ann.api.post("/customers", json={"name": "One"})).json()
    await setting(readonly=True)
    for refused in (
        await ann.api.post("/customers", json={"name": "Two"}),
        await ann.api.patch(f"/customers/{customer['id']}", json={"name": "Two"}),
    ):
        assert refused.status_code == 402
        assert refused.json()["code"] == "workspace.readonly"
    assert (await ann.post("/customers/new", {"name": "Two"})).status_code == 402
    assert (await ann.api.get(f"/customers/{customer['id']}")).json()["name"] == "One"
    assert (await ann.page.get(ann.w("/customers"))).status_code == 200
    assert (await ann.post("/settings/sessions/end")).status_code == 303
    await setting(readonly=False)
    assert (await ann.api.post("/customers", json={"name": "Two"})).status_code == 201
