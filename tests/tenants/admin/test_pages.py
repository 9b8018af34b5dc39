"""The settings pages: who may use them, what they change, and what they show once."""

import re

import pytest
from sqlalchemy import select

from core.access.models import Member, Unit
from tenants.accounts import authentication
from tenants.accounts import service as accounts
from tenants.accounts.models import Account, Membership
from tests.fixtures.people import PASSWORD

OWN = "a password of my own"


@pytest.fixture(autouse=True)
def forgetful(monkeypatch):
    """Ask the database every time: what is tested is not how long a process remembers."""
    monkeypatch.setattr(authentication, "TTL_S", 0.0)
    authentication._kept.clear()


@pytest.fixture(autouse=True)
def strangers_to_the_process(runtime):
    """Remember nobody from another test: its rows are gone, and with them what it changed."""
    runtime._actors.kept.clear()


async def account_of(person, email):
    async with person.runtime.control() as control:
        return await control.session.scalar(select(Account).where(Account.email == email))


async def member_of(person, email):
    async with person.ctx() as ctx:
        return await ctx.session.scalar(select(Member).where(Member.email == email))


async def memberships(person, member):
    async with person.runtime.control() as control:
        statement = select(Membership).where(Membership.member_id == member.id)
        return (await control.session.scalars(statement)).all()


async def hired(ann, email="dee@acme.test", **more):
    answer = await ann.post(
        "/settings/members/new", {"name": "Dee", "email": email, "role": "member", **more}
    )
    assert answer.status_code == 200, answer.text
    found = re.search(r"<code>([^<]+)</code>", answer.text)
    return found[1] if found else ""


async def test_the_index_shows_the_cards_that_one_may_use(ann):
    page = await ann.page.get(ann.w("/settings"))
    assert page.status_code == 200
    for name in ("profile", "members", "units", "roles"):
        assert f'href="{ann.w(f"/settings/{name}")}"' in page.text


@pytest.mark.parametrize("path", ["members", "members/new", "units", "roles", "profile"])
async def test_every_page_is_shown(ann, path):
    assert (await ann.page.get(ann.w(f"/settings/{path}"))).status_code == 200


async def test_only_managers_change_people(bo, ann):
    assert (await bo.page.get(bo.w("/settings/members"))).status_code == 200
    assert (await bo.page.get(bo.w("/settings/members/new"))).status_code == 403
    assert (await bo.page.get(bo.w(f"/settings/members/{ann.member_id}"))).status_code == 403
    for path in ("new", f"{ann.member_id}", f"{ann.member_id}/leave", f"{ann.member_id}/password"):
        assert (await bo.post(f"/settings/members/{path}", {"name": "x"})).status_code == 403
    assert (await bo.post("/settings/units", {"name": "x"})).status_code == 403


async def test_another_tenants_people_do_not_exist(zed, ann):
    assert (await zed.page.get(zed.w(f"/settings/members/{ann.member_id}"))).status_code == 404
    assert (await zed.post(f"/settings/members/{ann.member_id}/leave")).status_code == 404
    assert (await zed.post(f"/settings/members/{ann.member_id}/password")).status_code == 404


async def test_a_new_member_replaces_the_password_that_the_owner_passed_on(ann, stranger):
    password = await hired(ann)
    page = await stranger.post("/login", data={"email": "dee@acme.test", "password": password})
    assert page.headers["location"] == "/password"
    assert (await stranger.get(ann.w("/customers"))).status_code == 404
    csrf = re.search(r'name="_csrf" value="([^"]+)"', (await stranger.get("/password")).text)[1]
    again = await stranger.post("/password", data={"new": password, "_csrf": csrf})
    assert again.status_code == 422
    done = await stranger.post("/password", data={"new": OWN, "_csrf": csrf})
    assert done.headers["location"] == "/"
    assert (await stranger.get(ann.w("/customers"))).status_code == 200
    assert (await stranger.get("/password")).status_code == 200
    stranger.cookies.clear()
    fresh = await stranger.post("/login", data={"email": "dee@acme.test", "password": OWN})
    assert fresh.headers["location"] == "/"


