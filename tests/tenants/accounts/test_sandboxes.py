"""People in a sandbox: who comes in, with which rights, and that nothing of the workspace itself changes."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import httpx
import psycopg
import pytest
from msgspec import structs
from sqlalchemy import delete, update

from core.access.models import Member, Role, Unit
from core.kernel.errors import NotFound
from core.kernel.ids import uuid7
from core.tenancy.ctx import Ctx, Principal
from core.tenancy.directory import Tenant, TenantRow
from core.web import live
from core.worker import open_job
from tenants.accounts import authentication as sessions
from tenants.accounts.models import Membership
from tenants.accounts.second_factor.models import SignInPolicy
from tenants.api_keys import authentication as used_keys
from tenants.api_keys import sandbox as copies
from tests.core.test_worker import claimed
from tests.fixtures.people import Person
from tests.fixtures.sandboxes import Copy, become, inside, rows, send

MASKS = ((r"[0-9a-f]{32,}", "id"), (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "uuid"))


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask the database every time: what is tested is not how long a process remembers."""
    monkeypatch.setattr(sessions, "TTL_S", 0.0)
    monkeypatch.setattr(used_keys, "TTL_S", 0.0)
    monkeypatch.setattr(copies, "LEFT_S", 0.0)


async def test_who_may_make_it_opens_it_and_what_he_does_there_stays_there(ann: Person, copied: Copy) -> None:
    first = (await ann.api.post("/customers", json={"name": "Halden"})).json()
    await copied()
    assert ann.w("/settings/data/sandbox") in (await ann.page.get(ann.w("/settings/data"))).text
    opened = await ann.page.get(ann.w("/settings/data/sandbox"))
    assert (opened.status_code, opened.headers["location"]) == (303, inside(ann))
    before = rows(ann)
    page = await ann.page.get(inside(ann, "/customers"))
    assert page.status_code == 200
    assert "Halden" in page.text
    assert "This is the sandbox of Acme" in page.text
    assert re.search(r'<a href="/w/acme/" class="btn[^>]*>.*?Leave the sandbox', page.text, re.S)
    assert "Acme (sandbox)" in page.text
    assert "/settings/keys" not in (await ann.page.get(inside(ann))).text
    assert (await send(ann, "/customers/new", name="Only there")).status_code in (200, 303)
    changed = await send(ann, f"/customers/{first['id']}/cell/name", value="Tried")
    assert changed.status_code in (200, 404), changed.text
    assert "Only there" in (await ann.page.get(inside(ann, "/customers"))).text
    assert rows(ann) == before
    assert "sandbox of" not in (await ann.page.get(ann.w("/customers"))).text


async def test_it_is_below_the_workspaces_for_those_alone_who_may_open_it(ann: Person, bo: Person) -> None:
    assert ann.w("/settings/data/sandbox") in (await ann.page.get(ann.w("/customers"))).text
    assert bo.w("/settings/data/sandbox") not in (await bo.page.get(bo.w("/customers"))).text
    to_make = await ann.page.get(ann.w("/settings/data/sandbox"))
    assert (to_make.status_code, to_make.headers["location"]) == (303, ann.w("/settings/data"))
    assert (await bo.page.get(bo.w("/settings/data/sandbox"))).status_code == 403


async def test_nobody_else_learns_whether_there_is_one(
    ann: Person, mia: Person, rea: Person, zed: Person, stranger: httpx.AsyncClient, copied: Copy
) -> None:
    live_key = {"Authorization": f"Bearer {ann.key}"}

    async def asked() -> list[tuple[int, str, str]]:
        found = [
            await client.get(inside(ann, path))
            for client in (mia.page, rea.page, zed.page, stranger)
            for path in ("/", "/customers", "/settings/billing", "/live", "/no/such/page")
        ]
        found += [await send(person, "/customers/new", name="X") for person in (mia, rea)]
        found += [await zed.page.post(inside(ann, "/customers/new"), data={"_csrf": zed.csrf, "name": "X"})]
        found += [await stranger.get(inside(ann, "/customers"), headers=live_key)]
        found += [await stranger.get(f"/p/acme.sandbox{path}") for path in ("/", "/marketing/forms/hello")]
        return [(one.status_code, masked(one.text), one.headers.get("location", "")) for one in found]

    before = await asked()
    await copied()
    assert await asked() == before
    assert {status for status, _, _ in before} <= {303, 401, 404}
    for person in (mia, rea, zed):
        assert ".sandbox" not in (await person.page.get(person.w("/customers"))).text


def masked(html: str) -> str:
    for pattern, name in MASKS:
        html = re.sub(pattern, name, html)
    return html


