"""A stranger signs up and is inside; what he sees does not depend on who has his address already."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from core.access.models import Member
from core.tenancy.control_log import ControlEvent
from tenants.accounts import authentication
from tenants.accounts.models import Account

PASSWORD = "a long enough password"
FORM = {
    "name": "Nora",
    "email": "nora@nova.test",
    "password": PASSWORD,
    "workspace": "恒通贸易有限公司",
    "slug": "",
    "suggested": "",
    "timezone": "Asia/Shanghai",
    "_key": "k1",
}


@pytest.fixture(autouse=True)
def forgetful(monkeypatch):
    """Ask the database every time: what is tested is not how long a process remembers."""
    monkeypatch.setattr(authentication, "TTL_S", 0.0)
    authentication._kept.clear()


async def sign_up(client, **changes):
    return await client.post("/signup", data={**FORM, **changes})


async def rows(runtime, statement):
    async with runtime.control() as control:
        return (await control.session.execute(statement)).all()


async def test_a_stranger_is_inside_at_once(stranger, runtime):
    page = await stranger.get("/signup")
    assert page.status_code == 200
    answer = await sign_up(stranger)
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"] == "/w/hengtongmaoyi/welcome"
    welcome = await stranger.get("/w/hengtongmaoyi/welcome")
    assert welcome.status_code == 200
    assert "Welcome, Nora" in welcome.text
    assert "Confirm your e-mail address" in welcome.text
    tenant = await runtime.directory.by_slug("hengtongmaoyi")
    assert (tenant.timezone, tenant.country, tenant.currency) == ("Asia/Shanghai", "CN", "CNY")
    async with runtime.open(tenant) as ctx:
        [member] = (await ctx.session.scalars(select(Member))).all()
        assert (member.name, member.email, member.role) == ("Nora", "nora@nova.test", "owner")
    [(account,)] = await rows(runtime, select(Account).where(Account.email == "nora@nova.test"))
    assert account.verified_at is None
    assert account.verify_by > account.created_at + timedelta(days=6)
    assert member.account_id == account.id
    names = {name for (name,) in await rows(runtime, select(ControlEvent.name))}
    assert {"account.created", "workspace.created"} <= names
