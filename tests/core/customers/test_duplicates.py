"""What may exist already is told on creation, and of others' customers only the owner."""

import pytest

from core.customers.records import CUSTOMER
from core.customers.schema import CustomerIn
from core.kernel.text import strip_company
from core.records import duplicates


async def test_the_form_warns_once_and_saves_anyway(ann):
    await ann.api.post("/customers", json={"name": "佛山市恒通贸易有限公司", "city": "佛山"})
    form = {"name": "恒通贸易（佛山）有限公司", "kind": "company", "stage": "potential"}
    assert strip_company(form["name"]) == strip_company("佛山市恒通贸易有限公司")
    warned = await ann.post("/customers/new", form)
    assert warned.status_code == 409
    assert "佛山市恒通贸易有限公司" in warned.text
    assert "Save anyway" in warned.text
    assert len((await ann.api.get("/customers")).json()["data"]) == 1
    saved = await ann.post("/customers/new", {**form, "save_anyway": "1"})
    assert saved.status_code == 303
    assert len((await ann.api.get("/customers")).json()["data"]) == 2


async def test_the_api_lists_them_and_refuses_where_asked(ann):
    made = (await ann.api.post("/customers", json={"name": "恒通贸易", "phone": "0757 8123 4567"})).json()
    body = {"name": "Hengtong", "mobile": "0757-81234567", "email": "a@hengtong.cn"}
    found = await ann.api.post("/customers/duplicates", json=body)
    assert found.status_code == 200
    assert found.json()["data"] == [
        {"id": made["id"], "label": "恒通贸易", "owner": "Ann", "matches": ["phone"]}
    ]
    refused = await ann.api.post("/customers?duplicates=refuse", json=body)
    assert refused.status_code == 409
    assert refused.json()["code"] == "duplicate"
    assert refused.json()["duplicates"][0]["id"] == made["id"]
    assert refused.json()["errors"][0]["path"] == "phone"
    assert (await ann.api.post("/customers", json=body)).status_code == 201


async def test_of_a_record_one_may_not_see_only_the_owner_is_told(ann, bo):
    made = (await ann.api.post("/customers", json={"name": "恒通贸易", "city": "佛山"})).json()
    found = await bo.api.post("/customers/duplicates", json={"name": "恒通贸易"})
    assert found.json()["data"] == [{"id": None, "label": None, "owner": "Ann", "matches": ["name"]}]
    warned = await bo.post("/customers/new", {"name": "恒通贸易", "kind": "company", "stage": "potential"})
    assert warned.status_code == 409
    assert "Ann" in warned.text
    assert made["id"] not in warned.text


async def test_persons_of_one_name_are_many_unless_they_live_in_one_place(ann):
    await ann.api.post("/customers", json={"name": "王芳", "kind": "person", "city": "佛山"})
    for city, known in (("广州", 0), ("佛山", 1), (None, 0)):
        body = {"name": "王芳", "kind": "person", "city": city}
        found = (await ann.api.post("/customers/duplicates", json=body)).json()["data"]
        assert len(found) == known, city


async def test_contacts_are_known_by_mobile_or_by_name_at_a_customer(ann):
    customer = (await ann.api.post("/customers", json={"name": "恒通贸易"})).json()
    base = {"name": "张伟", "customer_id": customer["id"], "phone": "0757 81234567"}
    await ann.api.post("/contacts", json={**base, "mobile": "13800138000"})
    for body, known in (
        (base, ["name"]),
        ({"name": "李娜", "phone": "0757 81234567"}, None),
        ({"name": "李娜", "mobile": "138 0013 8000"}, ["mobile"]),
        ({"name": "张伟"}, None),
    ):
        found = (await ann.api.post("/contacts/duplicates", json=body)).json()["data"]
        assert [one["matches"] for one in found] == ([known] if known else []), body


async def test_what_lies_in_the_bin_is_no_duplicate(ann):
    made = (await ann.api.post("/customers", json={"name": "恒通贸易"})).json()
    await ann.api.delete(f"/customers/{made['id']}")
    assert not (await ann.api.post("/customers/duplicates", json={"name": "恒通贸易"})).json()["data"]


@pytest.mark.parametrize("count", [1, 300])
async def test_many_rows_are_looked_up_at_once(ctx, count):
    rows = [CustomerIn(name=f"恒通{n}贸易", email=f"{n}@x.cn") for n in range(count)]
    await CUSTOMER.verbs.create(ctx, CustomerIn(name="恒通0贸易"))
    found = await CUSTOMER.duplicates(ctx, rows)
    assert [len(one) for one in found] == [1] + [0] * (count - 1)
    assert (await duplicates.of(ctx, CUSTOMER, rows[0]))[0].matches == ("name",)
