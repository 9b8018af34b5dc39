"""What happens to the accounts of a workspace's members stands in its log, and in that of no other workspace."""

import csv
import io
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from core.access.models import Member
from core.tenancy.control_log import ControlEvent
from tenants.accounts import authentication, service
from tenants.accounts.events import PasswordChanged
from tenants.accounts.failed_logins import failed_logins
from tenants.accounts.log import tell
from tenants.accounts.models import Account, Membership
from tenants.accounts.second_factor import pages
from tests.fixtures.people import PASSWORD
from tests.tenants.accounts.mails import follow, links, log_in
from tests.tenants.accounts.second_factor.test_second_factor import half, next_code, switched_on

pytestmark = pytest.mark.usefixtures("unlimited")
OWN = "a password of my own"


@pytest.fixture(autouse=True)
def forgetful(monkeypatch, runtime):
    """Ask the database every time, and begin with an empty inbox."""
    monkeypatch.setattr(authentication, "TTL_S", 0.0)
    authentication._kept.clear()
    for path in runtime.mailer.inbox._paths():
        path.unlink()


@pytest.fixture
async def both(bo, zed):
    """Bo is a member of the other workspace too."""
    async with bo.runtime.open(zed.tenant) as ctx:
        there = Member(name="Bo there", email="bo@acme.test", role="member", account_id=bo.account_id)
        ctx.session.add(there)
    async with bo.runtime.control() as control:
        await service.join(control, bo.account_id, zed.tenant.id, there.id)
    return there


async def told(person, **params):
    answer = await person.api.get("/audit", params={"what": "account", **params})
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def test_a_sign_in_is_told_to_each_workspace_of_the_person(ann, bo, zed, both, stranger):
    await log_in(stranger, "bo@acme.test", PASSWORD)
    [here], [there] = await told(ann), await told(zed)
    for entry in (here, there):
        assert (entry["event"], entry["source"]) == ("session.opened", "account")
        assert (entry["actor_kind"], entry["actor"], entry["label"]) == ("member", "Bo", "bo@acme.test")
        assert entry["address"] == "127.0.0.1"
        assert entry["data"]["user_agent"].startswith("python-httpx/")
    assert (here["title"], there["title"]) == ("Signed in.", "已登录。")
    assert here["member_id"] == str(bo.member_id)
    assert there["member_id"] == str(both.id)
    assert here["id"] != there["id"]
    assert await told(ann, who=str(bo.member_id)) == [here]
    assert await told(ann, record=str(bo.account_id)) == [here]
    assert await told(ann, who=str(ann.member_id)) == []


async def test_who_is_in_one_workspace_is_told_of_nowhere_else(ann, bo, zed, both, stranger):
    await log_in(stranger, "mia@acme.test", PASSWORD)
    await log_in(stranger, "zed@beta.test", PASSWORD)
    assert [one["label"] for one in await told(ann)] == ["mia@acme.test"]
    assert [one["label"] for one in await told(zed)] == ["zed@beta.test"]
    text = (await zed.page.get(zed.w("/settings/audit"))).text
    assert "mia@acme.test" not in text
    assert ann.tenant.slug not in str(await told(zed))
    assert str(ann.tenant.id) not in str(await told(zed))


async def test_nothing_is_told_from_before_the_person_was_a_member(bo, zed, stranger):
    await log_in(stranger, "bo@acme.test", PASSWORD)
    async with bo.runtime.control() as control:
        await service.join(control, bo.account_id, zed.tenant.id, zed.member_id)
    assert await told(zed) == []


async def test_what_was_told_stays_when_the_member_leaves(ann, bo, stranger):
    await log_in(stranger, "bo@acme.test", PASSWORD)
    async with ann.runtime.control() as control:
        await control.session.execute(delete(Membership).where(Membership.account_id == bo.account_id))
    await log_in(stranger, "bo@acme.test", PASSWORD)
    assert [one["event"] for one in await told(ann)] == ["session.opened"]
    async with ann.runtime.control() as control:
        alone = select(ControlEvent.tenant_id, ControlEvent.member_id).where(
            ControlEvent.record_id == bo.account_id, ControlEvent.tenant_id.is_(None)
        )
        assert (await control.session.execute(alone)).all() == [(None, None)]


