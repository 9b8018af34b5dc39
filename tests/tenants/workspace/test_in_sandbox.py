"""What cannot be done in a sandbox, whom it does not reach, and that none of it touches the workspace itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select, update

from core.kernel.http import OutboundRefused
from core.kernel.ids import uuid7
from core.runtime import Runtime
from core.tenancy.directory import Tenant, TenantRow
from core.tenancy.sandboxes import NotInSandbox
from tenants.accounts import authentication as sessions
from tenants.accounts.models import Account
from tenants.api_keys import authentication as used_keys
from tenants.api_keys import sandbox as copies
from tenants.api_keys import service as keys
from tenants.api_keys.models import ApiKey
from tenants.invitations import jobs as invitation_jobs
from tests.contract.routes import calls
from tests.fixtures.people import Person
from tests.fixtures.sandboxes import Copy, inside, rows, send

REFUSED = "In the sandbox this cannot be done"


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask the database every time: what is tested is not how long a process remembers."""
    monkeypatch.setattr(sessions, "TTL_S", 0.0)
    monkeypatch.setattr(used_keys, "TTL_S", 0.0)


async def key_of(person: Person, copy: Tenant, *scopes: str) -> dict[str, str]:
    """A test key of a person."""
    async with person.runtime.control() as control:
        wanted = keys.KeyIn(
            tenant_id=copy.id, member_id=person.member_id, name="t", scopes=list(scopes), mode="test"
        )
        text, _ = await keys.issue(control, wanted)
    return {"Authorization": f"Bearer {text}"}


def live_only(app: Any) -> list[Any]:
    """The routes that say they concern the workspace itself."""
    return [call for call in calls(app) if not call.opt.get("in_sandbox", True)]


def filled(call: Any) -> str:
    path: str = call.template.replace("{workspace}", "acme.sandbox")
    for name, kind in call.places:
        path = path.replace(f"{{{name}}}", str(uuid7()) if kind is UUID else "x")
    return path


async def test_what_concerns_the_workspace_itself_is_refused_with_a_way_there(
    ann: Person, app: Any, copied: Copy
) -> None:
    await copied()
    before = rows(ann)
    pages = [call for call in live_only(app) if not call.is_api]
    assert len(pages) > 40
    for call in pages:
        path = filled(call)
        answer = await ann.page.request(call.method, path, data={"_csrf": ann.csrf} if call.writes else None)
        assert answer.status_code == 403, f"{call}: {answer.status_code}"
        assert REFUSED in answer.text, str(call)
        there = path.replace("acme.sandbox", "acme") if not call.writes else "/w/acme/settings"
        assert f'href="{there.rstrip("/")}' in answer.text, str(call)
    assert rows(ann) == before
    settings = (await ann.page.get(inside(ann, "/settings"))).text
    for hidden in ("billing", "keys", "danger", "company", "data", "invitations", "security", "profile"):
        assert inside(ann, f'/settings/{hidden}"') not in settings.partition("<main")[2], hidden
    for shown in ("members", "roles", "units"):
        assert inside(ann, f"/settings/{shown}") in settings, shown


def test_every_page_that_writes_beside_a_workspace_says_whether_a_sandbox_has_it(app: Any) -> None:
    """Whoever writes into the control plane has decided: those below touch nothing but what a sandbox has itself."""
    asked = [
        call
        for call in calls(app)
        if call.writes and call.is_guarded and not call.is_api
        if "control" in call.handler.parsed_fn_signature.parameters
    ]
    open_there = {
        str(call).replace("/w/{workspace}", "") for call in asked if call.opt.get("in_sandbox", True)
    }
    assert open_there == {
        "POST /marketplace/{plugin}/archive",
        "POST /marketplace/{plugin}/disable",
        "POST /marketplace/{plugin}/enable",
        "POST /marketplace/{plugin}/secrets/{name}/forget",
        "POST /marketplace/{plugin}/settings",
        "POST /marketplace/{plugin}/uninstall",
        "POST /settings/language",
        "POST /settings/members/{member_id}/leave",
    }


async def test_programs_read_there_what_they_may_not_change(ann: Person, app: Any, copied: Copy) -> None:
    scopes = ("workspace:read", "workspace:write", "workspace:manage", "sandbox:write", "archives:write")
    test = await key_of(ann, await copied(), *scopes)
    assert (await ann.api.get("/workspace", headers=test)).status_code == 200
    for call in (one for one in live_only(app) if one.is_api and one.writes):
        path = filled(call)
        answer = await ann.api.request(call.method, f"http://guanxi.test{path}", headers=test, json={})
        assert (answer.status_code, answer.json()["code"]) == (403, "sandbox.refused"), str(call)


async def test_what_comes_of_an_invitation_made_there_lets_nobody_in(
    ann: Person, stranger: httpx.AsyncClient, copied: Copy
) -> None:
    test = await key_of(ann, await copied(), "invitations:write", "members:write")
    made = await ann.api.post("/invitations/links", json={}, headers=test)
    assert made.status_code == 201, made.text
    path = made.json()["url"].partition("/join/")[2]
    assert (await stranger.get(f"/join/{path}")).status_code == 404
    assert (await ann.page.post(f"/join/{path}", data={"_csrf": ann.csrf})).status_code == 404