async def test_a_page_outside_cannot_replace_a_password_of_ones_own(ann):
    assert (await ann.page.post("/password", data={"new": OWN, "_csrf": ann.csrf})).status_code == 404


async def test_all_errors_of_a_new_member_come_at_once(ann):
    answer = await ann.post("/settings/members/new", {"name": "", "email": "nonsense", "role": "member"})
    assert answer.status_code == 422
    assert answer.text.count('aria-invalid="true"') == 2
    assert await member_of(ann, "nonsense") is None


async def test_a_login_that_another_workspace_made_up_is_let_in_by_mail_alone(ann, zed):
    await hired(zed, "dee@acme.test")
    refused = await ann.post(
        "/settings/members/new", {"name": "Dee", "email": "dee@acme.test", "role": "member"}
    )
    assert refused.status_code == 409
    assert "Invite it by mail instead" in refused.text
    assert await member_of(ann, "dee@acme.test") is None
    dee = await account_of(ann, "dee@acme.test")
    async with ann.runtime.control() as control:
        assert not await accounts.opens(control, dee.id, ann.tenant.id)


async def test_somebody_with_an_account_keeps_its_password(ann, zed):
    async with ann.runtime.control() as control:
        (await control.session.get_one(Account, zed.account_id)).verified_at = control.now()
    assert await hired(ann, "zed@beta.test") == ""
    member = await member_of(ann, "zed@beta.test")
    assert len(await memberships(ann, member)) == 1
    answer = await ann.post(f"/settings/members/{member.id}/password")
    assert "on its way to zed@beta.test" in answer.text
    assert not (await account_of(ann, "zed@beta.test")).is_provisional


async def test_a_member_is_changed_and_the_last_owner_stays(ann, bo):
    path = f"/settings/members/{bo.member_id}"
    page = await ann.page.get(ann.w(path))
    version = re.search(r'name="version" value="(\d+)"', page.text)[1]
    data = {
        "name": "Bob",
        "phone": "",
        "title": "Sales",
        "role": "manager",
        "unit_id": "",
        "version": version,
    }
    assert (await ann.post(path, data)).status_code == 303
    member = await member_of(ann, "bo@acme.test")
    assert (member.name, member.title, member.role) == ("Bob", "Sales", "manager")
    assert (await ann.post(path, data)).status_code == 412
    own = f"/settings/members/{ann.member_id}"
    version = re.search(r'name="version" value="(\d+)"', (await ann.page.get(ann.w(own))).text)[1]
    refused = await ann.post(own, {"name": "Ann", "role": "member", "version": version})
    assert refused.status_code == 409
    assert "needs an owner" in refused.text
    assert (await ann.post(f"/settings/members/{ann.member_id}/leave")).status_code == 409


async def test_whoever_left_is_out_and_may_return(ann, bo, drain):
    path = f"/settings/members/{bo.member_id}"
    assert (await ann.post(f"{path}/leave")).status_code == 303
    assert (await bo.page.get(bo.w("/customers"))).status_code == 404
    await drain()
    member = await member_of(ann, "bo@acme.test")
    assert await memberships(ann, member) == []
    assert (await ann.post(f"{path}/return")).status_code == 303
    await drain()
    assert (await bo.page.get(bo.w("/customers"))).status_code == 200


async def test_a_provisional_password_is_made_anew_until_it_was_replaced(ann, stranger):
    first = await hired(ann)
    member = await member_of(ann, "dee@acme.test")
    answer = await ann.post(f"/settings/members/{member.id}/password")
    second = re.search(r"<code>([^<]+)</code>", answer.text)[1]
    old = await stranger.post("/login", data={"email": "dee@acme.test", "password": first})
    assert old.status_code == 422
    new = await stranger.post("/login", data={"email": "dee@acme.test", "password": second})
    assert new.headers["location"] == "/password"


async def test_nobody_takes_over_a_login_that_has_a_password_of_its_own(ann, bo, stranger, drain):
    answer = await ann.post(f"/settings/members/{bo.member_id}/password")
    assert "on its way to bo@acme.test" in answer.text
    assert "<code>" not in answer.text
    assert (await bo.page.get(bo.w("/customers"))).status_code == 200
    same = await stranger.post("/login", data={"email": "bo@acme.test", "password": PASSWORD})
    assert same.headers["location"] == "/"
    await drain()
    inbox = ann.runtime.mailer.inbox
    assert any("bo@acme.test" in entry.to for entry in inbox.newest())


