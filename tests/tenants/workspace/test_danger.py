"""The end of a workspace and the change of its owner: who may, what everybody learns, and the way back."""

import pytest
from sqlalchemy import func, select

from core.kernel.idempotency.models import ControlIdempotency
from core.tenancy.control_log import ControlEvent
from core.tenancy.directory import TenantRow
from tenants.accounts import authentication
from tenants.workspace.models import Archive, Closing


@pytest.fixture(autouse=True)
def forgetful(monkeypatch):
    """Ask the database every time: what is tested is not how long a process remembers."""
    monkeypatch.setattr(authentication, "TTL_S", 0.0)
    monkeypatch.setattr("core.tenancy.directory.FRESH_S", 0.0)
    monkeypatch.setattr("core.runtime.ACTOR_TTL_S", 0.0)
    authentication._kept.clear()


async def state_of(person):
    async with person.runtime.control() as control:
        return (await control.session.get(TenantRow, person.tenant.id)).state


async def close(person, name="Acme"):
    return await person.post("/settings/danger/close", {"name": name})


def door(person, path=""):
    return f"/closed/{person.tenant.id}{path}"


async def test_it_is_closed_and_opened_again(ann, bo, drain):
    answer = await close(ann)
    assert answer.headers["location"] == door(ann)
    assert await state_of(ann) == "deleting"
    led = await bo.page.get(bo.w("/customers"))
    assert (led.status_code, led.headers["location"]) == (303, door(ann))
    assert (await bo.post("/customers/new", {"name": "x"})).status_code == 404
    assert (await ann.api.get("/customers")).status_code == 404
    assert "Open it again" in (await ann.page.get(door(ann))).text
    assert "Open it again" not in (await bo.page.get(door(ann))).text
    assert (await bo.page.post(door(ann, "/reopen"), data={"_csrf": bo.csrf})).status_code == 403
    opened = await ann.page.post(door(ann, "/reopen"), data={"_csrf": ann.csrf})
    assert opened.headers["location"] == "/w/acme/"
    assert await state_of(ann) == "active"
    assert (await bo.page.get(bo.w("/customers"))).status_code == 200
    async with ann.runtime.control() as control:
        names = (await control.session.scalars(select(ControlEvent.name).order_by(ControlEvent.id))).all()
        assert names[-2:] == ["workspace.closed", "workspace.reopened"]
        assert await control.session.get(Closing, ann.tenant.id) is None


async def test_everybody_is_told_by_mail(ann, bo, drain):
    for mail in ann.runtime.mailer.inbox._paths():
        mail.unlink()
    await close(ann)
    await drain()
    sent = [mail for mail in ann.runtime.mailer.inbox.newest() if mail.subject == "Acme was closed"]
    assert {mail.to for mail in sent} >= {f"{name}@acme.test" for name in ("ann", "bo", "mia", "rea")}
    await ann.page.post(door(ann, "/reopen"), data={"_csrf": ann.csrf})
    await drain()
    assert "Acme is open again" in {mail.subject for mail in ann.runtime.mailer.inbox.newest()}


async def test_its_name_has_to_be_typed(ann):
    for name in ("", "acme", "Globex"):
        assert (await close(ann, name)).status_code == 422
    assert await state_of(ann) == "active"


async def test_owners_alone(mia, bo, ann):
    for person in (mia, bo):
        assert (await person.page.get(person.w("/settings/danger"))).status_code == 403
        assert (await close(person)).status_code == 403
        form = {"member_id": str(person.member_id)}
        assert (await person.post("/settings/danger/transfer", form)).status_code == 403
    assert await state_of(ann) == "active"


async def test_no_key_closes_anything(ann):
    assert "workspace.close" not in (await ann.api.get("/me")).json()["actor"]["permissions"]


async def test_strangers_find_no_closed_workspace(ann, zed, stranger):
    await close(ann)
    assert (await zed.page.get(door(ann))).status_code == 404
    assert (await zed.page.post(door(ann, "/reopen"), data={"_csrf": zed.csrf})).status_code == 404
    assert (await stranger.get(door(ann))).headers["location"].startswith("/login")
    assert (await stranger.post(door(ann, "/reopen"))).headers["location"].startswith("/login")
    assert (await stranger.get(door(ann, f"/archives/{ann.member_id}"))).status_code == 404
    assert (await zed.page.get(door(zed))).status_code == 404


async def test_a_double_click_opens_it_once(ann):
    await close(ann)
    form = {"_csrf": ann.csrf, "_key": "twice"}
    first = await ann.page.post(door(ann, "/reopen"), data=form)
    again = await ann.page.post(door(ann, "/reopen"), data=form)
    assert (first.status_code, again.status_code) == (303, 303)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]
    other = await ann.page.post(door(ann, "/reopen"), data={**form, "more": "x"})
    assert other.status_code == 422
    async with ann.runtime.control() as control:
        opened = (
            select(func.count()).select_from(ControlEvent).where(ControlEvent.name == "workspace.reopened")
        )
        assert await control.session.scalar(opened) == 1
        kept = await control.session.scalars(select(ControlIdempotency.route))
        assert f"POST {door(ann, '/reopen')}" in kept.all()


async def test_archives_can_be_fetched_from_outside(ann, bo):
    async with ann.runtime.control() as control:
        archive = Archive(tenant_id=ann.tenant.id, file_name="a.zip")
        control.session.add(archive)
        await control.session.flush()
        archive_id = archive.id
    await close(ann)
    assert (await ann.page.get(door(ann, f"/archives/{archive_id}"))).status_code == 404
    assert (await bo.page.get(door(ann, f"/archives/{archive_id}"))).status_code == 403


async def test_it_is_handed_over(ann, mia):
    answer = await ann.post("/settings/danger/transfer", {"member_id": str(mia.member_id)})
    assert answer.status_code == 303, answer.text
    assert (await mia.page.get(mia.w("/settings/danger"))).status_code == 200
    assert (await ann.page.get(ann.w("/settings/danger"))).status_code == 403
    async with ann.runtime.control() as control:
        statement = select(ControlEvent).where(ControlEvent.name == "workspace.ownership_transferred")
        assert (await control.session.scalars(statement)).one().changes == {"owner": ["Ann", "Mia"]}


async def test_nobody_inherits_who_is_not_there(ann, zed):
    for member_id in (ann.member_id, zed.member_id, ""):
        answer = await ann.post("/settings/danger/transfer", {"member_id": str(member_id)})
        assert answer.status_code == 422
    assert (await ann.page.get(ann.w("/settings/danger"))).status_code == 200
