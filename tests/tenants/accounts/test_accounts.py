"""Logging in and out, sessions, passwords."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.kernel.errors import Conflict, Invalid, NotFound
from tenants.accounts import authentication, service
from tenants.accounts.models import Session
from tenants.accounts.pages import safe_next
from tenants.accounts.schema import AccountIn, PasswordIn
from tests.fixtures.people import PASSWORD


@pytest.fixture(autouse=True)
def forgetful(monkeypatch):
    """Ask the database every time: what is tested is not how long a process remembers."""
    monkeypatch.setattr(authentication, "TTL_S", 0.0)
    authentication._kept.clear()


async def log_in(client, email, password=PASSWORD, **more):
    return await client.post("/login", data={"email": email, "password": password, **more})


async def test_the_right_password_opens_the_workspace(stranger, ann):
    answer = await log_in(stranger, "ANN@acme.test ")
    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    door = await stranger.get("/")
    assert door.headers["location"] == ann.w("/")


@pytest.mark.parametrize(("email", "password"), [("ann@acme.test", "wrong"), ("nobody@acme.test", PASSWORD)])
async def test_a_wrong_login_says_nothing_more(stranger, ann, email, password):
    answer = await log_in(stranger, email, password)
    assert answer.status_code == 422
    assert "E-mail or password is wrong." in answer.text
    assert "set-cookie" not in answer.headers


async def test_too_many_tries_are_slowed_down(stranger, ann):
    for _ in range(10):
        await log_in(stranger, "flood@acme.test", "wrong")
    assert (await log_in(stranger, "flood@acme.test", "wrong")).status_code == 429


async def test_the_way_back_stays_here(stranger, ann):
    answer = await log_in(stranger, "ann@acme.test", next="https://evil.test/")
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize(
    ("asked", "given"),
    [("/w/a/",) * 2, ("//evil", "/"), ("/\\evil", "/"), ("http://x", "/"), ("", "/"), ("/a\nb", "/")],
)
def test_only_local_paths_are_followed(asked, given):
    assert safe_next(asked) == given


async def test_a_page_without_a_session_leads_to_the_login(stranger, ann):
    answer = await stranger.get(ann.w("/customers"))
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/login?next={ann.w('/customers')}"


async def test_logging_out_ends_the_session(ann):
    answer = await ann.page.post("/logout", data={"_csrf": ann.csrf})
    assert answer.status_code == 303
    assert (await ann.page.get(ann.w("/customers"))).status_code == 303


async def test_a_form_without_its_token_is_refused(ann):
    assert (await ann.page.post("/logout", data={})).status_code == 403
    assert (await ann.page.post("/logout", headers={"X-CSRF-Token": ann.csrf})).status_code == 303


async def test_a_form_of_another_site_is_refused(ann):
    foreign = {"Origin": "https://evil.test"}
    assert (await ann.page.post("/logout", data={"_csrf": ann.csrf}, headers=foreign)).status_code == 403
    cross = {"Sec-Fetch-Site": "cross-site"}
    assert (await ann.page.post("/logout", data={"_csrf": ann.csrf}, headers=cross)).status_code == 403


async def test_an_expired_session_is_none(ann):
    async with ann.runtime.control() as control:
        row = await control.session.scalar(select(Session).where(Session.account_id == ann.account_id))
        row.expires_at = control.now() - timedelta(seconds=1)
    assert (await ann.page.get(ann.w("/customers"))).status_code == 303


async def test_presence_is_kept_now_and_then(ann):
    async with ann.runtime.control() as control:
        row = await control.session.scalar(select(Session).where(Session.account_id == ann.account_id))
        row.last_seen_at = long_ago = control.now() - timedelta(hours=1)
    await ann.page.get(ann.w("/customers"))
    async with ann.runtime.control() as control:
        row = await control.session.scalar(select(Session).where(Session.account_id == ann.account_id))
        assert row.last_seen_at > long_ago


async def test_somebody_elses_workspace_does_not_exist(ann, zed):
    assert (await ann.page.get(zed.w("/customers"))).status_code == 404
    assert (await ann.page.get("/w/there-is-none/customers")).status_code == 404


async def test_an_address_has_one_account(ann):
    async with ann.runtime.control() as control:
        with pytest.raises(Conflict):
            await service.create(control, AccountIn(email="ann@acme.test", name="Ann", password=PASSWORD))
        control.roll_back()


async def test_a_new_password_ends_the_other_sessions(ann):
    async with ann.runtime.control() as control:
        account = await service.by_email(control, "ann@acme.test")
        other = await service.open_session(control, account)
        mine = await control.session.scalar(
            select(Session).where(Session.token_hash == service.digest(ann.token))
        )
        data = PasswordIn(current=PASSWORD, new="another good password")
        await service.change_password(control, account.id, data, session_id=mine.id)
        left = list(
            await control.session.scalars(select(Session.token_hash).where(Session.account_id == account.id))
        )
    assert left == [service.digest(ann.token)]
    assert service.digest(other) not in left


async def test_the_present_password_is_asked(ann):
    data = PasswordIn(current="wrong", new="another good password")
    async with ann.runtime.control() as control:
        with pytest.raises(Invalid):
            await service.change_password(control, ann.account_id, data, session_id=ann.account_id)
        with pytest.raises(NotFound):
            await service.change_password(control, ann.member_id, data, session_id=ann.account_id)
        control.roll_back()


async def test_the_language_is_chosen_by_a_button(stranger, ann):
    answer = await stranger.post(
        "/locale", data={"locale": "zh_CN"}, headers={"Referer": "http://guanxi.test/login"}
    )
    assert answer.headers["location"] == "/login"
    assert "登录" in (await stranger.get("/login")).text
    assert "set-cookie" not in (await stranger.post("/locale", data={"locale": "xx"})).headers


async def test_an_empty_login_is_a_form_with_its_errors(stranger, ann):
    answer = await log_in(stranger, "", "")
    assert answer.status_code == 422
    assert answer.text.count('aria-invalid="true"') == 2


async def test_the_demo_lets_in_with_one_click(stranger, ann):
    login = {"email": "ann@acme.test", "password": PASSWORD, "role": "owner", "name": "Ann"}
    demo = {"name": "Acme", "slug": "acme", "logins": [login], "url": "", "api_key": "gx_live_secret"}
    assert "Try" not in (await stranger.get("/login")).text
    path = ann.runtime.settings.home / "demo.json"
    path.write_text(json.dumps({"workspaces": [demo]}))
    try:
        page = (await stranger.get("/login")).text
        assert "Try Acme as" in page
        assert "Ann · Workspace owner" in page
        assert "gx_live" not in page
        path.write_text("{broken")
        assert (await stranger.get("/login")).status_code == 200
    finally:
        path.unlink()


async def test_sessions_that_are_over_go_with_the_next_login(ann, stranger):
    async with ann.runtime.control() as control:
        account = await service.by_email(control, "ann@acme.test")
        old = service.digest(await service.open_session(control, account))
        session = await control.session.scalar(select(Session).where(Session.token_hash == old))
        session.expires_at = control.now() - timedelta(days=1)
    assert (await log_in(stranger, "ann@acme.test")).status_code == 303
    async with ann.runtime.control() as control:
        assert await control.session.scalar(select(Session.id).where(Session.token_hash == old)) is None


async def test_the_door_leads_everybody_somewhere(stranger, ann):
    assert (await stranger.get("/")).headers["location"] == "/login"
    out = await stranger.post("/logout")
    assert (out.status_code, out.headers["location"]) == (303, "/login")


async def test_who_has_no_workspace_is_told_so(stranger, ann):
    async with ann.runtime.control() as control:
        await service.create(control, AccountIn(email="al@one.test", name="Al", password=PASSWORD))
    await log_in(stranger, "al@one.test")
    assert (await stranger.get("/")).headers["location"] == "/workspaces"
    page = await stranger.get("/workspaces")
    assert page.status_code == 200
    assert "No workspace is open to you" in page.text


async def test_a_process_forgets_the_oldest_sessions_first(ann, mia, monkeypatch):
    monkeypatch.setattr(authentication, "TTL_S", 60.0)
    monkeypatch.setattr(authentication, "KEPT", 1)
    for person in (ann, mia):
        assert (await person.page.get(person.w("/customers"))).status_code == 200
    [kept] = authentication._kept.values()
    assert kept[1].account_id == mia.account_id