async def test_who_fails_to_sign_in_and_who_follows_a_mail_is_somebody_outside(ann, bo, stranger, drain):
    await log_in(stranger, "bo@acme.test", "a wrong password")
    await failed_logins(ann.runtime).flush()
    await stranger.post("/forgot", data={"email": "bo@acme.test"})
    await drain()
    [reset] = links(ann.runtime, "bo@acme.test")
    await follow(stranger, reset, new=OWN)
    found = {one["event"]: one for one in await told(ann)}
    assert set(found) == {"login.failed", "password.reset", "session.revoked", "account.verified"}
    assert {(one["actor_kind"], one["actor"], one["member_id"]) for one in found.values()} == {
        ("public", "", None)
    }
    assert {one["label"] for one in found.values()} == {"bo@acme.test"}
    assert found["login.failed"]["address"] == "127.0.0.1"
    assert "Somebody outside" in (await ann.page.get(ann.w("/settings/audit?what=account"))).text


async def test_a_failed_login_to_a_claim_is_told_to_its_workspace(ann, stranger):
    async with ann.runtime.control() as control:
        until = control.now() + timedelta(days=7)
        claim = Account(email="new@acme.test", name="New", verify_by=until)
        control.session.add(claim)
        await control.session.flush()
        await service.join(control, claim.id, ann.tenant.id, ann.member_id)
    await log_in(stranger, "new@acme.test", "a wrong password")
    await failed_logins(ann.runtime).flush()
    assert [one["label"] for one in await told(ann)] == ["new@acme.test"]


async def test_what_one_does_oneself_is_ones_own(ann, bo, zed, both):
    assert (await bo.post("/settings/password", {"current": PASSWORD, "new": OWN})).status_code == 303
    [here], [there] = await told(ann), await told(zed)
    assert (here["event"], here["actor"], here["member_id"]) == ("password.changed", "Bo", str(bo.member_id))
    assert (there["actor"], there["member_id"]) == ("Bo", str(both.id))


async def test_a_colleague_who_acts_is_named_in_his_own_workspace_alone(ann, bo, zed, both):
    async with ann.runtime.control(replace(ann.principal, name="Ann")) as control:
        await tell(control, PasswordChanged(subject_id=bo.account_id))
    [here], [there] = await told(ann), await told(zed)
    assert (here["actor_kind"], here["actor"], here["member_id"]) == ("member", "Ann", str(ann.member_id))
    assert (there["actor_kind"], there["actor"], there["member_id"]) == ("public", "", None)


async def test_the_second_step_is_told_and_a_sign_in_waits_for_it(ann, stranger, monkeypatch):
    monkeypatch.setattr(pages, "TRIES", ((1000, 300),))
    secret, recovery = await switched_on(ann)
    csrf = await half(stranger)
    assert [one["event"] for one in await told(ann)] == ["second_factor.enabled"]
    await stranger.post("/login/code", data={"_csrf": csrf, "code": await next_code(ann, secret)})
    stranger.cookies.clear()
    csrf = await half(stranger)
    await stranger.post("/login/code", data={"_csrf": csrf, "code": recovery[0]})
    assert [one["event"] for one in await told(ann)] == [
        "session.opened",
        "second_factor.recovered",
        "session.opened",
        "second_factor.enabled",
    ]
    assert {one["actor"] for one in await told(ann)} == {"Ann"}


async def test_the_file_has_them_too(ann, bo, stranger, drain):
    await log_in(stranger, "bo@acme.test", PASSWORD)
    sent = await ann.post("/settings/audit/export", {"what": "account"})
    await drain()
    export_id = sent.headers["location"].rpartition("/")[2]
    text = (await ann.page.get(ann.w(f"/exports/{export_id}/file"))).text
    _, row = csv.reader(io.StringIO(text.lstrip("\ufeff")))
    assert row[1:7] == ["Bo", "Signed in.", "bo@acme.test", "", "127.0.0.1", "session.opened"]