async def test_who_may_no_longer_make_it_is_out_with_the_next_page(
    ann: Person, mia: Person, copied: Copy
) -> None:
    await become(mia, role="admin")
    await copied()
    for lost, again in (({"role": "manager"}, {"role": "admin"}), ({"active": False}, {"active": True})):
        assert (await mia.page.get(inside(mia, "/customers"))).status_code == 200
        await become(mia, **lost)
        assert (await mia.page.get(inside(mia, "/customers"))).status_code == 404
        assert (await send(mia, "/customers/new", name="X")).status_code == 404
        await become(mia, **again)
    async with mia.runtime.control() as control:
        await control.session.execute(delete(Membership).where(Membership.member_id == mia.member_id))
    assert (await mia.page.get(inside(mia, "/customers"))).status_code == 404


async def test_a_role_that_loses_the_permission_closes_it(ann: Person, mia: Person, copied: Copy) -> None:
    async with ann.acting() as ctx:
        ctx.session.add(
            Role(key="tester", name="Tester", grants={"workspace.sandbox": "all", "customers.view": "all"})
        )
    await become(mia, role="tester")
    await copied()
    assert (await mia.page.get(inside(mia, "/customers"))).status_code == 200
    async with ann.acting() as ctx:
        await ctx.session.execute(
            update(Role).where(Role.key == "tester").values(grants={"customers.view": "all"})
        )
    mia.runtime.forget_actors(mia.tenant.id)
    assert (await mia.page.get(inside(mia, "/customers"))).status_code == 404


async def rights(person: Person, copy: Tenant) -> Ctx:
    who = Principal(kind="member", tenant=copy, member_id=person.member_id)
    async with person.runtime.enter(who, readonly=True) as ctx:
        return ctx


async def test_rights_are_those_of_the_copy_and_never_more_than_in_the_workspace_itself(
    ann: Person, mia: Person, copied: Copy
) -> None:
    await become(mia, role="owner")
    copy = await copied()
    found = (await rights(mia, copy)).actor
    assert (found.role, found.grants["customers.delete"]) == ("owner", "all")
    async with ann.acting() as ctx:
        grants = {"workspace.sandbox": "all", "customers.view": "own", "customers.edit": "all"}
        ctx.session.add(Role(key="tester", name="Tester", grants=grants))
    await become(mia, role="tester")
    found = (await rights(mia, copy)).actor
    assert found.role == "tester"
    assert {name: found.grants[f"customers.{name}"] for name in ("view", "edit", "delete")} == {
        "view": "own",
        "edit": "all",
        "delete": "none",
    }
    await become(mia, of=copy, role="readonly")
    found = (await rights(mia, copy)).actor
    assert (found.role, found.grants["customers.view"], found.grants["customers.edit"]) == (
        "readonly",
        "own",
        "none",
    )
    await become(mia, role="owner")
    assert (await rights(mia, copy)).actor.role == "readonly"
    await become(mia, of=copy, active=False)
    with pytest.raises(NotFound):
        await rights(mia, copy)
    with pytest.raises(NotFound):
        await mia.runtime.actor(Principal(kind="member", member_id=mia.member_id))


async def test_a_team_there_is_no_larger_than_here(
    ann: Person, mia: Person, bo: Person, copied: Copy
) -> None:
    async with ann.acting() as ctx:
        unit = Unit(name="Sales", path="sales/")
        ctx.session.add(unit)
        await ctx.session.flush()
        await ctx.session.execute(update(Member).where(Member.id == mia.member_id).values(unit_id=unit.id))
    copy = await copied()
    await become(bo, of=copy, unit_id=unit.id)
    assert (await rights(mia, copy)).actor.team_ids == {mia.member_id}
    await become(bo, unit_id=unit.id)
    mia.runtime.forget_actors(copy.id)
    assert (await rights(mia, copy)).actor.team_ids == {mia.member_id, bo.member_id}


async def test_jobs_asked_for_there_have_no_more_rights_either(
    ann: Person, mia: Person, copied: Copy
) -> None:
    await become(mia, role="admin")
    copy = await copied()
    job = structs.replace(claimed(mia), tenant_id=copy.id)
    async with open_job(mia.runtime, job) as ctx:
        assert ctx.actor.grants["customers.delete"] == "all"
    await become(mia, role="readonly")
    async with open_job(mia.runtime, job) as ctx:
        assert ctx.actor.grants["customers.delete"] == "none"
    await become(mia, active=False)
    with pytest.raises(NotFound):
        async with open_job(mia.runtime, job):
            raise AssertionError


async def test_who_came_after_the_copy_is_told_so(ann: Person, mia: Person, copied: Copy) -> None:
    await become(mia, role="admin")
    copy = await copied()
    async with ann.runtime.open(copy) as ctx:
        await ctx.session.execute(delete(Member).where(Member.id == mia.member_id))
    page = await mia.page.get(inside(mia, "/customers"))
    assert page.status_code == 404
    assert "It was copied before you came" in page.text
    assert 'href="/w/acme/settings/data"' in page.text


