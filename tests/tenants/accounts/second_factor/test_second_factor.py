"""Two-step sign-in through the pages: on, the second step, replay, recovery, off, and a workspace that demands it."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pyotp
import pytest
from sqlalchemy import delete, select

from core.access.models import Member
from core.tenancy.control_log import ControlEvent
from tenants.accounts import authentication
from tenants.accounts.models import Account
from tenants.accounts.second_factor import codes, pages, service
from tenants.accounts.second_factor.models import RecoveryCode, SecondFactor
from tests.fixtures.people import PASSWORD, Person

pytestmark = pytest.mark.usefixtures("unlimited")
LOGIN = {"email": "ann@acme.test", "password": PASSWORD}
CSRF = re.compile(r'name="_csrf" value="([^"]+)"')


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask the database every time, and let these tests try as often as they need."""
    monkeypatch.setattr(authentication, "TTL_S", 0.0)
    monkeypatch.setattr(pages, "TRIES", ((1000, 300),))
    authentication._kept.clear()


async def switched_on(person: Person) -> tuple[str, list[str]]:
    """Switch it on through the pages; gives the secret and the recovery codes."""
    form = {"_csrf": person.csrf}
    begun = await person.page.post("/second-factor/begin", data={**form, "password": PASSWORD})
    assert begun.status_code == 200, begun.text[:500]
    assert "<svg" in begun.text
    secret = re.search(r"<details.*?<code>([A-Z2-7 ]+)</code>", begun.text, re.S)[1].replace(" ", "")
    code = pyotp.TOTP(secret).now()
    done = await person.page.post("/second-factor/confirm", data={**form, "code": code})
    assert done.status_code == 200, done.text[:500]
    made = re.findall(r"<code>([a-z2-9]{5}-[a-z2-9]{5})</code>", done.text)
    assert len(made) == codes.COUNT
    return secret, made


async def next_code(person: Person, secret: str) -> str:
    """A code that was not used yet: the next interval's is accepted already."""
    async with person.runtime.control() as control:
        factor = await service.factor_of(control, person.account_id)
    return pyotp.TOTP(secret).generate_otp(factor.last_step + 1)


async def half(client: httpx.AsyncClient) -> str:
    """Give the password; gives the token of the form that asks for the code."""
    answer = await client.post("/login", data=LOGIN)
    assert answer.status_code == 303
    return CSRF.search((await client.get("/login/code")).text)[1]


async def told(person: Person) -> list[str]:
    async with person.runtime.control() as control:
        statement = select(ControlEvent.name).where(ControlEvent.record_id == person.account_id)
        found = list(await control.session.scalars(statement.order_by(ControlEvent.id)))
        return [name for name in found if name.startswith("second_factor")]


async def test_it_is_switched_on_and_signing_in_takes_two_steps(ann, stranger) -> None:
    page = await ann.page.get("/second-factor")
    assert "Set up" in page.text
    secret, _ = await switched_on(ann)
    assert (await ann.page.get(ann.w("/customers"))).status_code == 200, "this session has given a code"
    assert "It is on" in (await ann.page.get("/second-factor")).text
    csrf = await half(stranger)
    for path in (ann.w("/customers"), "/", "/second-factor", "/join/x", "/workspaces"):
        answer = await stranger.get(path)
        assert answer.headers["location"] == f"/login/code?next={path}"
    assert (
        await stranger.post(ann.w("/customers/new"), data={"name": "X", "_csrf": csrf})
    ).status_code != 200
    wrong = await stranger.post("/login/code", data={"_csrf": csrf, "code": "000000"})
    assert wrong.status_code == 422
    assert "not right" in wrong.text
    data = {"_csrf": csrf, "code": await next_code(ann, secret), "next": ann.w("/customers")}
    done = await stranger.post("/login/code", data=data)
    assert done.headers["location"] == ann.w("/customers")
    assert (await stranger.get(ann.w("/customers"))).status_code == 200
    assert await told(ann) == ["second_factor.enabled"]


