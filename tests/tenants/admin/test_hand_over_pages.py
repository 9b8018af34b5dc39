"""The pages of a hand-over: what there is, who takes it, how it went, and the way back."""

from __future__ import annotations

import pytest

from core.access.models import Member
from core.customers.models import Customer
from tenants.api_keys.hand_over import count_of
from tests.core.members.test_hand_over import owner_of, stock


async def active(person, member_id):
    async with person.ctx() as ctx:
        return (await ctx.session.get_one(Member, member_id)).active


async def test_leaving_shows_what_there_is_and_hands_it_over(ann, bo, mia, drain):
    mine = await stock(bo)
    path = f"/settings/members/{bo.member_id}/leave"
    page = (await ann.page.get(ann.w(path))).text
    for shown in ("Customers", "Contacts", "Leads", "Tasks", "Saved views", "API keys", "Mia"):
        assert shown in page
    answer = await ann.post(path, {"to": str(mia.member_id), "keys": "revoke", "stay": ""})
    report = answer.headers["location"]
    assert "/settings/hand_overs/" in report
    assert not await active(ann, bo.member_id)
    assert "Under way" in (await ann.page.get(report)).text
    await drain()
    done = (await ann.page.get(report)).text
    assert "Under way" not in done
    assert "Customers" in done
    assert await owner_of(ann, Customer, mine["customer"]) == mia.member_id
    assert (await bo.api.get("/customers")).status_code in {401, 404}
    assert "Earlier hand-overs" in (await ann.page.get(ann.w(f"{path}?stay=1"))).text
    undone = await ann.post(report.removeprefix(ann.w("")) + "/undo")
    assert undone.status_code == 409


async def test_somebody_who_stays_hands_over_and_takes_back(ann, bo, mia, drain):
    mine = await stock(bo)
    path = f"/settings/members/{bo.member_id}/leave"
    nobody = await ann.post(path, {"to": "", "stay": "1"})
    assert nobody.status_code == 422
    assert "Choose who takes it over" in nobody.text
    answer = await ann.post(path, {"to": "nobody", "keys": "keep", "stay": "1"})
    assert answer.status_code == 303
    await drain()
    assert await active(ann, bo.member_id)
    assert await owner_of(ann, Customer, mine["customer"]) is None
    report = answer.headers["location"]
    back = await ann.page.post(f"{report}/undo", data={"_csrf": ann.csrf})
    assert back.status_code == 303
    await drain()
    assert await owner_of(ann, Customer, mine["customer"]) == bo.member_id


@pytest.mark.parametrize("to", ["nonsense", "01890000-0000-7000-8000-000000000000"])
async def test_a_successor_who_does_not_exist_changes_nothing(ann, bo, to):
    path = f"/settings/members/{bo.member_id}/leave"
    assert (await ann.post(path, {"to": to, "keys": "revoke"})).status_code == 422
    assert await active(ann, bo.member_id)


async def keys_of(person):
    async with person.runtime.control() as control:
        return await count_of(control, person.tenant.id, person.member_id)


@pytest.mark.parametrize(("keys", "left"), [("revoke", 0), ("keep", 1), (None, 1)])
async def test_without_a_successor_only_the_door_closes(ann, bo, drain, keys, left):
    mine = await stock(bo)
    path = f"/settings/members/{bo.member_id}/leave"
    sent = {"to": "keep"} if keys is None else {"to": "keep", "keys": keys}
    assert (await ann.post(path, sent)).status_code == 303
    await drain()
    assert not await active(ann, bo.member_id)
    assert await owner_of(ann, Customer, mine["customer"]) == bo.member_id
    assert await keys_of(bo) == left


async def test_without_a_successor_keys_go_to_nobody(ann, bo):
    path = f"/settings/members/{bo.member_id}/leave"
    refused = await ann.post(path, {"to": "keep", "keys": "transfer"})
    assert refused.status_code == 422
    assert "only go to a successor" in refused.text
    assert await active(ann, bo.member_id)
    assert await keys_of(bo) == 1


async def test_keys_stay_where_the_door_may_not_be_closed(ann, mia):
    async with ann.acting() as ctx:
        (await ctx.session.get_one(Member, mia.member_id)).role = "admin"
    ann.runtime.forget_actors(ann.tenant.id)
    refused = await mia.post(f"/settings/members/{ann.member_id}/leave", {"to": "keep", "keys": "revoke"})
    assert refused.status_code == 403
    assert await active(ann, ann.member_id)
    assert await keys_of(ann) == 1


async def test_others_see_none_of_it(ann, bo, mia, zed, drain):
    path = f"/settings/members/{ann.member_id}/leave"
    assert (await bo.page.get(bo.w(path))).status_code == 403
    assert (await zed.page.get(zed.w(path))).status_code == 404
    answer = await ann.post(f"/settings/members/{bo.member_id}/leave", {"to": "nobody", "stay": "1"})
    report = answer.headers["location"].removeprefix(ann.w(""))
    assert (await mia.page.get(mia.w(report))).status_code == 403
    assert (await zed.page.get(zed.w(report))).status_code == 404


async def told(person):
    found = (await person.api.get("/notifications")).json()["data"]
    return [(one["text"], one["path"]) for one in found]


async def test_the_successor_is_told_and_sees_what_came(ann, bo, mia, drain):
    await stock(bo)
    path = f"/settings/members/{bo.member_id}/leave"
    answer = await ann.post(path, {"to": str(mia.member_id), "keys": "keep", "stay": "1"})
    report = answer.headers["location"].removeprefix(ann.w(""))
    await drain()
    ((text, where),) = await told(mia)
    assert (text, where) == ("What Bo owned is yours now, 5 in all", report)
    page = await mia.page.get(mia.w(report))
    assert page.status_code == 200
    assert f'href="{mia.w("/customers")}?f=owner_id:me"' in page.text
    assert "/undo" not in page.text
    assert (await mia.post(f"{report}/undo")).status_code == 403
    shown = (await ann.page.get(ann.w(report))).text
    assert "/undo" in shown
    assert "owner_id:me" not in shown
    assert (await ann.post(f"{report}/undo")).status_code == 303
    await drain()
    ((text, _),) = await told(bo)
    assert text == "What was yours is yours again, 5 in all"
    assert len(await told(mia)) == 1


async def test_nobody_is_told_of_what_went_to_nobody_or_was_nothing(ann, bo, mia, drain):
    path = f"/settings/members/{bo.member_id}/leave"
    await ann.post(path, {"to": str(mia.member_id), "stay": "1"})
    await drain()
    await stock(bo)
    await ann.post(path, {"to": "nobody", "stay": "1"})
    await drain()
    for person in (ann, bo, mia):
        assert await told(person) == []
