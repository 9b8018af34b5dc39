"""The settings pages: who may use them, what they change, and what they show once."""

import re

import pytest
from sqlalchemy import select

from core.access.models import Member, Unit
from core.kernel.ids import uuid7
from tenants.accounts import authentication, limits
from tenants.accounts import service as accounts
from tenants.accounts.models import VOUCHED, Account, Membership
from tenants.invitations import queries as invited
from tests.fixtures.people import PASSWORD

OWN = "a password of my own"


@pytest.fixture(autouse=True)
def forgetful(monkeypatch):
    """Ask the database every time: what is tested is not how long a process remembers."""
    monkeypatch.setattr(authentication, "TTL_S", 0.0)
    authentication._kept.clear()


@pytest.fixture(autouse=True)
def an_empty_inbox(runtime):
    """Begin without mails."""
    for path in runtime.mailer.inbox._paths():
        path.unlink()


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
    """Add a member by hand; gives the path of the link to hand over."""
    answer = await ann.post(
        "/settings/members/new", {"name": "Dee", "email": email, "role": "member", **more}
    )
    assert answer.status_code == 200, answer.text
    return handed(answer)


def handed(answer):
    return re.search(r"<code>http[^<]*(/join/[\w-]+)</code>", answer.text)[1]


def mailed(ann, email):
    """The paths of the links in an address's mails, newest first."""
    inbox = ann.runtime.mailer.inbox
    texts = [inbox.read(entry.id).text for entry in inbox.newest() if email in entry.to]
    return [found[1] for text in texts if (found := re.search(r"(/(?:join|confirm)/[\w-]+)", text))]


async def claim_of(person, email):
    async with person.runtime.control() as control:
        return await accounts.claiming(control, email)


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
    for path in ("new", f"{ann.member_id}", f"{ann.member_id}/leave", f"{ann.member_id}/login"):
        assert (await bo.post(f"/settings/members/{path}", {"name": "x"})).status_code == 403
    assert (await bo.post("/settings/units", {"name": "x"})).status_code == 403


async def test_another_tenants_people_do_not_exist(zed, ann):
    assert (await zed.page.get(zed.w(f"/settings/members/{ann.member_id}"))).status_code == 404
    assert (await zed.post(f"/settings/members/{ann.member_id}/leave")).status_code == 404
    assert (await zed.post(f"/settings/members/{ann.member_id}/login")).status_code == 404


async def test_a_new_member_comes_in_by_the_link_that_the_owner_handed_over(ann, stranger, drain):
    path = await hired(ann)
    await drain()
    before = await member_of(ann, "dee@acme.test")
    assert before.account_id is None
    page = await stranger.get(path)
    assert "Make an account and join" in page.text
    assert f"/login?next={path}" in page.text
    done = await stranger.post(f"{path}/account", data={"name": "Dee", "password": OWN})
    assert done.headers["location"] == ann.w()
    assert (await stranger.get(ann.w("/customers"))).status_code == 200
    assert "Confirm your e-mail address" not in (await stranger.get(ann.w("/customers"))).text
    member, claim = await member_of(ann, "dee@acme.test"), await claim_of(ann, "dee@acme.test")
    assert (member.id, member.account_id) == (before.id, claim.id)
    assert (claim.verified_at, claim.verify_by) == (None, VOUCHED)
    assert await account_of(ann, "dee@acme.test") is not None
    stranger.cookies.clear()
    assert (await stranger.get(path)).status_code == 404
    fresh = await stranger.post("/login", data={"email": "dee@acme.test", "password": OWN})
    assert fresh.headers["location"] == "/"
    assert (await stranger.get(ann.w("/customers"))).status_code == 200
    await drain()
    confirm, invitation = mailed(ann, "dee@acme.test")
    assert (await stranger.get(invitation)).status_code == 404
    csrf = re.search(r'name="_csrf" value="([^"]+)"', (await stranger.get(confirm)).text)[1]
    assert (await stranger.post(confirm, data={"_csrf": csrf})).headers["location"] == "/"
    assert (await account_of(ann, "dee@acme.test")).verified_at is not None


async def test_the_mail_lets_in_as_well_and_proves_the_address(ann, stranger, drain):
    path = await hired(ann)
    await drain()
    [invitation] = mailed(ann, "dee@acme.test")
    assert invitation != path
    assert "Make an account and join" in (await stranger.get(invitation)).text
    done = await stranger.post(f"{invitation}/account", data={"name": "Dee", "password": OWN})
    assert done.headers["location"] == ann.w()
    made = await account_of(ann, "dee@acme.test")
    assert made.verified_at is not None
    assert (await member_of(ann, "dee@acme.test")).account_id == made.id
    stranger.cookies.clear()
    assert (await stranger.get(path)).status_code == 404


async def test_a_link_that_was_handed_over_proves_nothing_and_tells_nothing(ann, zed, stranger):
    shown = []
    for email in ("zed@beta.test", "nobody@beta.test"):
        stranger.cookies.clear()
        path = await hired(ann, email)
        door = await stranger.get(path)
        wrong = await stranger.post(f"{path}/account", data={"name": "", "password": "short"})
        assert wrong.status_code == 422
        done = await stranger.post(f"{path}/account", data={"name": "Eve", "password": OWN})
        inside = await stranger.get(ann.w("/settings/profile"))
        address = await stranger.get("/email")
        stranger.cookies.clear()
        again = await stranger.post(f"{path}/account", data={"name": "Eve", "password": OWN})
        answers = (door, wrong, done, inside, address, again)
        masks = r"/join/[\w-]+|[0-9a-f-]{32,}|(zed|nobody)@|T[\d:.]+\+00:00|\d\d:\d\d"
        shown.append([(one.status_code, re.sub(masks, "…", one.text)) for one in answers])
    assert [status for status, _ in shown[0]] == [200, 422, 303, 200, 200, 404]
    for (_, known), (_, unknown) in zip(*shown, strict=True):
        assert known == unknown
    async with ann.runtime.control() as control:
        kept = await accounts.known(control, "zed@beta.test", PASSWORD)
        assert kept.id == zed.account_id
        assert (await accounts.known(control, "zed@beta.test", OWN)).id != zed.account_id
        mine = select(Membership.id).where(
            Membership.account_id == zed.account_id, Membership.tenant_id == ann.tenant.id
        )
        assert await control.session.scalar(mine) is None
        claim = await accounts.claiming(control, "zed@beta.test")
        assert await invited.open_to(control, claim) == []