async def test_a_code_works_once(ann, stranger, app) -> None:
    secret, _ = await switched_on(ann)
    code, csrf = await next_code(ann, secret), await half(stranger)
    assert (await stranger.post("/login/code", data={"_csrf": csrf, "code": code})).status_code == 303
    stranger.cookies.clear()
    csrf = await half(stranger)
    again = await stranger.post("/login/code", data={"_csrf": csrf, "code": code})
    assert again.status_code == 422


async def test_a_recovery_code_works_once_and_is_told(ann, stranger) -> None:
    _, made = await switched_on(ann)
    csrf = await half(stranger)
    done = await stranger.post("/login/code", data={"_csrf": csrf, "code": made[3].upper()})
    assert done.status_code == 303
    stranger.cookies.clear()
    csrf = await half(stranger)
    assert (await stranger.post("/login/code", data={"_csrf": csrf, "code": made[3]})).status_code == 422
    assert "9 recovery codes are left" in (await ann.page.get("/second-factor")).text
    assert await told(ann) == ["second_factor.enabled", "second_factor.recovered"]


async def test_nothing_of_it_is_stored_in_the_open(ann) -> None:
    secret, made = await switched_on(ann)
    async with ann.runtime.control() as control:
        factor = await control.session.scalar(select(SecondFactor))
        stored = list(await control.session.scalars(select(RecoveryCode.digest)))
    assert secret not in factor.secret_sealed
    assert all(code.encode() not in digest for code in made for digest in stored)


async def test_beginning_takes_the_password_and_the_first_code(ann) -> None:
    form = {"_csrf": ann.csrf}
    wrong = await ann.page.post("/second-factor/begin", data={**form, "password": "nonsense"})
    assert wrong.status_code == 422
    nothing = await ann.page.post("/second-factor/confirm", data={**form, "code": "123456"})
    assert nothing.status_code == 404
    await ann.page.post("/second-factor/begin", data={**form, "password": PASSWORD})
    bad = await ann.page.post("/second-factor/confirm", data={**form, "code": "000000"})
    assert bad.status_code == 422
    assert "<svg" in bad.text
    assert "Set up" in (await ann.page.get("/second-factor")).text
    await switched_on(ann)
    twice = await ann.page.post("/second-factor/begin", data={**form, "password": PASSWORD})
    assert twice.status_code == 409


async def test_new_recovery_codes_end_the_old_ones(ann, stranger) -> None:
    secret, made = await switched_on(ann)
    form = {"_csrf": ann.csrf}
    assert (await ann.page.post("/second-factor/codes", data={**form, "code": "1"})).status_code == 422
    answer = await ann.page.post("/second-factor/codes", data={**form, "code": await next_code(ann, secret)})
    fresh = re.findall(r"<code>([a-z2-9]{5}-[a-z2-9]{5})</code>", answer.text)
    assert len(fresh) == codes.COUNT
    csrf = await half(stranger)
    assert (await stranger.post("/login/code", data={"_csrf": csrf, "code": made[0]})).status_code == 422
    assert (await stranger.post("/login/code", data={"_csrf": csrf, "code": fresh[0]})).status_code == 303


async def test_switching_off_takes_both(ann, stranger) -> None:
    form = {"_csrf": ann.csrf, "password": PASSWORD}
    assert (await ann.page.post("/second-factor/off", data={**form, "code": "1"})).status_code == 404
    _, made = await switched_on(ann)
    wrong = await ann.page.post("/second-factor/off", data={**form, "password": "no", "code": made[0]})
    assert wrong.status_code == 422
    assert (await ann.page.post("/second-factor/off", data={**form, "code": "000000"})).status_code == 422
    assert (await ann.page.post("/second-factor/off", data={**form, "code": made[0]})).status_code == 303
    await stranger.post("/login", data=LOGIN)
    assert (await stranger.get(ann.w("/customers"))).status_code == 200
    assert (await told(ann))[-1] == "second_factor.disabled"


