"""Customers through the API and their verbs; what every record type does is tested in tests/core/records."""

from core.customers import service
from core.customers.schema import CustomerIn


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
