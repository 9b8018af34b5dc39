"""The verbs of remote apps at their edges: who decides, limits, other people's keys, and work that comes twice."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from core.access.models import Member, Role
from core.kernel.errors import Conflict, Forbidden
from core.tenancy.ctx import Principal
from core.tenancy.directory import TenantRow
from core.webhooks.models import Endpoint
from tenants.api_keys import of_apps
from tenants.remote_apps import asking, jobs, queries, service
from tenants.remote_apps.schema import AppIn, AppParams, AppPatch
from tests.tenants.remote_apps.conftest import KEY, SECRET, apps_of, asked, make


async def test_a_key_decides_nothing(ann, author):
    made = await make(ann, author)
    key = Principal(kind="key", tenant=ann.tenant, member_id=ann.member_id)
    wanted = AppIn(name="x", scopes=["deals:write"])
    for who in (key, None):
        async with ann.runtime.control(who) as control:
            app = await queries.one(control, ann.tenant.id, made.id)
            for verb in (
                service.agree(control, ann.tenant, app, wanted),
                service.replace_secret(control, ann.tenant, app),
            ):
                with pytest.raises(Forbidden):
                    await verb
            control.roll_back()
    assert await asked(ann, made.key, "/deals") == 403


async def test_who_takes_an_app_over_gets_a_key_with_his_own_rights(ann, mia, author):
    made = await make(ann, author)
    async with ann.acting() as ctx:
        (await ctx.session.get_one(Member, mia.member_id)).role = "admin"
    answer = await mia.post(f"/remote-apps/{made.id}/key", {"hours": "24"})
    key = KEY.search(answer.text).group(0)
    assert await asked(ann, made.key) == 401
    assert await asked(ann, key) == 200
    async with ann.runtime.control() as control:
        [living] = await of_apps.living(control, made.id)
    assert living.member_id == mia.member_id
    assert (await apps_of(ann))[0].member_id == mia.member_id


async def test_whoever_may_make_no_keys_lets_no_key_in(ann, mia, author):
    async with ann.acting() as ctx:
        (await ctx.session.get_one(Member, mia.member_id)).role = "apps"
        grants = {"remote_apps.view": "all", "remote_apps.manage": "all"}
        ctx.session.add(Role(key="apps", name="Apps", grants=grants))
    no_key = {"scope.customers": "", "webhook_url": "", "events": []}
    assert (await mia.post("/remote-apps/new", author.form())).status_code == 403
    assert (await mia.post("/remote-apps/new", author.form(**no_key))).status_code == 200
    [app] = await apps_of(ann)
    assert (await mia.post(f"/remote-apps/{app.id}/key", {"hours": "0"})).status_code == 403
    assert (await mia.post(f"/remote-apps/{app.id}/edit", author.form())).status_code == 403


async def test_an_app_has_its_place_in_the_plan(ann, author):
    async with ann.runtime.control() as control:
        limited = update(TenantRow).where(TenantRow.id == ann.tenant.id).values(limits={"api_keys": 1})
        await control.session.execute(limited)
    answer = await ann.post("/remote-apps/new", author.form())
    assert answer.status_code == 402
    assert await apps_of(ann) == []


async def test_a_workspace_has_so_many_apps(ann, author, monkeypatch):
    monkeypatch.setattr(service, "MOST", 1)
    await make(ann, author)
    assert (await ann.post("/remote-apps/new", author.form())).status_code == 409
    assert (await ann.api.post("/remote-apps", json={"name": "x"})).status_code == 409
    answer = await ann.post("/remote-apps/manifest", {"manifest_url": author.manifest_url})
    assert answer.status_code == 409
    assert "Remove one first" in answer.text


async def test_what_nobody_agreed_to_has_neither_key_nor_secret(ann, author):
    app = (await ann.api.post("/remote-apps", json={"name": "x", "scopes": ["customers:read"]})).json()
    assert (await ann.post(f"/remote-apps/{app['id']}/secret")).status_code == 409
    assert (await ann.post(f"/remote-apps/{app['id']}/key", {"hours": "0"})).status_code == 409
    assert (await ann.api.post(f"/remote-apps/{app['id']}/pause")).json()["state"] == "asked"
    assert (await ann.api.post(f"/remote-apps/{app['id']}/resume")).json()["state"] == "asked"
    assert (await ann.page.get(ann.w(f"/remote-apps/{app['id']}/edit"))).status_code == 200
    assert (await ann.post(f"/remote-apps/{app['id']}/edit", author.form())).status_code == 200
    assert (await apps_of(ann))[0].state == "active"


async def test_an_app_that_waits_for_its_manifest_cannot_be_changed(ann, author):
    await ann.post("/remote-apps/manifest", {"manifest_url": author.manifest_url})
    [app] = await apps_of(ann)
    async with ann.runtime.control() as control:
        found = await queries.one(control, ann.tenant.id, app.id)
        found.manifest_url = ""
        with pytest.raises(Conflict):
            service.patched(found, AppPatch(name="x"))
        control.roll_back()


async def test_the_webhook_follows_however_often_it_is_asked_for(ann, author, drain):
    made = await make(ann, author)
    for _ in range(2):
        async with ann.runtime.control(ann.principal) as control:
            control.enqueue(service.SETTLE, AppParams(app_id=made.id), tenant_id=ann.tenant.id)
        await drain()
    async with ann.ctx() as ctx:
        endpoint = await ctx.session.get_one(Endpoint, made.id)
    assert (endpoint.state, endpoint.url) == ("active", author.receiver.url("ok"))
    assert endpoint.bounds["customers.view"] == "all"
    assert endpoint.bounds["deals.view"] == "none"


async def test_what_is_decided_meanwhile_holds_in_the_end(ann, author, drain, monkeypatch):
    """A decision that falls between reading and writing is not lost."""
    made = await make(ann, author)
    place, paused = jobs._place, []

    async def late(ctx, app, params):
        await place(ctx, app, params)
        if not paused:
            paused.append(True)
            async with ann.runtime.control(ann.principal) as control:
                found = await queries.one(control, ann.tenant.id, made.id, lock=True)
                found.state = "paused"

    monkeypatch.setattr(jobs, "_place", late)
    await drain()
    async with ann.ctx() as ctx:
        assert (await ctx.session.get_one(Endpoint, made.id)).state == "paused"


@pytest.fixture
async def narrow(ann, mia):
    """Mia, who may let apps in and sees her own customers alone."""
    manages = dict.fromkeys(("remote_apps", "api_keys", "webhooks"), "all")
    grants = {f"{name}.{verb}": "all" for name in manages for verb in ("view", "manage")}
    async with ann.acting() as ctx:
        ctx.session.add(Role(key="apps", name="Apps", grants={**grants, "customers.view": "own"}))
        (await ctx.session.get_one(Member, mia.member_id)).role = "apps"
    mia.runtime.forget_actors(mia.tenant.id)
    return mia


async def customers_of(person, key):
    answer = await person.api.get("/customers", headers={"Authorization": f"Bearer {key}"})
    return [one["name"] for one in answer.json()["data"]]


async def new_customer(person, name, **values):
    assert (await person.api.post("/customers", json={"name": name, **values})).status_code == 201


@pytest.mark.parametrize("how", ["edit", "agree", "key"])
async def test_whoever_agrees_answers_for_key_and_webhook_with_no_more_than_his_rights(
    ann, narrow, author, drain, how
):
    made = await make(ann, author)
    await drain()
    own = (await ann.page.get(ann.w(f"/remote-apps/{made.id}"))).text
    assert "You take it over" not in own
    path = f"/remote-apps/{made.id}"
    fields = author.form(**{"scope.customers": "write"})
    if how == "agree":
        asked_for = {"scopes": ["customers:write"], "events": ["customer.*"]}
        assert (await ann.api.patch(path, json=asked_for)).status_code == 200
        fields = {"version": asking.mark((await apps_of(ann))[0].asked)}
    page = (await narrow.page.get(narrow.w(f"{path}/edit" if how == "edit" else path))).text
    assert "You take it over" in page
    answer = await narrow.post(f"{path}/{how}", fields if how != "key" else {"hours": "24"})
    key = KEY.search(answer.text).group(0)
    assert not SECRET.search(answer.text)
    await new_customer(ann, "Hers")
    await new_customer(ann, "Mia's", owner_id=str(narrow.member_id))
    await drain()
    assert await asked(ann, made.key) == 401
    assert await customers_of(ann, key) == ["Mia's"]
    assert [got.json["data"]["label"] for got in author.receiver.got] == ["Mia's"]
    assert (await apps_of(ann))[0].member_id == narrow.member_id
    async with ann.ctx() as ctx:
        assert (await ctx.session.get_one(Endpoint, made.id)).member_id == narrow.member_id


async def test_nobodys_key_is_left_where_an_app_has_no_scopes_any_more(ann, narrow, author):
    made = await make(ann, author)
    bare = author.form(**{"scope.customers": "", "webhook_url": "", "events": []})
    assert (await narrow.post(f"/remote-apps/{made.id}/edit", bare)).status_code == 303
    assert await asked(ann, made.key) == 401
    async with ann.runtime.control() as control:
        assert not await of_apps.living(control, made.id)


async def test_whoever_may_look_after_no_webhooks_takes_none_over_with_a_key(ann, mia, author):
    made = await make(ann, author)
    async with ann.acting() as ctx:
        grants = dict.fromkeys(("remote_apps.view", "remote_apps.manage", "api_keys.manage"), "all")
        ctx.session.add(Role(key="apps", name="Apps", grants=grants))
        (await ctx.session.get_one(Member, mia.member_id)).role = "apps"
    assert (await mia.post(f"/remote-apps/{made.id}/key", {"hours": "0"})).status_code == 403
    assert await asked(ann, made.key) == 200


async def test_the_webhook_waits_for_somebody_where_who_agreed_has_left(ann, narrow, author, drain):
    made = await make(narrow, author)
    await drain()
    async with ann.runtime.open(ann.tenant) as ctx:
        (await ctx.session.get_one(Member, narrow.member_id)).active = False
    for verb in ("pause", "resume"):
        assert (await ann.post(f"/remote-apps/{made.id}/{verb}")).status_code == 303
        await drain()
    await new_customer(ann, "Meanwhile")
    await drain()
    async with ann.ctx() as ctx:
        assert (await ctx.session.get_one(Endpoint, made.id)).state == "paused"
    assert author.receiver.got == []
    assert (await ann.post(f"/remote-apps/{made.id}/edit", author.form())).status_code == 200
    await drain()
    [got] = author.receiver.got
    assert got.json["data"]["label"] == "Meanwhile"
