"""Contacts through the API and their page; what every record type does is tested in tests/core/records."""

import pytest


async def test_its_page_shows_it_with_its_customer(ann):
    customer = (await ann.api.post("/customers", json={"name": "恒通贸易"})).json()
    body = {"name": "张伟", "customer_id": customer["id"], "position": "采购经理", "role": "buyer"}
    made = await ann.api.post("/contacts", json=body)
    assert made.status_code == 201, made.text
    shown = await ann.page.get(ann.w(f"/contacts/{made.json()['id']}"))
    assert shown.status_code == 200
    for text in ("张伟", "采购经理", "恒通贸易", "Buyer"):
        assert text in shown.text


@pytest.mark.row("C10")
async def test_a_contact_is_found_and_tracked(ann):
    made = (await ann.api.post("/contacts", json={"name": "张伟", "mobile": "13800138000"})).json()
    for words in ("zhangwei", "zw", "138001380"):
        found = (await ann.api.get("/search", params={"q": words})).json()["data"]
        assert [hit["id"] for hit in found] == [made["id"]], words
    call = {"kind": "call", "contact_id": made["id"], "body": "Asked for prices"}
    assert (await ann.api.post("/activities", json=call)).status_code == 201
    task = {"title": "Send prices", "contact_id": made["id"]}
    assert (await ann.api.post("/tasks", json=task)).status_code == 201
    sent = {"file": ("prices.txt", b"100", "text/plain")}
    assert (await ann.api.post(f"/files/contact/{made['id']}", files=sent)).status_code == 201
    told = (await ann.api.get(f"/timeline/contact/{made['id']}")).json()["data"]
    assert {"activity.logged", "task.created"} <= {entry["event"] for entry in told}
    assert (await ann.page.get(ann.w(f"/contacts/{made['id']}"))).status_code == 200
    assert "Asked for prices" in (await ann.page.get(ann.w(f"/timeline/contact/{made['id']}"))).text


async def test_nobody_reports_to_oneself(ann):
    made = (await ann.api.post("/contacts", json={"name": "张伟"})).json()
    refused = await ann.api.patch(f"/contacts/{made['id']}", json={"reports_to_id": made["id"]})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["path"] == "reports_to_id"


async def test_a_contact_of_somebody_else_is_not_there(ann, bo):
    made = (await ann.api.post("/contacts", json={"name": "张伟"})).json()
    assert (await bo.page.get(bo.w(f"/contacts/{made['id']}"))).status_code == 404
