"""Who sits where at a customer, and who acts for several."""

import pytest


async def make(person, path, **body):
    made = await person.api.post(path, json=body)
    assert made.status_code == 201, made.text
    return made.json()


async def panel(person, kind, record, place):
    shown = await person.page.get(person.w(f"/panels/{kind}/{record['id']}/{place}"))
    assert shown.status_code == 200, shown.text
    return shown.text


@pytest.mark.row("C09")
async def test_departments_stand_in_a_tree_with_superiors_first(ann):
    customer = await make(ann, "/customers", name="恒通贸易")
    own = {"customer_id": customer["id"]}
    boss = await make(ann, "/contacts", name="张伟", department="销售部", **own)
    await make(ann, "/contacts", name="安娜", department="销售部", reports_to_id=boss["id"], **own)
    await make(ann, "/contacts", name="李娜", department="销售部/外贸组", **own)
    await make(ann, "/contacts", name="王芳", **own)
    found = (await ann.api.get(f"/customers/{customer['id']}/organisation")).json()["data"]
    assert [(d["name"], d["depth"], [s["name"] for s in d["seats"]]) for d in found] == [
        ("销售部", 0, ["张伟", "安娜"]),
        ("外贸组", 1, ["李娜"]),
        ("", 0, ["王芳"]),
    ]
    shown = await panel(ann, "customer", customer, "tab/organisation")
    assert "外贸组" in shown
    assert "Without a department" in shown
    assert "张伟" in await panel(ann, "customer", customer, "side/contacts")
    assert "安娜" in await panel(ann, "contact", boss, "side/team")


async def test_a_contact_plays_a_part_at_a_further_customer(ann):
    home = await make(ann, "/customers", name="恒通贸易")
    other = await make(ann, "/customers", name="宏达五金")
    contact = await make(ann, "/contacts", name="张伟", customer_id=home["id"])
    path = f"/contacts/{contact['id']}/roles"
    body = {"customer_id": other["id"], "role": "influencer", "position": "顾问"}
    assert (await ann.api.post(path, json=body)).status_code == 200
    changed = await ann.api.post(path, json={**body, "role": "decision_maker"})
    assert [one["role"] for one in changed.json()["data"]] == ["decision_maker"]
    found = (await ann.api.get(f"/customers/{other['id']}/organisation")).json()["data"]
    assert found[0]["seats"][0]["is_guest"]
    assert "宏达五金" in await panel(ann, "contact", contact, "side/further")
    own = await ann.api.post(path, json={"customer_id": home["id"]})
    assert own.json()["errors"][0]["code"] == "own"
    assert (await ann.api.delete(f"{path}/{other['id']}")).status_code == 204
    assert (await ann.api.get(path)).json()["data"] == []


async def test_the_form_of_a_further_customer(ann):
    other = await make(ann, "/customers", name="宏达五金")
    contact = await make(ann, "/contacts", name="张伟")
    path = f"/contacts/{contact['id']}/roles/new"
    assert "Decision maker" in (await ann.page.get(ann.w(path))).text
    assert (await ann.post(path, {"role": "king"})).status_code == 422
    assert (await ann.post(path, {"customer_id": other["id"], "role": "buyer"})).status_code == 303
    removed = await ann.post(f"/contacts/{contact['id']}/roles/{other['id']}/remove")
    assert removed.status_code == 303
    assert "Note it here" in await panel(ann, "contact", contact, "side/further")


async def test_a_customers_page_offers_to_create_what_points_at_it(ann):
    customer = await make(ann, "/customers", name="恒通贸易")
    shown = await ann.page.get(ann.w(f"/customers/{customer['id']}"))
    assert f"/contacts/new?customer_id={customer['id']}" in shown.text
    form = await ann.page.get(ann.w(f"/contacts/new?customer_id={customer['id']}"))
    assert 'value="恒通贸易"' in form.text
