"""Test keys act on a copy of their workspace, and on nothing else."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import select

from core.access.models import Role
from core.kernel.errors import Conflict
from core.kernel.ids import uuid7
from core.kernel.jobs import JobRunRow
from core.records.bulk_job import NAME, BulkParams
from core.tenancy.provisioning import drop
from tenants.api_keys import authentication, format, service
from tenants.api_keys import sandbox as copies
from tenants.api_keys.sandbox import refresh, remove, sandbox
from tenants.signup.schema import OwnerIn, WorkspaceIn
from tenants.signup.service import add_member, create_workspace
from tenants.workspace import service as workspace
from tests.fixtures.sandboxes import become


@pytest.fixture(autouse=True)
def forgetful(monkeypatch):
    """Ask the database every time: what is tested is not how long a process remembers."""
    monkeypatch.setattr(authentication, "TTL_S", 0.0)
    authentication._kept.clear()


async def key_of(person, tenant, mode):
    async with person.runtime.control() as control:
        data = service.KeyIn(
            tenant_id=tenant.id,
            member_id=person.member_id,
            name="t",
            scopes=["customers:write", "members:write"],
            mode=mode,
        )
        text, key = await service.issue(control, data)
        return {"Authorization": f"Bearer {text}"}, key.id


async def names(person, headers):
    return {row["name"] for row in (await person.api.get("/customers", headers=headers)).json()["data"]}


async def test_a_test_key_sees_the_same_records_and_changes_none_of_them(ann, copied):
    first = (await ann.api.post("/customers", json={"name": "Halden"})).json()
    copy = await copied()
    assert copy.sandbox_of == ann.tenant.id
    test, _ = await key_of(ann, copy, "test")
    assert test["Authorization"].startswith("Bearer gx_test_")
    same = await ann.api.get(f"/customers/{first['id']}", headers=test)
    assert same.json()["name"] == "Halden"
    changed = await ann.api.patch(f"/customers/{first['id']}", json={"name": "Tried"}, headers=test)
    assert changed.status_code == 200
    await ann.api.post("/customers", json={"name": "Only there"}, headers=test)
    await ann.api.post("/customers", json={"name": "Only here"})
    assert await names(ann, test) == {"Tried", "Only there"}
    live, _ = await key_of(ann, ann.tenant, "live")
    assert await names(ann, live) == {"Halden", "Only here"}


async def test_there_is_one_sandbox_however_often_it_is_asked_for(ann, copied):
    first, second = await asyncio.gather(copied(), copied())
    assert first.id == second.id
    assert (await copied()).id == first.id


async def test_a_copy_is_a_sandbox_from_its_first_instant_and_takes_no_job_along(ann, monkeypatch):
    """Whatever is cut short, or comes round by the clock meanwhile, writes to nobody."""
    seen = []

    async def look(runtime, slug):
        runtime.directory.forget()
        found = await runtime.directory.by_slug(slug)
        seen.append(found.sandbox_of)
        async with runtime.open(found) as ctx:
            jobs = {row.id: row.state for row in await ctx.session.scalars(select(JobRunRow))}
        assert jobs == {job_id: "cancelled"}
        raise RuntimeError("cut short")

    params = BulkParams(record_type="customer", action="delete", query="", params={})
    async with ann.acting() as ctx:
        job_id = ctx.enqueue(NAME, params, title="Delete")
    try:
        monkeypatch.setattr(copies, "_by_slug", look)
        with pytest.raises(RuntimeError):
            await refresh(ann.runtime, ann.tenant)
    finally:
        monkeypatch.undo()
        await remove(ann.runtime, ann.tenant)
    assert seen == [ann.tenant.id]


async def test_modes_and_workspaces_must_agree(ann, copied):
    copy = await copied()
    for tenant, mode in ((ann.tenant, "test"), (copy, "live")):
        headers, _ = await key_of(ann, tenant, mode)
        assert (await ann.api.get("/customers", headers=headers)).status_code == 401


async def test_a_rotated_test_key_stays_one(ann, copied):
    _, key_id = await key_of(ann, await copied(), "test")
    async with ann.runtime.control() as control:
        text, key = await service.rotate(control, key_id, overlap=timedelta(hours=1))
    assert text.startswith("gx_test_")
    assert format.is_wellformed(text)
    assert key.mode == "test"


async def test_what_happens_in_a_sandbox_changes_no_membership(ann, bo, copied, drain):
    test, _ = await key_of(ann, await copied(), "test")
    for active in (False, True):
        answer = await ann.api.patch(f"/members/{bo.member_id}", json={"active": active}, headers=test)
        assert answer.status_code == 200, answer.text
        await drain()
    assert (await bo.page.get(bo.w("/customers"))).status_code == 200
    assert ".sandbox" not in (await bo.page.get(bo.w("/customers"))).text


async def test_a_workspace_goes_with_its_sandbox(runtime, committing):
    live = await create_workspace(runtime, WorkspaceIn(name="Nova", slug="nova"))
    await add_member(runtime, live, OwnerIn(name="N", email="n@nova.test"), password="a long password")
    copy = await sandbox(runtime, live)
    drop(runtime.databases.settings, live)
    runtime.directory.forget()
    assert await runtime.directory.by_id(copy.id) is None
    with psycopg.connect(runtime.databases.settings.admin_dsn()) as admin:
        found = admin.execute(
            "SELECT count(*) FROM pg_namespace WHERE nspname = ANY(%s)", [[live.schema, copy.schema]]
        )
        assert found.fetchone() == (0,)


async def test_made_anew_it_is_another_copy_that_the_same_keys_act_on(ann, copied):
    copy = await copied()
    test, _ = await key_of(ann, copy, "test")
    await ann.api.post("/customers", json={"name": "Tried"}, headers=test)
    fresh = await refresh(ann.runtime, ann.tenant)
    try:
        assert fresh.id != copy.id
        assert await names(ann, test) == set()
        with pytest.raises(Conflict):
            await refresh(ann.runtime, fresh)
    finally:
        await remove(ann.runtime, ann.tenant)
    await remove(ann.runtime, ann.tenant)
    assert (await ann.api.get("/customers", headers=test)).status_code == 401


async def move(person, slug):
    async with person.runtime.control() as control:
        await workspace.move(control, person.tenant.id, slug)
    person.runtime.directory.forget()


async def test_a_copy_follows_a_workspace_that_moved_meanwhile_and_is_never_another_ones(
    ann, zed, copied, monkeypatch
):
    monkeypatch.setattr(copies, "LEFT_S", 0.0)
    at_first = ann.tenant
    await copied()
    await move(ann, "acme-two")
    assert (await refresh(ann.runtime, at_first)).slug == "acme-two.sandbox"
    await move(ann, "acme")
    # As for another workspace that got Acme's address while Acme's copy stands there.
    with pytest.raises(Conflict) as caught:
        await sandbox(ann.runtime, replace(zed.tenant, slug="acme"))
    assert caught.value.code == "sandbox.missing"


async def test_what_a_cut_short_copying_left_keeps_no_workspace_from_moving(ann, copied, monkeypatch):
    monkeypatch.setattr(copies, "LEFT_S", 0.0)
    copy = await copied()
    copies._copy(ann.runtime, ann.tenant, "acme.sandbox.left")
    await move(ann, "acme-two")
    assert (await ann.runtime.tenant(copy.id)).slug == "acme-two.sandbox"
    fresh = await refresh(ann.runtime, await ann.runtime.tenant(ann.tenant.id))
    assert [one.id for one in await ann.runtime.directory.all() if one.sandbox_of] == [fresh.id]


async def test_a_test_key_reaches_no_further_than_its_member_does_in_the_workspace_now(ann, mia, copied):
    await become(mia, role="admin")
    await ann.api.post("/customers", json={"name": "Halden"})
    test, _ = await key_of(mia, await copied(), "test")
    assert await names(mia, test) == {"Halden"}
    async with ann.acting() as ctx:
        ctx.session.add(Role(key="own", name="Own", grants={"customers.view": "own"}))
    await become(mia, role="own")
    assert await names(mia, test) == set()
    assert (await mia.api.post("/customers", json={"name": "X"}, headers=test)).status_code == 403
    await become(mia, active=False)
    assert (await mia.api.get("/customers", headers=test)).status_code == 404


async def test_a_sandbox_has_none_of_its_own(ann, copied):
    with pytest.raises(Conflict) as caught:
        await sandbox(ann.runtime, await copied())
    assert caught.value.code == "sandbox.nested"


@pytest.mark.parametrize("verb", [sandbox, refresh], ids=["sandbox", "refresh"])
async def test_a_copy_that_is_not_there_afterwards_is_told(ann, monkeypatch, verb):
    monkeypatch.setattr(copies, "_copy", lambda *_: None)
    with pytest.raises(Conflict) as caught:
        await verb(ann.runtime, ann.tenant)
    assert caught.value.code == "sandbox.missing"


async def test_what_else_goes_wrong_in_copying_is_not_taken_for_another_that_is_faster(ann, monkeypatch):
    def full(*_):
        raise Conflict(code="cells.full")

    monkeypatch.setattr(copies, "_copy", full)
    with pytest.raises(Conflict) as caught:
        await sandbox(ann.runtime, ann.tenant)
    assert caught.value.code == "cells.full"


async def test_a_copy_that_somebody_else_removed_is_passed_over(ann):
    await copies._drop(ann.runtime, [uuid7()])