async def test_tries_are_limited(ann, stranger, monkeypatch) -> None:
    await switched_on(ann)
    monkeypatch.setattr(pages, "TRIES", ((3, 300),))
    csrf = await half(stranger)
    for _ in range(3):
        assert (await stranger.post("/login/code", data={"_csrf": csrf, "code": "000000"})).status_code == 422
    last = await stranger.post("/login/code", data={"_csrf": csrf, "code": "000000"})
    assert last.status_code == 429


async def test_who_is_not_signed_in_is_sent_away(stranger) -> None:
    assert (await stranger.get("/login/code")).headers["location"] == "/login"
    assert (await stranger.get("/second-factor")).headers["location"].startswith("/login")
    for path in ("/login/code", "/second-factor/begin", "/second-factor/off"):
        answer = await stranger.post(path, data={"code": "1", "password": "x"})
        assert answer.status_code in {303, 401}


async def test_half_a_session_is_a_stranger_elsewhere(ann, stranger) -> None:
    await switched_on(ann)
    csrf = await half(stranger)
    assert (await stranger.get("/login")).status_code == 200
    assert (await stranger.post("/logout", data={"_csrf": csrf})).headers["location"] == "/login"
    assert (await stranger.get("/login/code")).headers["location"] == "/login"


async def test_a_workspace_demands_it_of_everybody(ann, bo, drain) -> None:
    form = {"wanted": "true"}
    first = await ann.post("/settings/security", form)
    assert first.status_code == 409
    assert "for yourself first" in first.text
    await switched_on(ann)
    page = (await ann.page.get(ann.w("/settings/security"))).text
    assert "Bo" in page
    assert (await ann.post("/settings/security", form)).status_code == 303
    shut = await bo.page.get(bo.w("/customers"))
    assert shut.headers["location"] == f"/second-factor?next={bo.w('/customers')}"
    assert (await bo.api.get("/customers")).status_code == 200, "keys are narrowed by scopes instead"
    await switched_on(bo)
    assert (await bo.page.get(bo.w("/customers"))).status_code == 200
    off = await bo.page.post(
        "/second-factor/off", data={"_csrf": bo.csrf, "password": PASSWORD, "code": "000000"}
    )
    assert off.status_code == 409
    assert (await ann.post("/settings/security", {"wanted": ""})).status_code == 303
    async with ann.runtime.control() as control:
        assert not await service.is_demanded(control, ann.tenant.id)
        names = select(ControlEvent.name).where(ControlEvent.tenant_id == ann.tenant.id)
        assert "sign_in_policy.changed" in set(await control.session.scalars(names))


async def test_owners_alone_demand_it(ann, bo, mia) -> None:
    async with ann.acting() as ctx:
        (await ctx.session.get_one(Member, mia.member_id)).role = "admin"
    ann.runtime.forget_actors(ann.tenant.id)
    assert (await mia.page.get(mia.w("/settings/security"))).status_code == 200
    assert (await mia.post("/settings/security", {"wanted": "true"})).status_code == 403
    assert (await bo.page.get(bo.w("/settings/security"))).status_code == 403


async def test_a_forgotten_factor_leaves_the_password(ann) -> None:
    await switched_on(ann)
    async with ann.runtime.control() as control:
        account: Any = await control.session.get_one(Account, ann.account_id)
        await service.forget(control, account)
    assert "Set up" in (await ann.page.get("/second-factor")).text


async def test_an_account_that_is_gone_is_not_found_by_a_process_that_remembers_it(
    ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authentication, "TTL_S", 60.0)
    assert (await ann.page.get("/second-factor")).status_code == 200
    async with ann.runtime.control() as control:
        await control.session.execute(delete(Account).where(Account.id == ann.account_id))
    assert (await ann.page.get("/second-factor")).status_code == 404
    authentication._kept.clear()