async def test_who_has_an_account_signs_in_and_agrees(ann, zed):
    path = await hired(ann, "zed@beta.test")
    assert (await zed.page.get(ann.w("/customers"))).status_code == 404
    page = await zed.page.get(path)
    assert "You are signed in as zed@beta.test" in page.text
    done = await zed.page.post(path, data={"_csrf": zed.csrf})
    assert done.headers["location"] == ann.w()
    member = await member_of(ann, "zed@beta.test")
    assert (member.account_id, member.name) == (zed.account_id, "Dee")
    assert len(await memberships(ann, member)) == 1
    answer = await ann.post(f"/settings/members/{member.id}/login")
    assert "on its way to zed@beta.test" in answer.text


async def test_a_link_that_was_handed_over_is_for_its_address_alone(ann, zed):
    path = await hired(ann)
    assert "dee@acme.test" in (await zed.page.get(path)).text
    assert (await zed.page.post(path, data={"_csrf": zed.csrf})).status_code == 403
    assert (await member_of(ann, "dee@acme.test")).account_id is None


async def test_adding_by_hand_is_limited_as_invitations_are(ann, monkeypatch):
    monkeypatch.setattr(limits, "YOUNG_MAILS", ((1, 3_601),))
    path = await hired(ann)
    form = {"name": "Fay", "email": "fay@acme.test", "role": "member"}
    assert (await ann.post("/settings/members/new", form)).status_code == 429
    assert await member_of(ann, "fay@acme.test") is None
    dee = await member_of(ann, "dee@acme.test")
    assert (await ann.post(f"/settings/members/{dee.id}/login")).status_code == 429
    assert (await ann.page.get(path)).status_code == 200


async def test_who_leaves_before_coming_does_not_come_by_the_link(ann, stranger, drain):
    path = await hired(ann)
    dee = await member_of(ann, "dee@acme.test")
    assert (await ann.post(f"/settings/members/{dee.id}/leave")).status_code == 303
    await drain()
    assert (await stranger.get(path)).status_code == 404


async def test_all_errors_of_a_new_member_come_at_once(ann):
    answer = await ann.post("/settings/members/new", {"name": "", "email": "nonsense", "role": "member"})
    assert answer.status_code == 422
    assert answer.text.count('aria-invalid="true"') == 2
    assert await member_of(ann, "nonsense") is None


async def test_the_claims_of_two_workspaces_are_told_apart_and_one_login_opens_both(ann, zed, stranger):
    first = await hired(zed, "dee@acme.test")
    await stranger.post(f"{first}/account", data={"name": "Dee", "password": OWN})
    second = await hired(ann, "dee@acme.test")
    page = await stranger.get(second)
    assert "You are signed in as dee@acme.test" in page.text
    csrf = re.search(r'name="_csrf" value="([^"]+)"', page.text)[1]
    assert (await stranger.post(second, data={"_csrf": csrf})).headers["location"] == ann.w()
    for person in (ann, zed):
        assert (await stranger.get(person.w("/customers"))).status_code == 200


async def test_nobody_who_signs_up_later_shuts_out_whom_an_administrator_vouches_for(ann, stranger):
    path = await hired(ann)
    await stranger.post(f"{path}/account", data={"name": "Dee", "password": OWN})
    stranger.cookies.clear()
    form = {"name": "Eve", "email": "dee@acme.test", "password": "eves own password", "workspace": "Evening"}
    made = await stranger.post("/signup", data={**form, "slug": "", "timezone": "UTC", "_key": "eve"})
    assert made.status_code == 303
    stranger.cookies.clear()
    back = await stranger.post("/login", data={"email": "dee@acme.test", "password": OWN})
    assert back.status_code == 303
    assert (await stranger.get(ann.w("/customers"))).status_code == 200


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


async def test_another_link_ends_the_former_ones(ann, stranger, drain):
    first = await hired(ann)
    await drain()
    member = await member_of(ann, "dee@acme.test")
    assert "New link" in (await ann.page.get(ann.w(f"/settings/members/{member.id}"))).text
    second = handed(await ann.post(f"/settings/members/{member.id}/login"))
    await drain()
    newer, older = mailed(ann, "dee@acme.test")
    for path, status in ((first, 404), (older, 404), (second, 200), (newer, 200)):
        assert (await stranger.get(path)).status_code == status
    async with ann.acting() as ctx:
        (await ctx.session.get_one(Member, member.id)).account_id = uuid7()
    third = handed(await ann.post(f"/settings/members/{member.id}/login"))
    assert (await stranger.get(third)).status_code == 200, "the login was a claim that is gone"


async def test_nobody_takes_over_a_login_that_has_a_password_of_its_own(ann, bo, stranger, drain):
    answer = await ann.post(f"/settings/members/{bo.member_id}/login")
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
    answer = await mia.post(f"/settings/members/{ann.member_id}/login")
    assert answer.status_code == 403
    assert "Only an owner" in answer.text
