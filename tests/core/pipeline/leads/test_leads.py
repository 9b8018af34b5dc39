"""Leads and what becomes of them."""

from uuid import UUID

import pytest

from core.kernel.errors import Conflict
from core.kernel.events import feed
from core.pipeline.leads import queries, service
from core.pipeline.leads import service_conversion as conversion
from core.pipeline.leads.schema import ConvertDeal, ConvertIn, LeadIn, LeadPatch
from tests.core.pipeline.conftest import listed, sent

LEAD = {
    "name": "王芳",
    "company": "杭州恒通贸易有限公司",
    "mobile": "138 0013 8000",
    "email": "wf@hengtong.cn",
}


async def test_converting_makes_customer_contact_and_deal_for_the_owner(ctx, cast):
    bo = cast.people["bo"].member_id
    lead = await service.create(ctx, LeadIn(name="王芳", company="恒通", owner_id=bo, source="广交会"))
    await conversion.convert(ctx, lead, ConvertIn(deal=ConvertDeal(amount_minor=5)))
    assert lead.status == "converted"
    assert None not in (lead.converted_at, lead.customer_id, lead.contact_id, lead.deal_id)
    again = await conversion.convert(ctx, lead, ConvertIn())
    assert again.deal_id == lead.deal_id
    with pytest.raises(Conflict):
        await service.update(ctx, lead, LeadPatch(status="new"))
    await service.update(ctx, lead, LeadPatch(notes="still editable"))


async def test_a_lead_of_who_left_is_converted_for_who_converts_it(ann, bo):
    lead = await sent(ann, "/leads", **LEAD, owner_id=str(bo.member_id))
    gone = await ann.api.patch(f"/members/{bo.member_id}", json={"active": False})
    assert gone.status_code == 200
    done = await sent(ann, f"/leads/{lead['id']}/convert", 200, deal={"amount_minor": 100})
    for path in (
        f"/customers/{done['customer_id']}",
        f"/contacts/{done['contact_id']}",
        f"/deals/{done['deal_id']}",
    ):
        assert (await ann.api.get(path)).json()["owner_id"] == str(ann.member_id), path


@pytest.mark.row("S01")
async def test_a_lead_is_assigned_followed_converted_and_its_trace_kept(ann, bo):
    lead = await sent(ann, "/leads", **LEAD, source="fair")
    page = ann.w(f"/leads/{lead['id']}")
    assert (await bo.page.get(bo.w(f"/leads/{lead['id']}"))).status_code == 404
    assigned = await ann.api.patch(f"/leads/{lead['id']}", json={"owner_id": str(bo.member_id)})
    assert assigned.status_code == 200
    await sent(bo, "/activities", kind="call", lead_id=lead["id"], body="Wants a sample")
    done = await sent(bo, f"/leads/{lead['id']}/convert", 200, deal={"amount_minor": 100})
    shown = (await ann.page.get(page)).text
    for part in ("customers", "contacts", "deals"):
        assert f"/{part}/{done[part.removesuffix('s') + '_id']}" in shown
    told = (await ann.api.get(f"/timeline/customer/{done['customer_id']}")).json()["data"]
    assert {"lead.created", "lead.converted"} <= {entry["event"] for entry in told}


async def test_the_api_converts_once(ann, zed):
    lead = await sent(ann, "/leads", **LEAD)
    path = f"/leads/{lead['id']}/convert"
    first = await sent(ann, path, 200, deal={"amount_minor": 100, "name": "首单"})
    second = await sent(ann, path, 200, deal={"amount_minor": 200})
    assert (first["status"], first["deal_id"]) == ("converted", second["deal_id"])
    customer = (await ann.api.get(f"/customers/{first['customer_id']}")).json()
    contact = (await ann.api.get(f"/contacts/{first['contact_id']}")).json()
    deal = (await ann.api.get(f"/deals/{first['deal_id']}")).json()
    assert (customer["name"], customer["kind"]) == (LEAD["company"], "company")
    assert (contact["name"], contact["customer_id"]) == ("王芳", customer["id"])
    assert (contact["mobile"], contact["email"]) == ("+8613800138000", "wf@hengtong.cn")
    assert (deal["name"], deal["customer_id"], deal["lead_id"]) == ("首单", customer["id"], lead["id"])
    assert len(await listed(ann, "/customers")) == 1
    assert (await zed.api.post(path, json={})).status_code == 404


async def test_converting_into_what_exists(ann):
    customer = await sent(ann, "/customers", name="恒通贸易")
    lead = await sent(ann, "/leads", **LEAD)
    done = await sent(ann, f"/leads/{lead['id']}/convert", 200, customer_id=customer["id"])
    assert (done["customer_id"], done["deal_id"]) == (customer["id"], None)
    assert len(await listed(ann, "/customers")) == 1


async def test_a_wrong_deal_changes_nothing(ann):
    lead = await sent(ann, "/leads", **LEAD)
    path = f"/leads/{lead['id']}/convert"
    answer = await ann.api.post(path, json={"deal": {"amount_minor": 5, "currency": "EUR"}})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "deal.exchange_rate"
    assert await listed(ann, "/customers") == []
    assert (await ann.api.get(f"/leads/{lead['id']}")).json()["status"] == "new"
    for wrong in ({"customer_id": lead["id"]}, {"contact_id": lead["id"]}):
        assert (await ann.api.post(path, json=wrong)).status_code == 422


async def test_the_story_of_the_lead_is_told_on_the_customer(ann):
    lead = await sent(ann, "/leads", **LEAD)
    await ann.api.patch(f"/leads/{lead['id']}", json={"rating": "hot"})
    done = await sent(ann, f"/leads/{lead['id']}/convert", 200, deal={})
    async with ann.ctx() as ctx:
        for kind in ("customer", "contact"):
            told = await feed.timeline(ctx.session, kind, UUID(done[f"{kind}_id"]))
            names = [event.name for event in told]
            assert {"lead.created", "lead.updated", "lead.converted"} <= set(names), kind
            assert len(names) == len(set(names))
        told = await feed.timeline(ctx.session, "deal", UUID(done["deal_id"]))
        assert "lead.converted" in [event.name for event in told]


async def test_likely_duplicates_are_found(ann, bo):
    same_name = await sent(ann, "/customers", name="恒通贸易")
    same_phone = await sent(ann, "/customers", name="Other", mobile="13800138000")
    await sent(ann, "/customers", name="Neither")
    lead = await sent(bo, "/leads", **LEAD)
    async with ann.ctx() as ctx:
        found = await queries.known_customers(ctx, await _lead(ctx, lead["id"]))
    assert {str(one.id) for one in found} == {same_name["id"], same_phone["id"]}
    async with bo.ctx() as ctx:
        found = await queries.known_customers(ctx, await _lead(ctx, lead["id"]))
    assert [(one.id, one.label, one.owner) for one in found] == [(None, None, "Ann")] * 2


async def test_somebody_who_may_not_create_customers_converts_into_existing_ones_only(ann, bo):
    hidden = await sent(ann, "/customers", name="恒通贸易")
    lead = await sent(bo, "/leads", **LEAD)
    answer = await bo.api.post(f"/leads/{lead['id']}/convert", json={"customer_id": hidden["id"]})
    assert answer.status_code == 422


async def _lead(ctx, lead_id):
    from core.pipeline.leads.records import LEAD as TYPE
    from core.records import lists

    return await lists.get(ctx, TYPE, UUID(lead_id))