async def test_where_there_is_none_a_page_leads_back(ann: Person, copied: Copy) -> None:
    async def refused() -> None:
        page = await ann.page.get(inside(ann, "/customers"))
        assert page.status_code == 404
        assert "There is no sandbox" in page.text
        assert 'href="/w/acme/settings/data"' in page.text
        assert 'href="/w/acme.sandbox/"' not in page.text
        assert (await send(ann, "/customers/new", name="X")).status_code == 404

    await refused()
    copy = await copied()
    # What stands at that address and is no sandbox of this workspace is none, nor is one that is being removed.
    for values in ({"sandbox_of": None}, {"sandbox_of": copy.id}, {"state": "deleting"}):
        async with ann.runtime.control() as control:
            row = update(TenantRow).where(TenantRow.id == copy.id)
            await control.session.execute(row.values(**values))
        ann.runtime.directory.forget()
        await refused()
        async with ann.runtime.control() as control:
            await control.session.execute(row.values(sandbox_of=ann.tenant.id, state="active"))
        ann.runtime.directory.forget()
    assert (await ann.page.get(inside(ann, "/customers"))).status_code == 200


async def test_removed_or_made_anew_while_somebody_is_inside(ann: Person, copied: Copy) -> None:
    await copied()
    assert (await send(ann, "/customers/new", name="Tried")).status_code in (200, 303)
    await ann.api.post("/customers", json={"name": "Later"})
    fresh = await copies.refresh(ann.runtime, ann.tenant)
    page = await ann.page.get(inside(ann, "/customers"))
    assert page.status_code == 200
    assert "Later" in page.text
    assert "Tried" not in page.text
    await copies.remove(ann.runtime, ann.tenant)
    gone = await ann.page.get(inside(ann, "/customers"), headers={"HX-Request": "true"})
    assert gone.status_code == 404
    assert "There is no sandbox" in gone.text
    assert 'href="/w/acme/settings/data"' in gone.text
    with psycopg.connect(ann.runtime.databases.settings.admin_dsn()) as admin:
        found = admin.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [fresh.schema]).fetchone()
    assert found is None


async def test_a_stream_ends_with_the_way_in(
    ann: Person, mia: Person, copied: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "PAUSE_S", 0.01)
    monkeypatch.setattr(live, "LOOK_S", 0.02)
    await become(mia, role="admin")

    async def open_stream(copy: Tenant) -> Any:
        who = Principal(kind="member", tenant=copy, member_id=mia.member_id)
        scope = {"gx.principal": who, "path": inside(mia, "/live")}
        request: Any = SimpleNamespace(scope=scope, cookies={"gx_session": mia.token}, headers={})
        stream = live.parts(mia.runtime, request)
        await anext(stream)
        return stream

    stream = await open_stream(await copied())
    await become(mia, role="manager")
    with pytest.raises(StopAsyncIteration):
        await anext(stream)
    await become(mia, role="admin")
    stream = await open_stream(await copied())
    await copies.refresh(ann.runtime, ann.tenant)
    with pytest.raises(StopAsyncIteration):
        await anext(stream)
    stream = await open_stream(await copied())
    await copies.remove(ann.runtime, ann.tenant)
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


async def set_state(person: Person, state: str) -> None:
    async with person.runtime.control() as control:
        row = update(TenantRow).where(TenantRow.id == person.tenant.id)
        await control.session.execute(row.values(state=state, revision=TenantRow.revision + 1))
    person.runtime.directory.forget()


async def test_it_is_open_only_while_the_workspace_is(ann: Person, bo: Person, copied: Copy) -> None:
    await copied()
    await set_state(ann, "suspended")
    assert (await ann.page.get(inside(ann, "/customers"))).status_code == 503
    await set_state(ann, "deleting")
    closed = await ann.page.get(inside(ann, "/customers"))
    assert (closed.status_code, closed.headers["location"]) == (303, f"/closed/{ann.tenant.id}")
    assert (await send(ann, "/customers/new", name="X")).headers["location"] == f"/closed/{ann.tenant.id}"
    await set_state(ann, "active")
    assert (await ann.page.get(inside(ann, "/customers"))).status_code == 200


async def test_two_steps_are_demanded_there_as_well(ann: Person, copied: Copy) -> None:
    await copied()
    async with ann.runtime.control() as control:
        control.session.add(SignInPolicy(tenant_id=ann.tenant.id, demanded_at=control.now()))
    page = await ann.page.get(inside(ann, "/customers"))
    assert page.headers["location"].startswith("/second-factor")


async def test_a_sandbox_has_no_sandbox_and_no_members_of_its_own(
    ann: Person, bo: Person, copied: Copy
) -> None:
    copy = await copied()
    assert (await ann.page.get("/w/acme.sandbox.sandbox/customers")).status_code == 404
    assert (await ann.page.get("/w/.sandbox/customers")).status_code == 404
    async with bo.runtime.control() as control:
        control.session.add(
            Membership(id=uuid7(), account_id=bo.account_id, tenant_id=copy.id, member_id=bo.member_id)
        )
    assert (await bo.page.get(inside(bo, "/customers"))).status_code == 404
    assert ".sandbox" not in (await bo.page.get(bo.w("/customers"))).text
