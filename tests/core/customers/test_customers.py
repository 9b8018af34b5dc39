"""Customers through the API and their verbs; what every record type does is tested in tests/core/records."""

import pytest

from core.customers import service
from core.customers.schema import CustomerIn


@pytest.mark.row("S10")
async def test_a_manager_assigns_a_customer_and_its_new_owner_sees_it(ann, mia, bo):
    unit = (await ann.api.post("/units", json={"name": "Sales"})).json()
    for person in (mia, bo):
        await ann.api.patch(f"/members/{person.member_id}", json={"unit_id": unit["id"]})
    made = (await mia.api.post("/customers", json={"name": "恒通贸易"})).json()
    page = f"/customers/{made['id']}"
    assert (await bo.page.get(bo.w(page))).status_code == 404
    assert (await mia.api.patch(page, json={"owner_id": str(bo.member_id)})).status_code == 200
    assert "恒通贸易" in (await bo.page.get(bo.w(page))).text
    assert (await bo.api.get(page)).json()["owner_id"] == str(bo.member_id)


@pytest.mark.row("P02")
async def test_a_customer_is_there_for_those_whom_it_concerns(ann, mia, bo, rea):
    made = (await ann.api.post("/customers", json={"name": "恒通贸易"})).json()
    page = f"/customers/{made['id']}"
    assert (await bo.api.get(page)).status_code == (await bo.page.get(bo.w(page))).status_code == 404
    share = {"record_type": "customer", "record_id": made["id"], "member_id": str(bo.member_id)}
    assert (await ann.api.post("/shares", json=share)).status_code == 201
    assert (await bo.api.get(page)).status_code == (await bo.page.get(bo.w(page))).status_code == 200
    assert (await bo.api.patch(page, json={"name": "X"})).status_code == 403
    assert (await rea.api.get(page)).status_code == 200
    assert (await rea.api.patch(page, json={"name": "X"})).status_code == 403


async def test_a_customer_gets_a_number_and_an_owner(ctx):
    first, second = await service.create_many(
        ctx, [CustomerIn(name="恒通贸易有限公司"), CustomerIn(name="Brightline")]
    )
    assert second.number > first.number
    assert first.owner_id == ctx.actor.member_id


async def test_the_api_creates_and_shows_it(ann):
    created = await ann.api.post("/customers", json={"name": "恒通贸易", "mobile": "138 0013 8000"})
    assert created.status_code == 201, created.text
    shown = await ann.api.get(f"/customers/{created.json()['id']}")
    assert shown.json()["mobile"] == "+8613800138000"


async def test_another_tenant_finds_nothing(ann, zed):
    created = await ann.api.post("/customers", json={"name": "恒通贸易"})
    assert (await zed.api.get(f"/customers/{created.json()['id']}")).status_code == 404
    assert (await zed.api.get("/customers")).json()["data"] == []


async def test_an_event_is_relayed(ann, drain):
    await ann.api.post("/customers", json={"name": "恒通贸易"})
    await drain()


async def test_its_page_shows_it(ann):
    created = (await ann.api.post("/customers", json={"name": "恒通贸易", "city": "佛山"})).json()
    shown = await ann.page.get(ann.w(f"/customers/{created['id']}"))
    assert shown.status_code == 200
    assert "恒通贸易" in shown.text
    assert "佛山" in shown.text
