"""The pages of API keys: who may make one, what is shown once, and that no key manages keys."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from core.access.models import Member
from core.kernel.errors import Forbidden
from core.kernel.ids import uuid7
from core.tenancy.control_log import ControlEvent
from core.tenancy.ctx import Principal
from core.tenancy.directory import TenantRow
from tenants.api_keys import authentication, queries, service
from tenants.api_keys.models import ApiKey
from tenants.api_keys.pages import state_of

FORM = {"name": "Shop", "mode": "live", "days": "30", "scope.customers": "write", "scope.deals": "read"}
TEXT = re.compile(r"gx_(?:live|test)_[0-9A-Za-z]{36}")


@pytest.fixture(autouse=True)
def forgetful(monkeypatch):
    """Ask the database every time: what is tested is not how long a process remembers."""
    monkeypatch.setattr(authentication, "TTL_S", 0.0)
    authentication._kept.clear()


async def made(person, **changes):
    answer = await person.post("/settings/keys/new", {**FORM, **changes})
    assert answer.status_code == 200, answer.text
    text = TEXT.search(answer.text).group(0)
    async with person.runtime.control() as control:
        found = await control.session.scalar(select(ApiKey).where(ApiKey.key_hash == service.digest(text)))
    return text, found


async def asked(person, text, path="/customers"):
    return await person.api.get(path, headers={"Authorization": f"Bearer {text}"})


async def log_of(person):
    async with person.runtime.control() as control:
        events = await control.session.scalars(
            select(ControlEvent).where(ControlEvent.tenant_id == person.tenant.id).order_by(ControlEvent.id)
        )
        return [(event.name, event.label, event.member_id) for event in events]


async def test_a_form_sent_twice_makes_one_key(ann):
    page = await ann.page.get(ann.w("/settings/keys/new"))
    token = re.search(r'name="_key" value="([^"]+)"', page.text).group(1)
    text, key = await made(ann, _key=token)
    again = await ann.post("/settings/keys/new", {**FORM, "_key": token})
    assert again.status_code == 409
    assert text not in again.text
    page = await ann.page.get(ann.w(f"/settings/keys/{key.id}"))
    token = re.search(r'name="_key" value="([^"]+)"', page.text[page.text.index("/rotate") :]).group(1)
    answers = [
        (await ann.post(f"/settings/keys/{key.id}/rotate", {"hours": "24", "_key": token})).status_code
        for _ in range(2)
    ]
    assert answers == [200, 409]
    async with ann.runtime.control() as control:
        found = await control.session.scalars(select(ApiKey.name).where(ApiKey.tenant_id == ann.tenant.id))
        assert list(found).count("Shop") == 2


async def test_a_key_is_made_shown_once_and_works(ann):
    text, key = await made(ann)
    assert (await asked(ann, text)).status_code == 200
    assert (await asked(ann, text, "/contacts")).status_code == 403
    assert key.member_id == ann.member_id
    assert key.scopes == ["customers:write", "deals:read"]
    assert timedelta(days=29) < key.expires_at - ann.runtime.clock.now() < timedelta(days=31)
    for page in (ann.w("/settings/keys"), ann.w(f"/settings/keys/{key.id}")):
        shown = (await ann.page.get(page)).text
        assert key.hint in shown
        assert text not in shown
    assert ("api_key.created", "Shop", ann.member_id) in await log_of(ann)


async def test_a_repeated_form_makes_one_key_and_shows_it_once(ann):
    first, _ = await made(ann, _key="the-same")
    again = await ann.post("/settings/keys/new", {**FORM, "_key": "the-same"})
    assert again.status_code == 409
    assert first not in again.text
    found = (await ann.api.get("/api_keys")).json()["data"]
    assert [one["name"] for one in found].count("Shop") == 1


async def test_all_errors_come_at_once_and_nothing_is_made(ann):
    before = len((await ann.api.get("/api_keys")).json()["data"])
    answer = await ann.post("/settings/keys/new", {"name": "", "days": "0", "scope.boats": "read"})
    assert answer.status_code == 422
    for text in ("f-name", "f-days", "boats:read"):
        assert text in answer.text
    empty = await ann.post("/settings/keys/new", {"name": "x"})
    assert empty.status_code == 422
    assert "Choose at least one" in empty.text
    assert len((await ann.api.get("/api_keys")).json()["data"]) == before


async def test_everything_is_a_choice_of_its_own(ann):
    _, key = await made(ann, everything="read")
    assert "tasks:read" in key.scopes
    assert "tasks:write" not in key.scopes
    assert "customers:write" in key.scopes
    assert not [scope for scope in key.scopes if scope.endswith(":manage")]


async def test_a_test_key_needs_a_sandbox(ann):
    answer = await ann.post("/settings/keys/new", {**FORM, "mode": "test"})
    assert answer.status_code == 422
    assert "sandbox" in answer.text


async def test_a_plan_without_room_says_so(ann):
    async with ann.runtime.control() as control:
        await control.session.execute(
            update(TenantRow).where(TenantRow.id == ann.tenant.id).values(limits={"api_keys": 1})
        )
    answer = await ann.post("/settings/keys/new", FORM)
    assert answer.status_code == 402
    assert "room for 1 API keys" in answer.text


async def test_rotation_shows_the_successor_and_lets_the_old_go_on(ann):
    text, key = await made(ann)
    answer = await ann.post(f"/settings/keys/{key.id}/rotate", {"hours": "1"})
    successor = TEXT.search(answer.text).group(0)
    assert successor != text
    assert (await asked(ann, text)).status_code == (await asked(ann, successor)).status_code == 200
    at_once = await ann.post(f"/settings/keys/{key.id}/rotate", {"hours": "0"})
    assert at_once.status_code == 200
    assert (await asked(ann, text)).status_code == 401
    assert ("api_key.rotated", "Shop", ann.member_id) in await log_of(ann)


async def test_nobody_gets_anothers_rights_by_rotating_his_key(ann, mia):
    text, key = await made(ann)
    async with ann.acting() as ctx:
        (await ctx.session.get_one(Member, mia.member_id)).role = "admin"
    page = await mia.page.get(mia.w(f"/settings/keys/{key.id}"))
    assert f"/settings/keys/{key.id}/rotate" not in page.text
    answer = await mia.post(f"/settings/keys/{key.id}/rotate", {"hours": "1"})
    assert answer.status_code == 403
    assert not TEXT.search(answer.text)
    assert (await asked(ann, text)).status_code == 200
    assert (await mia.post(f"/settings/keys/{key.id}/revoke")).status_code == 303
    assert (await asked(ann, text)).status_code == 401


async def test_a_wrong_overlap_is_refused(ann):
    _, key = await made(ann)
    answer = await ann.post(f"/settings/keys/{key.id}/rotate", {"hours": "1000"})
    assert answer.status_code == 422


async def test_a_revoked_key_is_dead_and_listed_among_the_ended(ann):
    text, key = await made(ann)
    await ann.post(f"/settings/keys/{key.id}/revoke")
    assert (await asked(ann, text)).status_code == 401
    assert key.hint not in (await ann.page.get(ann.w("/settings/keys"))).text
    assert key.hint in (await ann.page.get(ann.w("/settings/keys?ended=true"))).text
    assert (await ann.post(f"/settings/keys/{key.id}/revoke")).status_code == 404
    assert (await ann.post(f"/settings/keys/{key.id}/rotate", {"hours": "1"})).status_code == 404
    assert "Revoked" in (await ann.page.get(ann.w(f"/settings/keys/{key.id}"))).text
    assert ("api_key.revoked", "Shop", ann.member_id) in await log_of(ann)


async def test_an_expired_key_says_so(ann):
    _, key = await made(ann)
    async with ann.runtime.control() as control:
        row = await control.session.get(ApiKey, key.id)
        row.expires_at = control.now() - timedelta(seconds=1)
    assert "Expired" in (await ann.page.get(ann.w(f"/settings/keys/{key.id}"))).text


async def test_keys_are_for_administrators(ann, mia, bo):
    _, key = await made(ann)
    for person in (mia, bo):
        assert (await person.page.get(person.w("/settings/keys"))).status_code == 403
        assert (await person.post("/settings/keys/new", FORM)).status_code == 403
        assert (await person.post(f"/settings/keys/{key.id}/revoke")).status_code == 403
        assert (await person.api.get("/api_keys")).status_code == 403


async def test_other_workspaces_keys_are_nowhere(ann, zed):
    _, key = await made(ann)
    for path in (f"/settings/keys/{key.id}", f"/settings/keys/{key.id}?before={key.id}"):
        assert (await zed.page.get(zed.w(path))).status_code == 404
    for action in ("rotate", "revoke"):
        assert (await zed.post(f"/settings/keys/{key.id}/{action}", {"hours": "1"})).status_code == 404
    assert (await zed.api.get(f"/api_keys/{key.id}")).status_code == 404
    assert (await zed.api.get(f"/api_keys/{key.id}/requests")).status_code == 404
    async with ann.runtime.control() as control:
        assert (await control.session.get(ApiKey, key.id)).revoked_at is None


async def test_a_key_reads_about_keys_and_manages_none(ann):
    _, key = await made(ann)
    found = (await ann.api.get(f"/api_keys/{key.id}")).json()
    assert found["hint"] == key.hint
    assert "key_hash" not in found
    assert str(key.id) in [one["id"] for one in (await ann.api.get("/api_keys")).json()["data"]]
    for method in ("post", "delete", "patch"):
        assert (await getattr(ann.api, method)("/api_keys")).status_code == 405
    who = Principal(kind="key", tenant=ann.tenant, member_id=ann.member_id, key_id=key.id)
    data = service.KeyIn(tenant_id=ann.tenant.id, member_id=ann.member_id, name="x", scopes=["deals:read"])
    async with ann.runtime.control(who) as control:
        with pytest.raises(Forbidden):
            await service.issue(control, data)
        with pytest.raises(Forbidden):
            await service.revoke(control, key.id)
        with pytest.raises(Forbidden):
            await service.rotate(control, key.id, overlap=timedelta(hours=1))


async def test_no_scope_lets_a_key_manage(ann):
    async with ann.runtime.control() as control:
        wanted = ["api_keys:manage", "api_keys:read"]
        data = service.KeyIn(tenant_id=ann.tenant.id, member_id=ann.member_id, name="x", scopes=wanted)
        text, key = await service.issue(control, data)
    assert key.scopes == ["api_keys:read"]
    me = (await asked(ann, text, "/me")).json()
    assert me["actor"]["permissions"] == {"api_keys.view": "all"}


async def test_living_keys_are_counted(ann):
    async with ann.runtime.control() as control:
        before = await queries.living(control, ann.tenant.id)
    _, key = await made(ann)
    async with ann.runtime.control() as control:
        assert await queries.living(control, ann.tenant.id) == before + 1
        await service.revoke(control, key.id)
        assert await queries.living(control, ann.tenant.id) == before


async def test_the_form_of_a_new_key_offers_what_there_is(ann):
    page = await ann.page.get(ann.w("/settings/keys/new"))
    assert page.status_code == 200
    assert "customers" in page.text


async def test_a_rotation_past_the_plan_is_said_on_the_page(ann):
    _, key = await made(ann)
    async with ann.runtime.control() as control:
        chosen = update(TenantRow).where(TenantRow.id == ann.tenant.id)
        await control.session.execute(chosen.values(limits={"api_keys": 1}))
    answer = await ann.post(f"/settings/keys/{key.id}/rotate", {"hours": "1"})
    assert answer.status_code == 402
    assert "room for 1 API keys" in answer.text
    assert not TEXT.search(answer.text)
    assert (await ann.post(f"/settings/keys/{key.id}/rotate", {"hours": "0"})).status_code == 200


async def test_a_test_key_is_one_of_the_sandbox(ann, monkeypatch):
    copy = uuid7()

    async def sandbox_of(control, tenant_id):
        return copy

    monkeypatch.setattr(queries, "sandbox_of", sandbox_of)
    answer = await ann.post("/settings/keys/new", {**FORM, "mode": "test"})
    assert TEXT.search(answer.text).group(0).startswith("gx_test_")
    async with ann.runtime.control() as control:
        [key] = (await control.session.scalars(select(ApiKey).where(ApiKey.tenant_id == copy))).all()
        assert key.mode == "test"


def test_a_key_that_rests_says_so():
    resting = ApiKey(paused_at=datetime.now(UTC))
    assert state_of(resting, datetime.now(UTC)) == "paused"