async def test_it_calls_nobody(ann: Person, runtime: Runtime, copied: Copy) -> None:
    copy = await copied()
    async with runtime.open(copy) as ctx:
        http, same = ctx.machinery.http, ctx.machinery.settings
    assert same is runtime.settings
    http.permit("https://example.com/")
    for call in (http.request("GET", "https://example.com/"), http.check("https://example.com/")):
        with pytest.raises(OutboundRefused, match="a sandbox calls nobody"):
            await call
    with pytest.raises(OutboundRefused):
        http.permit("http://example.com/")
    async with runtime.open(ann.tenant) as ctx:
        assert ctx.machinery.http is runtime.http


async def test_a_webhook_there_says_why_it_brought_nothing(
    ann: Person, drain: Callable[[], Awaitable[None]], copied: Copy
) -> None:
    copy = await copied()
    test = await key_of(ann, copy, "webhooks:write", "customers:write")
    made = await ann.api.post("/webhooks", json={"url": "https://example.com/in"}, headers=test)
    assert made.status_code == 201, made.text
    await ann.api.post("/customers", json={"name": "There"}, headers=test)
    await drain()
    log = (await ann.api.get(f"/webhooks/{made.json()['id']}/deliveries", headers=test)).json()["data"]
    assert {(one["state"], one["last_error"]) for one in log} == {("pending", "a sandbox calls nobody")}


async def test_nothing_is_bought_there(ann: Person, runtime: Runtime, copied: Copy) -> None:
    from tenants.billing import service as billing
    from tests.tenants.billing.conftest import MODULES

    copy = await copied()
    before = rows(ann)
    for key, manifest in MODULES.items():
        module: Any = SimpleNamespace(manifest=manifest)
        runtime.registry.modules[key] = module
    try:
        async with runtime.control() as control:
            await billing.add_plugin(control, copy, "sold.free")
            for key in ("sold.plain", "sold.seats"):
                with pytest.raises(NotInSandbox) as caught:
                    await billing.add_plugin(control, copy, key)
                assert caught.value.way == (f"/w/acme/marketplace/{key}", "Acme")
                await billing.remove_plugin(control, copy, key)
    finally:
        for key in MODULES:
            del runtime.registry.modules[key]
    assert rows(ann) == before


async def test_an_invitation_of_a_sandbox_that_goes_leaves_with_it(
    ann: Person,
    runtime: Runtime,
    stranger: httpx.AsyncClient,
    drain: Callable[[], Awaitable[None]],
    copied: Copy,
) -> None:
    copy = await copied()
    test = await key_of(ann, copy, "invitations:write", "members:write")
    link = (await ann.api.post("/invitations/links", json={}, headers=test)).json()["url"]
    made = await ann.api.post("/invitations", json={"email": "far@elsewhere.test"}, headers=test)
    assert made.status_code == 201, made.text
    row = update(TenantRow).where(TenantRow.id == copy.id)
    async with runtime.control() as control:
        await control.session.execute(copies._retire([copy.id]))
    runtime.directory.forget()
    await drain()
    assert (await stranger.get(f"/join/{link.partition('/join/')[2]}")).status_code == 404
    assert not [mail for mail in runtime.mailer.inbox.newest() if "far@elsewhere.test" in mail.to]
    async with runtime.control() as control:
        await control.session.execute(row.values(sandbox_of=ann.tenant.id))


async def test_a_domain_that_is_named_there_is_not_looked_up(
    ann: Person, drain: Callable[[], Awaitable[None]], copied: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(domain: str) -> list[str]:
        raise AssertionError(domain)

    monkeypatch.setattr(invitation_jobs, "txt_records", never)
    test = await key_of(ann, await copied(), "invitations:write", "members:write")
    named = await ann.api.post("/invitations/domains", json={"domain": "elsewhere.test"}, headers=test)
    asked = await ann.api.post(f"/invitations/{named.json()['id']}/check", headers=test)
    assert asked.status_code == 202, asked.text
    await drain()


async def test_neither_keys_nor_logins_change_with_what_members_do_there(
    ann: Person, mia: Person, runtime: Runtime, copied: Copy
) -> None:
    copy = await copied()
    await key_of(mia, copy, "customers:read")

    async def held() -> tuple[Any, Any]:
        async with runtime.control() as control:
            ended = await control.session.scalars(select(ApiKey.revoked_at).filter_by(tenant_id=copy.id))
            return list(ended), (await control.session.get_one(Account, ann.account_id)).locale

    before = await held()
    assert "revoke" not in (await ann.page.get(inside(ann, f"/settings/members/{mia.member_id}/leave"))).text
    left = await send(ann, f"/settings/members/{mia.member_id}/leave", to="keep", keys="revoke")
    assert left.status_code == 303, left.text
    assert (await send(ann, "/settings/language", locale="zh_CN")).status_code == 303
    assert await held() == before


async def test_who_owes_writes_nothing_in_the_sandbox_either(ann: Person, copied: Copy) -> None:
    copy = await copied()
    bearer = await key_of(ann, copy, "customers:read", "customers:write")
    for owes, page, api in ((False, 303, 201), (True, 402, 402)):
        async with ann.runtime.control() as control:
            await control.session.execute(
                update(TenantRow).where(TenantRow.id == ann.tenant.id).values(readonly=owes)
            )
            await control.touch(ann.tenant.id)
        ann.runtime.directory.forget()
        assert (await send(ann, "/customers/new", name=f"Hats {owes}")).status_code == page
        answer = await ann.api.post("/customers", json={"name": f"Caps {owes}"}, headers=bearer)
        assert answer.status_code == api, answer.text
        assert (await ann.api.get("/customers", headers=bearer)).status_code == 200
        assert (await ann.page.get(inside(ann, "/customers"))).status_code == 200
