"""Roles of a workspace's own: made by copying, changed, removed, and never above whoever makes them."""

from __future__ import annotations

from core.access.models import Member


async def become(ann, person, role):
    async with ann.acting() as ctx:
        (await ctx.session.get_one(Member, person.member_id)).role = role
    ann.runtime.forget_actors(ann.tenant.id)


async def roles(ann):
    return {role["key"]: role for role in (await ann.api.get("/roles")).json()["data"]}


async def test_a_role_is_copied_changed_used_and_removed(ann, bo):
    page = (await ann.page.get(ann.w("/settings/roles"))).text
    assert ann.w("/settings/roles/new?like=readonly") in page
    assert ann.w("/settings/roles/new?like=owner") not in page
    form = (await ann.page.get(ann.w("/settings/roles/new?like=readonly"))).text
    assert 'name="grant.customers.view" value="all" checked' in form
    sent = {"name": "审计 Auditor", "grant.customers.view": "all", "grant.deals.view": "own"}
    assert (await ann.post("/settings/roles/new", sent)).status_code == 303
    [made] = [role for role in (await roles(ann)).values() if not role["built_in"]]
    assert made["name"] == "审计 Auditor"
    assert (made["grants"]["deals.view"], made["grants"]["tasks.view"]) == ("own", "none")
    path = f"/settings/roles/{made['key']}"
    assert 'value="own" checked' in (await ann.page.get(ann.w(path))).text
    assert (await ann.post(path, {**sent, "name": "Auditor", "grant.deals.view": "all"})).status_code == 303
    assert (await roles(ann))[made["key"]]["grants"]["deals.view"] == "all"
    await become(ann, bo, made["key"])
    assert (await bo.api.get("/tasks")).status_code == 403
    assert (await bo.api.get("/customers")).status_code == 200
    kept = await ann.post(f"{path}/delete")
    assert kept.status_code == 409
    assert "1 people have this role" in kept.text
    await become(ann, bo, "member")
    assert (await ann.post(f"{path}/delete")).status_code == 303
    assert made["key"] not in await roles(ann)


async def test_keys_of_roles_differ_whatever_they_are_called(ann):
    for _ in range(2):
        assert (await ann.post("/settings/roles/new", {"name": "New"})).status_code == 303
    assert (await ann.post("/settings/roles/new", {"name": "123"})).status_code == 303
    own = {key for key, role in (await roles(ann)).items() if not role["built_in"]}
    assert own == {"new_2", "new_3", "role_123"}


async def test_what_is_wrong_changes_nothing(ann):
    before = await roles(ann)
    for sent in (
        {"name": ""},
        {"name": "X", "grant.moon.view": "all"},
        {"name": "X", "grant.customers.view": "everywhere"},
    ):
        assert (await ann.post("/settings/roles/new", sent)).status_code == 422
    assert await roles(ann) == before


async def test_built_in_roles_are_copied_not_changed(ann):
    for key in ("owner", "member", "nonsense"):
        assert (await ann.page.get(ann.w(f"/settings/roles/{key}"))).status_code == 404
        assert (await ann.post(f"/settings/roles/{key}", {"name": "X"})).status_code == 404
        assert (await ann.post(f"/settings/roles/{key}/delete")).status_code == 404
    assert (await ann.api.delete("/roles/member")).status_code == 404
    body = {"name": "Member", "grants": {"customers.view": "all"}}
    assert (await ann.api.put("/roles/member", json=body)).status_code == 200
    assert (await roles(ann))["member"]["grants"]["customers.view"] == "all"
    assert (await ann.api.delete("/roles/member")).status_code == 204
    assert (await roles(ann))["member"]["grants"]["customers.view"] != "all"


async def test_nobody_grants_gives_or_changes_more_than_his_own_role_reaches(ann, bo, mia, rea):
    hr = {"name": "HR", "grants": {"members.view": "all", "members.manage": "all", "customers.view": "own"}}
    big = {"name": "Big", "grants": {"customers.view": "all", "customers.delete": "all"}}
    assert (await ann.api.put("/roles/hr", json=hr)).status_code == 200
    assert (await ann.api.put("/roles/big", json=big)).status_code == 200
    await become(ann, bo, "hr")
    above = {"name": "Mine", "grants": {"customers.view": "all", "members.view": "all"}}
    wrong = await bo.api.put("/roles/mine", json=above)
    assert [error["path"] for error in wrong.json()["errors"]] == ["grants.customers.view"]
    own = {"name": "Mine", "grants": {"customers.view": "own", "members.view": "all"}}
    assert (await bo.api.put("/roles/mine", json=own)).status_code == 200
    changed = await bo.api.put("/roles/big", json={"name": "Small", "grants": {}})
    assert (changed.status_code, changed.json()["code"]) == (403, "role.above")
    assert (await bo.api.delete("/roles/big")).status_code == 403
    for role in ("admin", "big"):
        refused = await bo.api.patch(f"/members/{bo.member_id}", json={"role": role})
        assert refused.status_code == 403
        new = {"name": "D", "email": "d@acme.test", "role": role}
        assert (await bo.api.post("/members", json=new)).status_code == 403
        asked = {"email": "d@acme.test", "role": role}
        assert (await bo.api.post("/invitations", json=asked)).status_code == 403
    assert (await bo.api.patch(f"/members/{mia.member_id}", json={"role": "mine"})).status_code == 403
    await become(ann, rea, "mine")
    assert (await bo.api.patch(f"/members/{rea.member_id}", json={"role": "hr"})).status_code == 200


async def test_who_may_not_manage_sees_and_changes_nothing(bo, zed, ann):
    assert (await bo.page.get(bo.w("/settings/roles"))).status_code == 200
    assert "roles/new" not in (await bo.page.get(bo.w("/settings/roles"))).text
    assert (await bo.page.get(bo.w("/settings/roles/new"))).status_code == 403
    assert (await bo.post("/settings/roles/new", {"name": "X"})).status_code == 403
    assert (await ann.api.put("/roles/clerk", json={"name": "Clerk"})).status_code == 200
    assert (await bo.api.delete("/roles/clerk")).status_code == 403
    assert (await zed.page.get(zed.w("/settings/roles/clerk"))).status_code == 404