async def test_departments_are_made_moved_and_removed(ann):
    assert (await ann.post("/settings/units", {"name": "Sales", "parent_id": ""})).status_code == 303
    async with ann.ctx() as ctx:
        sales = await ctx.session.scalar(select(Unit).where(Unit.name == "Sales"))
    assert (
        await ann.post("/settings/units", {"name": "South", "parent_id": str(sales.id)})
    ).status_code == 303
    page = await ann.page.get(ann.w("/settings/units"))
    assert 'data-depth="1"' in page.text
    path = f"/settings/units/{sales.id}"
    assert (await ann.page.get(ann.w(path))).status_code == 200
    assert (await ann.post(path, {"name": "Selling", "parent_id": ""})).status_code == 303
    below = await ann.post(path, {"name": "Selling", "parent_id": str(sales.id)})
    assert below.status_code == 422
    assert (await ann.post(f"{path}/delete")).status_code == 409
    assert (await ann.post("/settings/units", {"name": "", "parent_id": ""})).status_code == 422


async def test_ones_own_profile_is_ones_own(bo):
    data = {"name": "Bob", "phone": "", "title": "", "locale": "zh_CN", "timezone": "Asia/Tokyo"}
    assert (await bo.post("/settings/profile", data)).status_code == 303
    page = await bo.page.get(bo.w("/settings/profile"))
    assert 'lang="zh-CN"' in page.text
    assert (await account_of(bo, "bo@acme.test")).locale == "zh_CN"
    wrong = await bo.post("/settings/profile", {**data, "timezone": "Mars/Base"})
    assert wrong.status_code == 422
    assert (await bo.post("/settings/profile", {**data, "role": "owner"})).status_code == 403


async def test_the_language_button_changes_the_language(bo):
    there = f"http://guanxi.test{bo.w('/customers?sort=name')}"
    answer = await bo.post("/settings/language", {"locale": "zh_CN"}, headers={"Referer": there})
    assert answer.headers["location"] == bo.w("/customers?sort=name")
    assert 'lang="zh-CN"' in (await bo.page.get(bo.w("/customers"))).text
    away = await bo.post("/settings/language", {"locale": "en"}, headers={"Referer": "https://evil.test/w/x"})
    assert away.headers["location"] == bo.w("/")
    assert (await bo.post("/settings/language", {"locale": "xx"})).status_code == 400


async def test_a_changed_password_ends_other_sessions(bo, stranger):
    await stranger.post("/login", data={"email": "bo@acme.test", "password": PASSWORD})
    assert (await stranger.get(bo.w("/customers"))).status_code == 200
    wrong = await bo.post("/settings/password", {"current": "nonsense", "new": OWN})
    assert wrong.status_code == 422
    assert "not your present password" in wrong.text
    assert (await bo.post("/settings/password", {"current": PASSWORD, "new": OWN})).status_code == 303
    assert (await stranger.get(bo.w("/customers"))).status_code == 303
    assert (await bo.page.get(bo.w("/customers"))).status_code == 200


async def test_other_sessions_can_be_ended(bo, stranger):
    await stranger.post("/login", data={"email": "bo@acme.test", "password": PASSWORD})
    assert "Sign out everywhere else" in (await bo.page.get(bo.w("/settings/profile"))).text
    assert (await bo.post("/settings/sessions/end")).status_code == 303
    assert (await stranger.get(bo.w("/customers"))).status_code == 303
    assert (await bo.page.get(bo.w("/settings/profile"))).status_code == 200


async def test_an_owners_password_is_the_owners(ann, mia):
    async with ann.acting() as ctx:
        (await ctx.session.get_one(Member, mia.member_id)).role = "admin"
    mia.runtime.forget_actors(mia.tenant.id)
    answer = await mia.post(f"/settings/members/{ann.member_id}/password")
    assert answer.status_code == 403
    assert "Only an owner" in answer.text
