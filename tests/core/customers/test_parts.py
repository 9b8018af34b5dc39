"""Further addresses of customers, and relations between them: through the API and the pages."""

import pytest


async def make(person, name, **more):
    return (await person.api.post("/customers", json={"name": name, **more})).json()


async def panel(person, customer, key):
    shown = await person.page.get(person.w(f"/panels/customer/{customer['id']}/side/{key}"))
    assert shown.status_code == 200, shown.text
    return shown.text


async def test_an_address_is_added_changed_and_removed(ann):
    customer = await make(ann, "恒通贸易")
    path = f"/customers/{customer['id']}/addresses"
    added = await ann.api.post(path, json={"label": "工厂", "city": "佛山", "country": "CN"})
    assert added.status_code == 201, added.text
    address = added.json()
    assert "佛山" in await panel(ann, customer, "addresses")
    changed = await ann.api.patch(f"{path}/{address['id']}", json={"city": "广州"})
    assert changed.json()["city"] == "广州"
    assert (await ann.api.delete(f"{path}/{address['id']}")).status_code == 204
    assert (await ann.api.get(path)).json() == {"data": []}


async def test_the_form_of_an_address_shows_all_its_errors(ann):
    customer = await make(ann, "恒通贸易")
    path = f"/customers/{customer['id']}/addresses/new"
    assert (await ann.page.get(ann.w(path))).status_code == 200
    refused = await ann.post(path, {"label": "", "country": "Nowhere"})
    assert refused.status_code == 422
    assert "Please correct 2 entries" in refused.text
    assert (await ann.post(path, {"label": "仓库", "city": "中山"})).status_code == 303
    found = (await ann.api.get(f"/customers/{customer['id']}/addresses")).json()["data"][0]
    edit = await ann.page.get(ann.w(f"/customer-addresses/{found['id']}"))
    assert 'value="中山"' in edit.text
    await ann.post(f"/customer-addresses/{found['id']}", {"label": "仓库", "city": ""})
    assert (await ann.api.get(f"/customers/{customer['id']}/addresses")).json()["data"][0]["city"] is None
    await ann.post(f"/customer-addresses/{found['id']}/remove")
    assert "Works, warehouse" in await panel(ann, customer, "addresses")


@pytest.mark.row("C08")
async def test_a_relation_is_seen_from_both_ends(ann):
    parent, child = await make(ann, "恒通集团"), await make(ann, "佛山分厂")
    made = await ann.api.post(
        f"/customers/{parent['id']}/relations", json={"kind": "parent_of", "other_id": child["id"]}
    )
    assert made.status_code == 201, made.text
    assert made.json()["title"] == "Parent company of"
    there = (await ann.api.get(f"/customers/{child['id']}/relations")).json()["data"][0]
    assert (there["title"], there["inverse"], there["other_name"]) == ("Subsidiary of", True, "恒通集团")
    again = {"kind": "parent_of", "other_id": parent["id"], "inverse": True}
    assert (await ann.api.post(f"/customers/{child['id']}/relations", json=again)).status_code == 409
    assert "恒通集团" in await panel(ann, child, "relations")
    gone = await ann.api.delete(f"/customers/{child['id']}/relations/{there['id']}")
    assert gone.status_code == 204
    assert (await ann.api.get(f"/customers/{parent['id']}/relations")).json()["data"] == []


async def test_the_form_of_a_relation_offers_both_ends(ann):
    parent, child = await make(ann, "恒通集团"), await make(ann, "佛山分厂")
    path = f"/customers/{child['id']}/relations/new"
    assert "Subsidiary of" in (await ann.page.get(ann.w(path))).text
    refused = await ann.post(path, {"kind": "nephew", "other_id": child["id"]})
    assert refused.status_code == 422
    saved = await ann.post(path, {"kind": "parent_of:inverse", "other_id": parent["id"]})
    assert saved.status_code == 303
    found = (await ann.api.get(f"/customers/{parent['id']}/relations")).json()["data"][0]
    assert found["title"] == "Parent company of"
    await ann.post(f"/customers/{child['id']}/relations/{found['id']}/remove")
    assert (await ann.api.get(f"/customers/{child['id']}/relations")).json()["data"] == []


async def test_one_relates_only_to_what_one_sees(ann, bo):
    hidden, own = await make(ann, "恒通集团"), await make(bo, "佛山分厂")
    body = {"kind": "parent_of", "other_id": hidden["id"]}
    refused = await bo.api.post(f"/customers/{own['id']}/relations", json=body)
    assert refused.json()["errors"][0]["code"] == "reference"
    assert (await bo.api.get(f"/customers/{hidden['id']}/relations")).status_code == 404
    other = {"kind": "parent_of", "other_id": own["id"]}
    assert (await ann.api.post(f"/customers/{hidden['id']}/relations", json=other)).status_code == 201
    assert (await bo.api.get(f"/customers/{own['id']}/relations")).json()["data"] == []
