"""The page of a lead and the form that converts it."""

from tests.core.pipeline.conftest import listed, sent

LEAD = {"name": "王芳", "company": "恒通贸易", "mobile": "138 0013 8000", "city": "杭州"}


async def seen(person, path, status=200, **options):
    answer = await person.page.get(person.w(path), **options)
    assert answer.status_code == status, answer.text[:3000]
    return answer.text


async def test_a_lead_has_a_page_and_a_list(ann):
    lead = await sent(ann, "/leads", **LEAD)
    page = await seen(ann, f"/leads/{lead['id']}")
    for text in ("王芳", "恒通贸易", "Convert", "Warm"):
        assert text in page, text
    assert "恒通贸易" in await seen(ann, "/leads?f=rating:eq:warm")


async def test_the_form_converts_with_a_deal(ann):
    lead = await sent(ann, "/leads", **LEAD)
    path = f"/leads/{lead['id']}/convert"
    page = await seen(ann, path)
    assert 'value="恒通贸易"' in page
    dialog = await seen(ann, path, headers={"HX-Request": "true", "HX-Request-Type": "partial"})
    assert "<dialog" in dialog
    form = {
        "customer_id": "",
        "customer_name": "恒通",
        "contact_id": "",
        "with_deal": "true",
        "deal.name": "首单",
    }
    wrong = await ann.post(path, {**form, "deal.amount_minor": "many", "deal.currency": "USD"})
    assert wrong.status_code == 422
    assert 'value="many"' in wrong.text
    assert await listed(ann, "/customers") == []
    answer = await ann.post(path, {**form, "deal.amount_minor": "12.5", "deal.currency": "USD"})
    assert answer.status_code == 303, answer.text[:2000]
    assert [row["name"] for row in await listed(ann, "/customers")] == ["恒通"]
    assert [(row["name"], row["amount_minor"]) for row in await listed(ann, "/deals")] == [("首单", 1250)]
    assert "Converted on" in await seen(ann, f"/leads/{lead['id']}")
    assert (await ann.page.get(ann.w(path))).status_code == 303


async def test_the_form_knows_who_is_a_customer_already(ann, bo):
    customer = await sent(ann, "/customers", name="恒通贸易")
    lead = await sent(ann, "/leads", **LEAD)
    page = await seen(ann, f"/leads/{lead['id']}/convert")
    assert "This may exist already" in page
    assert f'value="{customer["id"]}"' in page
    form = {"customer_id": customer["id"], "customer_name": "", "contact_id": ""}
    assert (await ann.post(f"/leads/{lead['id']}/convert", form)).status_code == 303
    assert len(await listed(ann, "/customers")) == 1
    assert await listed(ann, "/deals") == []
    his = await sent(bo, "/leads", **{**LEAD, "mobile": "13800138111"})
    page = await seen(bo, f"/leads/{his['id']}/convert")
    assert "A record that you may not see" in page
    assert customer["id"] not in page


async def test_leads_are_assigned_in_bulk(ann, bo):
    leads = [await sent(ann, "/leads", name=f"L{n}") for n in range(2)]
    form = {"ids": [lead["id"] for lead in leads], "owner_id": str(bo.member_id)}
    assert (await ann.post("/leads/bulk/assign", form)).status_code == 303
    assert len(await listed(bo, "/leads")) == 2
