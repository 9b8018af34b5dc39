"""The classification tree: kept by administrators, used by everybody."""

import pytest


async def make(person, name, parent=None):
    body = {"name": name, "parent_id": parent and parent["id"]}
    made = await person.api.post("/customer-classes", json=body)
    assert made.status_code == 201, made.text
    return made.json()


async def test_a_class_knows_all_above_it_and_moves_with_what_is_below(ann):
    trade, region = await make(ann, "行业"), await make(ann, "地区")
    machines = await make(ann, "机械", trade)
    valves = await make(ann, "阀门", machines)
    assert valves["title"] == "行业 / 机械 / 阀门"
    moved = await ann.api.patch(f"/customer-classes/{machines['id']}", json={"parent_id": region["id"]})
    assert moved.json()["title"] == "地区 / 机械"
    below = (await ann.api.get(f"/customer-classes/{valves['id']}")).json()
    assert below["title"] == "地区 / 机械 / 阀门"
    renamed = await ann.api.patch(f"/customer-classes/{region['id']}", json={"name": "区域"})
    assert renamed.status_code == 200
    assert (await ann.api.get(f"/customer-classes/{valves['id']}")).json()["title"] == "区域 / 机械 / 阀门"


async def test_what_would_break_the_tree_is_refused(ann):
    trade = await make(ann, "行业")
    machines = await make(ann, "机械", trade)
    loop = await ann.api.patch(f"/customer-classes/{trade['id']}", json={"parent_id": machines["id"]})
    assert loop.json()["errors"][0]["code"] == "cycle"
    twin = await ann.api.post("/customer-classes", json={"name": "行业"})
    assert twin.json()["errors"][0]["code"] == "duplicate"
    assert (await ann.api.delete(f"/customer-classes/{trade['id']}")).json()["code"] == "class.has_classes"
    await ann.api.post("/customers", json={"name": "恒通贸易", "class_id": machines["id"]})
    refused = await ann.api.delete(f"/customer-classes/{machines['id']}")
    assert refused.status_code == 409
    assert refused.json()["code"] == "class.has_customers"


async def test_classes_cannot_be_nested_without_end(ann):
    node = None
    for number in range(8):
        node = await make(ann, f"第{number}层", node)
    body = {"name": "第8层", "parent_id": node["id"]}
    assert (await ann.api.post("/customer-classes", json=body)).json()["errors"][0]["code"] == "depth"


@pytest.mark.row("C11")
async def test_only_administrators_keep_the_tree(ann, bo):
    trade = await make(ann, "行业")
    assert (await bo.api.post("/customer-classes", json={"name": "x"})).status_code == 403
    seen = await bo.api.get("/customer-classes")
    assert [one["name"] for one in seen.json()["data"]] == ["行业"]
    tree = await bo.page.get(bo.w("/settings/classes"))
    assert "行业" in tree.text
    assert "New class" not in tree.text
    own = await bo.api.post("/customers", json={"name": "恒通贸易", "class_id": trade["id"]})
    assert own.status_code == 201


async def test_the_tree_page_creates_below_and_leads_back(ann):
    trade = await make(ann, "行业")
    page = await ann.page.get(ann.w("/settings/classes"))
    assert f"/customer-classes/new?parent_id={trade['id']}" in page.text
    form = await ann.page.get(ann.w(f"/customer-classes/new?parent_id={trade['id']}"))
    assert 'value="行业"' in form.text
    sent = {"name": "机械", "parent_id": trade["id"], "position": "0"}
    saved = await ann.post("/customer-classes/new", sent)
    there = await ann.page.get(saved.headers["location"])
    assert 'aria-current="true"' in there.text
    assert "机械" in there.text


async def test_a_removed_class_comes_back(ann):
    trade = await make(ann, "行业")
    assert (await ann.api.delete(f"/customer-classes/{trade['id']}")).status_code == 204
    assert (await make(ann, "行业"))["id"] != trade["id"]
    assert (await ann.api.post(f"/customer-classes/{trade['id']}/restore")).status_code == 422
