"""Merging two customers: what points at the one points at the other, and the trace stays."""

import pytest
from sqlalchemy import select

from core.customers.models import Customer
from core.customers.service_merge import merge, references
from core.kernel.events.models import EventLink
from core.tenancy.ctx import Ctx


async def make(person, name, **more):
    return (await person.api.post("/customers", json={"name": name, **more})).json()


@pytest.fixture
async def pair(ann):
    """Two entries of one company, each with a contact, an address, and a common relation."""
    target = await make(ann, "恒通贸易", phone="0757 81234567", tags=["重点"])
    source = await make(ann, "佛山恒通", city="佛山", phone="0757 87654321", tags=["展会"], external_id="E-7")
    other = await make(ann, "供应商")
    for customer in (target, source):
        await ann.api.post("/contacts", json={"name": "张伟", "customer_id": customer["id"]})
        await ann.api.post(f"/customers/{customer['id']}/addresses", json={"label": "仓库"})
        body = {"kind": "supplier_of", "other_id": customer["id"]}
        await ann.api.post(f"/customers/{other['id']}/relations", json=body)
    body = {"kind": "partner_of", "other_id": source["id"]}
    await ann.api.post(f"/customers/{target['id']}/relations", json=body)
    return target, source, other


async def test_everything_moves_and_nothing_doubles(ann, pair):
    target, source, other = pair
    merged = await ann.api.post(f"/customers/{target['id']}/merge", json={"source_id": source["id"]})
    assert merged.status_code == 200, merged.text
    body = merged.json()
    assert (body["city"], body["phone"], body["external_id"]) == ("佛山", "+8675781234567", "E-7")
    assert body["tags"] == ["重点", "展会"]
    contacts = (await ann.api.get(f"/contacts?customer_id={target['id']}")).json()["data"]
    assert len(contacts) == 2
    assert len((await ann.api.get(f"/customers/{target['id']}/addresses")).json()["data"]) == 2
    relations = (await ann.api.get(f"/customers/{target['id']}/relations")).json()["data"]
    assert [one["other_id"] for one in relations] == [other["id"]]
    assert (await ann.api.get(f"/customers/{source['id']}")).status_code == 404


async def test_the_trace_stays(ann, pair):
    target, source, _ = pair
    await ann.api.post(
        f"/customers/{target['id']}/merge", json={"source_id": source["id"], "take": ["phone"]}
    )
    async with ann.ctx() as ctx:
        links = select(EventLink.event_name).where(EventLink.record_id == target["id"])
        names = list(await ctx.session.scalars(links))
        assert "customer.merged" in names
        assert names.count("customer.created") == 2
        kept = await ctx.session.get(Customer, target["id"])
        assert kept.phone == "+8675787654321"
    page = await ann.page.get(ann.w(f"/customers/{source['id']}"))
    assert "was merged into another one" in page.text
    await ann.api.post(f"/customers/{source['id']}/restore")
    assert (await ann.api.get(f"/customers/{source['id']}")).status_code == 200


async def test_the_page_compares_and_merges(ann, pair):
    target, source, _ = pair
    path = f"/customers/{target['id']}/merge"
    assert "Merge this customer" in (await ann.page.get(ann.w(path))).text
    compared = await ann.page.get(ann.w(f"{path}?source_id={source['id']}"))
    assert "+8675787654321" in compared.text
    done = await ann.post(path, {"source_id": source["id"], "phone": "source", "name": "target"})
    assert done.status_code == 303, done.text
    body = (await ann.api.get(f"/customers/{target['id']}")).json()
    assert (body["name"], body["phone"]) == ("恒通贸易", "+8675787654321")


async def test_what_cannot_be_merged_is_refused(ann, bo, pair):
    target, source, _ = pair
    path = f"/customers/{target['id']}/merge"
    assert (await ann.api.post(path, json={"source_id": target["id"]})).status_code == 422
    wrong = await ann.api.post(path, json={"source_id": source["id"], "take": ["number"]})
    assert wrong.json()["errors"][0]["path"] == "take"
    own, second = await make(bo, "甲"), await make(bo, "乙")
    hidden = await bo.api.post(f"/customers/{own['id']}/merge", json={"source_id": source["id"]})
    assert hidden.status_code == 404
    no_right = await bo.api.post(f"/customers/{own['id']}/merge", json={"source_id": second["id"]})
    assert no_right.status_code == 403


def test_every_reference_of_every_installed_table_is_known(registry):
    found = {(table.name, column.name) for table, column in references("customer")}
    wanted = {("contact", "customer_id"), ("contact_role", "customer_id"), ("activity", "customer_id")}
    assert (
        wanted | {("deal", "customer_id"), ("customer_relation", "other_id"), ("share", "record_id")} <= found
    )
    assert not any(name.startswith("event") for name, _ in found)


async def test_two_merges_in_a_row_end_at_the_last(ctx: Ctx):
    from core.customers import service
    from core.customers.schema import CustomerIn

    a, b, c = await service.create_many(ctx, [CustomerIn(name=name) for name in "甲乙丙"])
    await merge(ctx, b, a)
    await merge(ctx, c, b)
    await ctx.session.refresh(a)
    assert a.merged_into_id == c.id
