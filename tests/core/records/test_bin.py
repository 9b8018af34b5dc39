"""What was deleted is found in the bin of its list and can be restored there, one or all."""

from core.records import actions


async def made(person, path, **values):
    answer = await person.api.post(path, json=values)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def deleted(person, *names, path="/customers"):
    found = [await made(person, path, name=name) for name in names]
    for each in found:
        assert (await person.api.delete(f"{path}/{each['id']}")).status_code == 204
    return found


async def test_the_list_leads_to_its_bin_and_back(ann):
    await made(ann, "/customers", name="Stays")
    [gone] = await deleted(ann, "Goes")
    page = (await ann.page.get(ann.w("/customers"))).text
    assert f'href="{ann.w("/customers")}?deleted=1"' in page
    assert "Goes" not in page
    page = (await ann.page.get(ann.w("/customers?deleted=1"))).text
    assert "Goes" in page
    assert "Stays" not in page
    assert "/bulk/restore?deleted=1" in page
    assert "/bulk/delete" not in page
    assert "Save view" not in page
    answer = await ann.post("/customers/bulk/restore?deleted=1", {"ids": gone["id"]})
    assert answer.headers["location"] == f"{ann.w('/customers')}?deleted=1"
    assert (await ann.api.get(f"/customers/{gone['id']}")).status_code == 200
    assert "The bin is empty" in (await ann.page.get(ann.w("/customers?deleted=1"))).text


async def test_a_list_has_no_action_of_its_bin_and_the_bin_none_of_the_list(ann):
    kept, [gone] = await made(ann, "/customers", name="Stays"), await deleted(ann, "Goes")
    for path in ("/customers/bulk/restore", "/customers/bulk/delete?deleted=1"):
        assert (await ann.post(path, {"ids": [kept["id"], gone["id"]]})).status_code == 404
    answer = await ann.post("/customers/bulk/restore?deleted=1", {"ids": kept["id"]})
    assert answer.status_code == 303
    assert (await ann.api.get(f"/customers/{kept['id']}")).json()["version"] == kept["version"]


async def test_others_see_and_restore_what_they_could_have_deleted(ann, enter):
    bo, rea = await enter("bo"), await enter("rea")
    [gone] = await deleted(ann, "Anns")
    assert "deleted=1" not in (await rea.page.get(rea.w("/customers"))).text
    assert "Anns" not in (await rea.page.get(rea.w("/customers?deleted=1"))).text
    assert "Anns" not in (await bo.page.get(bo.w("/customers?deleted=1"))).text
    await bo.post("/customers/bulk/restore?deleted=1", {"ids": gone["id"]})
    assert (await ann.api.get(f"/customers/{gone['id']}")).status_code == 404
    assert (await rea.post("/customers/bulk/restore?deleted=1", {"ids": gone["id"]})).status_code == 404


async def test_the_whole_bin_is_restored_by_a_job(ann, drain, monkeypatch):
    monkeypatch.setattr(actions, "FEW", 2)
    gone = await deleted(ann, "A", "B", "C", "D", "E")
    answer = await ann.post("/customers/bulk/restore?deleted=1", {"all": "1"})
    assert answer.status_code == 303, answer.text
    await drain()
    for each in gone:
        assert (await ann.api.get(f"/customers/{each['id']}")).status_code == 200


async def test_what_was_merged_is_in_no_bin_and_stays_merged(ann, drain):
    target, source = [await made(ann, "/customers", name=name) for name in ("Target", "Zwilling")]
    merged = await ann.api.post(f"/customers/{target['id']}/merge", json={"source_id": source["id"]})
    assert merged.status_code == 200, merged.text
    assert "Zwilling" not in (await ann.page.get(ann.w("/customers?deleted=1"))).text
    await ann.post("/customers/bulk/restore?deleted=1", {"ids": source["id"]})
    await ann.post("/customers/bulk/restore?deleted=1", {"all": "1"})
    await drain()
    assert (await ann.api.get(f"/customers/{source['id']}")).status_code == 404
