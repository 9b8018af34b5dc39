"""Whoever let an app in leaves: a successor answers for it, and what has no key any more needs consent again."""

from __future__ import annotations

import pytest

from core.access.models import Member, Role
from core.webhooks.models import Endpoint
from tenants.api_keys import of_apps
from tests.tenants.remote_apps.conftest import KEY, apps_of, asked, make

NEEDS = "Needs consent again"


@pytest.fixture
async def adam(ann, mia):
    """Mia as an administrator, who lets apps in."""
    async with ann.acting() as ctx:
        (await ctx.session.get_one(Member, mia.member_id)).role = "admin"
    mia.runtime.forget_actors(mia.tenant.id)
    return mia


async def leave(ann, member, to, keys):
    path = f"/settings/members/{member.member_id}/leave"
    sent = {"to": to if isinstance(to, str) else str(to.member_id), "keys": keys}
    assert (await ann.post(path, sent)).status_code == 303


async def needs_consent(ann, made):
    """What the API, the app's page and the list say."""
    page = (await ann.page.get(ann.w(f"/remote-apps/{made.id}"))).text
    listed = (await ann.page.get(ann.w("/marketplace?category=remote"))).text
    shown = (await ann.api.get(f"/remote-apps/{made.id}")).json()["needs_consent"]
    assert {shown} == {NEEDS in page, NEEDS in listed, f"/remote-apps/{made.id}/agree" in page}
    return shown


async def endpoint_of(ann, made):
    async with ann.ctx() as ctx:
        return await ctx.session.get_one(Endpoint, made.id)


async def new_customer(ann, name="Blue Harbor"):
    assert (await ann.api.post("/customers", json={"name": name})).status_code == 201


@pytest.mark.parametrize("keys", ["revoke", "transfer"])
async def test_a_successor_answers_for_apps(ann, adam, author, drain, keys):
    made = await make(adam, author)
    await drain()
    page = (await ann.page.get(ann.w(f"/settings/members/{adam.member_id}/leave"))).text
    assert "Remote apps" in page
    assert "go to a successor alone" in page
    await leave(ann, adam, ann, keys)
    await drain()
    await new_customer(ann)
    await drain()
    assert (await apps_of(ann))[0].member_id == ann.member_id
    endpoint = await endpoint_of(ann, made)
    assert (endpoint.member_id, endpoint.state) == (ann.member_id, "active")
    assert len(author.receiver.got) == 1
    assert await asked(ann, made.key) == (401 if keys == "revoke" else 200)
    assert await needs_consent(ann, made) is (keys == "revoke")


async def consent(person, made):
    page = (await person.page.get(person.w(f"/remote-apps/{made.id}"))).text
    form = page.split(f"/remote-apps/{made.id}/agree", 1)[1].split("</form>", 1)[0]
    version = form.split('name="version" value="', 1)[1].split('"', 1)[0]
    return await person.post(f"/remote-apps/{made.id}/agree", {"version": version})


async def test_consent_again_gives_an_app_a_new_key(ann, adam, author, drain):
    made = await make(adam, author)
    await drain()
    assert await needs_consent(ann, made) is False
    await leave(ann, adam, "nobody", "revoke")
    await drain()
    await new_customer(ann, "Meanwhile")
    await drain()
    assert author.receiver.got == []
    assert await needs_consent(ann, made) is True
    assert (await ann.post(f"/remote-apps/{made.id}/agree", {"version": "other"})).status_code == 409
    key = KEY.search((await consent(ann, made)).text).group(0)
    await drain()
    assert await asked(ann, key) == 200
    assert await needs_consent(ann, made) is False
    [got] = author.receiver.got
    assert got.json["data"]["label"] == "Meanwhile"


async def test_an_app_whose_key_was_ended_by_itself_needs_consent_again(ann, author):
    made = await make(ann, author)
    async with ann.runtime.control() as control:
        [key] = await of_apps.living(control, made.id)
    assert (await ann.post(f"/settings/keys/{key.id}/revoke")).status_code == 303
    assert await needs_consent(ann, made) is True
    bare = author.form(**{"scope.customers": "", "webhook_url": "", "events": []})
    assert (await ann.post(f"/remote-apps/{made.id}/edit", bare)).status_code == 303
    assert await needs_consent(ann, made) is False, "without scopes there is no key to miss"


async def test_apps_go_to_nobody_who_sees_more_than_who_hands_over(ann, adam, bo, author, drain):
    made = await make(adam, author)
    async with ann.acting() as ctx:
        ctx.session.add(Role(key="people", name="People", grants={"members.manage": "all"}))
        (await ctx.session.get_one(Member, bo.member_id)).role = "people"
    bo.runtime.forget_actors(bo.tenant.id)
    await leave(bo, adam, ann, "keep")
    await drain()
    assert (await apps_of(ann))[0].member_id == adam.member_id
    assert await needs_consent(ann, made) is True
