"""The company profile and the address: who may change them, what follows, what is refused."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from core.tenancy.control_log import ControlEvent
from core.tenancy.directory import FormerSlug, TenantRow
from tenants.accounts import authentication
from tenants.signup.schema import WorkspaceIn
from tenants.signup.service import create_workspace


@pytest.fixture(autouse=True)
def forgetful(monkeypatch):
    """Ask the database every time: what is tested is not how long a process remembers."""
    monkeypatch.setattr(authentication, "TTL_S", 0.0)
    monkeypatch.setattr("core.tenancy.directory.FRESH_S", 0.0)
    authentication._kept.clear()


async def row_of(person):
    async with person.runtime.control() as control:
        return await control.session.get(TenantRow, person.tenant.id)


async def events_of(person, name):
    async with person.runtime.control() as control:
        statement = select(ControlEvent).where(
            ControlEvent.name == name, ControlEvent.tenant_id == person.tenant.id
        )
        return (await control.session.scalars(statement)).all()


async def test_the_profile_is_changed_and_told(ann):
    form = {
        "name": "Acme 2",
        "locale": "zh_CN",
        "timezone": "Asia/Shanghai",
        "country": "CN",
        "currency": "CNY",
    }
    assert (await ann.post("/settings/company", form)).status_code == 303
    row = await row_of(ann)
    assert (row.name, row.locale, row.timezone, row.country, row.currency) == tuple(form.values())
    (told,) = await events_of(ann, "workspace.updated")
    assert told.changes["name"] == ["Acme", "Acme 2"]
    assert "Acme 2" in (await ann.page.get(ann.w("/settings/company"))).text


async def test_what_is_the_same_is_no_change(ann):
    same = (await ann.api.get("/workspace")).json()
    answer = await ann.api.patch("/workspace", json={"name": same["name"]})
    assert answer.json() == same
    assert not await events_of(ann, "workspace.updated")


async def test_all_errors_at_once_and_nothing_changes(ann):
    before = await row_of(ann)
    wrong = {"name": "", "locale": "xx", "timezone": "Mars/Base", "country": "QQ", "currency": "QQQ"}
    answer = await ann.post("/settings/company", wrong)
    assert answer.status_code == 422
    assert answer.text.count('aria-invalid="true"') >= 4
    assert (await row_of(ann)).name == before.name


async def test_the_currency_is_fixed_by_the_first_deal(ann):
    customer = (await ann.api.post("/customers", json={"name": "Halden"})).json()
    deal = await ann.api.post("/deals", json={"name": "First", "customer_id": customer["id"]})
    assert deal.status_code == 201, deal.text
    other = "EUR" if ann.tenant.currency != "EUR" else "USD"
    refused = await ann.api.patch("/workspace", json={"currency": other, "name": "No"})
    assert refused.status_code == 409
    assert (await row_of(ann)).name != "No"
    page = await ann.page.get(ann.w("/settings/company"))
    assert 'name="currency"' not in page.text


async def test_it_is_for_administrators(ann, mia, bo):
    for person in (mia, bo):
        assert (await person.page.get(person.w("/settings/company"))).status_code == 403
        assert (await person.post("/settings/company", {"name": "x"})).status_code == 403
        assert (await person.post("/settings/company/address", {"slug": "mine"})).status_code == 403
        assert (await person.api.patch("/workspace", json={"name": "x"})).status_code == 403
        assert (await person.api.get("/workspace")).status_code == 200


async def test_the_old_address_leads_to_the_new_one(ann, bo, zed, stranger):
    old = ann.w("/customers?sort=name")
    answer = await ann.post("/settings/company/address", {"slug": "acme-two"})
    assert answer.status_code == 303, answer.text
    moved = await ann.page.get(old)
    assert (moved.status_code, moved.headers["location"]) == (303, "/w/acme-two/customers?sort=name")
    assert (await bo.page.get("/w/acme-two/customers")).status_code == 200
    assert (await ann.page.get(old, headers={"HX-Request": "true"})).status_code == 404
    assert (await zed.page.get(old)).status_code == 404
    assert "/login" in (await stranger.get(old)).headers["location"]
    (told,) = await events_of(ann, "workspace.moved")
    assert told.changes["slug"] == ["acme", "acme-two"]


@pytest.mark.parametrize("slug", ["admin", "A b", "x", "-a-b", "globex", "umzug"])
async def test_an_address_that_cannot_be_had_is_refused(ann, zed, slug):
    async with ann.runtime.control() as control:
        until = control.now() + timedelta(days=1)
        control.session.add(FormerSlug(slug="umzug", tenant_id=zed.tenant.id, until=until))
    wanted = zed.tenant.slug if slug == "globex" else slug
    assert (await ann.post("/settings/company/address", {"slug": wanted})).status_code == 422
    assert (await row_of(ann)).slug == "acme"


async def move(person, to):
    """Send the form from the present address."""
    now = (await row_of(person)).slug
    form = {"_csrf": person.csrf, "slug": to}
    return (await person.page.post(f"/w/{now}/settings/company/address", data=form)).status_code


async def test_back_to_the_former_one_and_not_too_often(ann):
    for slug in ("a-one", "a-two", "acme"):
        assert await move(ann, slug) == 303
    async with ann.runtime.control() as control:
        assert set(await control.session.scalars(select(FormerSlug.slug))) == {"a-one", "a-two"}
    for slug in ("a-three", "a-four", "a-five"):
        assert await move(ann, slug) == 303
    assert await move(ann, "a-six") == 422
    assert await move(ann, "a-one") == 303
    assert await move(ann, "a-one") == 303


async def test_nobody_takes_an_address_that_still_leads_somewhere(ann, runtime, committing):
    from core.kernel.errors import Conflict

    async with runtime.control() as control:
        control.session.add(
            FormerSlug(slug="umzug", tenant_id=ann.tenant.id, until=control.now() + timedelta(days=1))
        )
    with pytest.raises(Conflict):
        await create_workspace(runtime, WorkspaceIn(name="x", slug="umzug"))
    async with runtime.control() as control:
        await control.session.execute(update(FormerSlug).values(until=control.now() - timedelta(days=1)))
    runtime.directory.forget()
    assert await runtime.directory.by_slug("umzug") is None
