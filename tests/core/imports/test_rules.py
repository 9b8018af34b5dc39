"""What becomes of records that exist, of rows that point at others, and the way back."""

import json

import pytest
from sqlalchemy import select

from core.contacts.models import Contact
from core.customers.models import Customer
from core.imports import jobs
from core.imports.models import ImportRow


async def send(person, text, record_type="customer", **more):
    answer = await person.api.post("/imports", json={"record_type": record_type, "text": text, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def run(person, drain, text, record_type="customer", **more):
    import_id = await send(person, text, record_type, start="run", **more)
    await drain()
    return await get(person, import_id)


async def get(person, import_id):
    return (await person.api.get(f"/imports/{import_id}")).json()


def counts(found):
    return tuple(found[name] for name in ("created", "updated", "skipped", "failed"))


async def everything(person, model):
    async with person.ctx() as ctx:
        return list(await ctx.session.scalars(select(model).order_by(model.name)))


SOME = "name\tmobile\tcity\nAda Ltd\t+8613800000001\tFoshan\nBea Ltd\t+8613800000002\tLinz\n"


async def test_a_check_writes_nothing_and_counts_what_a_run_would_do(ann, drain):
    await run(ann, drain, SOME)
    text = SOME + "Ada\t\tWien\nCyd\t\t\nCyd\t\tGraz\n\t\tnameless\n"
    import_id = await send(ann, text, rule="update", start="check")
    await drain()
    checked = await get(ann, import_id)
    assert (checked["state"], counts(checked)) == ("checked", (1, 4, 0, 1))
    assert len(await everything(ann, Customer)) == 2
    await ann.api.post(f"/imports/{import_id}/run")
    await drain()
    done = await get(ann, import_id)
    assert (done["state"], counts(done)) == ("done", counts(checked))


@pytest.mark.parametrize("batch", [1, 2, 1_000])
async def test_a_check_counts_the_same_however_the_rows_fall_into_steps(ann, drain, monkeypatch, batch):
    monkeypatch.setattr(jobs, "BATCH", batch)
    import_id = await send(ann, "name,city\nAda,a\nBea,b\nAda,c\nCyd,d\nBea,e\n", rule="skip", start="check")
    await drain()
    assert counts(await get(ann, import_id)) == (3, 0, 2, 0)
    await ann.api.post(f"/imports/{import_id}/run")
    await drain()
    assert counts(await get(ann, import_id)) == (3, 0, 2, 0)


async def test_known_records_are_skipped_by_phone_or_by_name_without_its_legal_form(ann, drain):
    await run(ann, drain, SOME)
    found = await run(ann, drain, "name,mobile\nOther,+8613800000001\nBEA Limited,\nCyd,\n")
    assert counts(found) == (1, 0, 2, 0)


async def test_an_update_changes_filled_cells_only_and_is_taken_back(ann, drain):
    await run(ann, drain, SOME)
    found = await run(ann, drain, "name,city,industry\nAda Ltd,,Steel\nBea Ltd,Graz,\nCyd,,\n", rule="update")
    assert counts(found) == (1, 2, 0, 0)
    ada, bea, _ = await everything(ann, Customer)
    assert (ada.city, ada.industry, bea.city) == ("Foshan", "Steel", "Graz")
    answer = await ann.api.patch(f"/customers/{bea.id}", json={"industry": "Wood"})
    assert answer.status_code == 200
    assert (await ann.api.post(f"/imports/{found['id']}/revert")).status_code == 202
    await drain()
    reverted = await get(ann, found["id"])
    assert (reverted["state"], reverted["reverted"], reverted["kept"]) == ("reverted", 2, 1)
    ada, bea = await everything(ann, Customer)
    assert (ada.city, ada.industry, bea.city, bea.industry) == ("Foshan", None, "Graz", "Wood")
    async with ann.ctx() as ctx:
        kept = await ctx.session.scalar(select(ImportRow).where(ImportRow.outcome == "changed"))
        assert kept.record_id == bea.id
    shown = await ann.page.get(ann.w(f"/imports/{found['id']}"))
    assert str(bea.id) in shown.text


async def test_two_rows_about_one_new_record_become_one_and_its_change(ann, drain):
    found = await run(ann, drain, "name,city,industry\nAda,Linz,\nAda,,Steel\nAda,Graz,\n", rule="update")
    assert counts(found) == (1, 2, 0, 0)
    (ada,) = await everything(ann, Customer)
    assert (ada.city, ada.industry) == ("Graz", "Steel")
    await ann.api.post(f"/imports/{found['id']}/revert")
    await drain()
    assert await everything(ann, Customer) == []


async def test_people_find_their_customers_and_make_those_that_are_missing(ann, drain):
    await run(ann, drain, SOME)
    text = "姓名,公司名称,手机\n张伟,Ada Ltd,+86 138 0000 0009\n李娜,新公司,\n王芳,新公司,\n"
    found = await run(ann, drain, text, "contact", match=["phone"])
    assert counts(found) == (1, 0, 0, 2)
    found = await run(ann, drain, text, "contact", match=["phone"], create_missing=True)
    assert counts(found) == (2, 0, 1, 0)
    people = {one.name: one for one in await everything(ann, Contact)}
    companies = {one.name: one for one in await everything(ann, Customer)}
    assert people["张伟"].customer_id == companies["Ada Ltd"].id
    assert people["李娜"].customer_id == people["王芳"].customer_id == companies["新公司"].id
    await ann.api.post(f"/imports/{found['id']}/revert")
    await drain()
    assert set(companies) - {one.name for one in await everything(ann, Customer)} == {"新公司"}


async def test_all_that_was_created_is_one_list(ann, drain):
    await run(ann, drain, "name\nBefore\n")
    found = await run(ann, drain, SOME)
    page = await ann.page.get(ann.w(f"/imports/{found['id']}"))
    address = page.text.partition("/customers?f=created_at")[2].partition('"')[0].replace("&amp;", "&")
    listed = await ann.page.get(ann.w(f"/customers?f=created_at{address}"))
    assert "Ada Ltd" in listed.text
    assert "Before" not in listed.text


async def test_lines_of_json_and_choices_in_any_language(ann, drain):
    rows = [{"name": "Ada", "stage": "High value", "tags": ["a", "b"]}, {"name": "Bea", "country": "奥地利"}]
    text = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n[1]\n"
    found = await run(ann, drain, text)
    assert counts(found) == (2, 0, 0, 1)
    ada, bea = await everything(ann, Customer)
    assert (ada.stage, ada.tags, bea.country) == ("high_value", ["a", "b"], "AT")


async def test_the_mapping_is_remembered(ann, drain):
    text = "Firma,Ort\nAda,Linz\n"
    first = await get(ann, await send(ann, text))
    assert first["mapping"] == ["", ""]
    answer = await ann.api.post(f"/imports/{first['id']}/run")
    assert answer.status_code == 422
    await ann.api.patch(f"/imports/{first['id']}", json={"mapping": ["name", "city"]})
    await ann.api.post(f"/imports/{first['id']}/run")
    await drain()
    assert (await get(ann, await send(ann, text)))["mapping"] == ["name", "city"]


async def test_what_belongs_to_others_is_neither_shown_nor_changed(ann, bo, zed, drain):
    theirs = await send(ann, SOME, start="run")
    await drain()
    assert (await zed.api.get(f"/imports/{theirs}")).status_code == 404
    assert (await bo.api.get(f"/imports/{theirs}")).status_code == 404
    found = await run(bo, drain, SOME, rule="update")
    assert counts(found) == (0, 0, 0, 2)
    found = await run(bo, drain, SOME, rule="skip")
    assert counts(found) == (0, 0, 2, 0)


async def test_who_may_only_read_may_not_import(rea):
    assert (await rea.api.post("/imports", json={"record_type": "customer", "text": SOME})).status_code == 403


async def test_cancelled_and_gone_on_with(ann, drain, monkeypatch):
    monkeypatch.setattr(jobs, "BATCH", 2)
    import_id = await send(ann, SOME, start="run")
    assert (await ann.api.post(f"/imports/{import_id}/cancel")).status_code == 202
    await drain()
    assert (await get(ann, import_id))["state"] == "cancelled"
    assert await everything(ann, Customer) == []
    assert (await ann.api.post(f"/imports/{import_id}/resume")).status_code == 202
    await drain()
    assert (await get(ann, import_id))["state"] == "done"
    assert len(await everything(ann, Customer)) == 2
    assert (await ann.api.post(f"/imports/{import_id}/cancel")).status_code == 409


async def test_wrong_ways_of_reading_are_refused_with_all_errors(ann):
    import_id = await send(ann, SOME)
    answer = await ann.api.patch(
        f"/imports/{import_id}", json={"mapping": ["name", "name", "nothing"], "match": ["colour"]}
    )
    assert answer.status_code == 422
    assert [error["code"] for error in answer.json()["errors"]] == ["twice", "unknown", "unknown"]
    assert (await ann.api.patch(f"/imports/{import_id}", json={"rule": "x"})).status_code == 422
    assert (await ann.api.patch(f"/imports/{import_id}", json={"state": "done"})).status_code == 400


async def test_who_may_not_create_any_more_when_the_rows_are_written_writes_none(ann, bo, drain):
    import_id = await send(bo, "name\nAda\n", start="run")
    grants = {"imports.view": "own", "imports.run": "own", "customers.view": "own"}
    await ann.api.put("/roles/clerk", json={"name": "Clerk", "grants": grants})
    gone = await ann.api.patch(f"/members/{bo.member_id}", json={"role": "clerk"})
    assert gone.status_code == 200
    await drain()
    assert await everything(ann, Customer) == []
    await ann.api.patch(f"/members/{bo.member_id}", json={"role": "member"})
    assert (await bo.api.get(f"/jobs/{(await get(bo, import_id))['job_id']}")).json()["state"] == "failed"
