"""What was deleted is found in the bin, can be restored, and goes for good after 30 days with what is its own."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from core.access.models import Share
from core.activities.files.models import Attachment
from core.activities.models import Activity
from core.contacts.models import Contact
from core.customers.models import Customer
from core.ext.registry import load
from core.kernel.db import Base
from core.pipeline.models import Deal
from core.records import actions, bin
from core.search.models import SearchDocument


async def made(person, path, **values):
    answer = await person.api.post(path, json=values)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def deleted(person, *names, path="/customers"):
    found = [await made(person, path, name=name) for name in names]
    for each in found:
        assert (await person.api.delete(f"{path}/{each['id']}")).status_code == 204
    return found


@pytest.fixture
def later(ann, drain):
    """Have the job run so many days after whatever was deleted."""

    async def _later(days):
        async with ann.acting() as ctx:
            for model in (Customer, Contact, Deal, Activity):
                table = model.__tablename__
                back = text(f"UPDATE {table} SET deleted_at = deleted_at - CAST(:back AS interval)")
                await ctx.session.execute(back, {"back": timedelta(days=days)})
            ctx.enqueue(bin.JOB.name, bin.Nothing())
        await drain()

    return _later


async def count(person, model, *conditions):
    async with person.ctx() as ctx:
        table = model.__table__
        statement = select(func.count()).select_from(table).where(*conditions)
        return await ctx.session.scalar(statement, execution_options={"include_deleted": True})


async def test_the_list_leads_to_its_bin_and_back(ann):
    await made(ann, "/customers", name="Stays")
    [gone] = await deleted(ann, "Goes")
    page = (await ann.page.get(ann.w("/customers"))).text
    assert f'href="{ann.w("/customers")}?deleted=1"' in page
    assert "Goes" not in page
    page = (await ann.page.get(ann.w("/customers?deleted=1"))).text
    assert "Goes" in page
    assert "Stays" not in page
    assert "for 30 days" in page
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


async def test_after_thirty_days_it_goes_with_what_is_its_own(ann, enter, later):
    bo = await enter("bo")
    kept = await made(ann, "/customers", name="Kept")
    [gone] = [await made(ann, "/customers", name="Gone")]
    contact = await made(ann, "/contacts", name="Lin", customer_id=gone["id"])
    call = await made(ann, "/activities", kind="call", subject="Own", customer_id=gone["id"])
    both = await made(ann, "/activities", kind="call", subject="Both", contact_id=contact["id"])
    other = await made(ann, "/activities", kind="call", subject="Other", customer_id=kept["id"])
    task = await made(ann, "/tasks", title="Call back", customer_id=gone["id"])
    file = {"file": ("a.txt", b"text")}
    for path in (
        f"/files/customer/{gone['id']}",
        f"/files/activity/{call['id']}",
        f"/files/customer/{kept['id']}",
    ):
        assert (await ann.api.post(path, files=file)).status_code == 201
    share = {
        "record_type": "customer",
        "record_id": gone["id"],
        "member_id": str(bo.member_id),
        "level": "view",
    }
    await made(ann, "/shares", **share)
    assert (await ann.api.delete(f"/customers/{gone['id']}")).status_code == 204
    await later(31)
    assert await count(ann, Customer, Customer.id == gone["id"]) == 0
    assert await count(ann, Customer, Customer.id == kept["id"]) == 1
    assert await count(ann, Share) == 0
    assert await count(ann, Attachment) == 1
    assert await count(ann, SearchDocument, SearchDocument.record_id.in_([gone["id"], call["id"]])) == 0
    for path in (f"/contacts/{contact['id']}", f"/activities/{both['id']}", f"/tasks/{task['id']}"):
        assert (await ann.api.get(path)).json()["customer_id"] is None
    assert (await ann.api.get(f"/activities/{call['id']}")).status_code == 404
    assert (await ann.api.get(f"/activities/{other['id']}")).json()["customer_id"] == kept["id"]
    assert (await ann.page.get(ann.w(f"/contacts/{contact['id']}"))).status_code == 200


async def test_what_is_younger_restricted_or_merged_stays(ann, later, monkeypatch):
    monkeypatch.setattr(bin, "BATCH", 2)
    target = await made(ann, "/customers", name="Target")
    merged, restricted, *old = [await made(ann, "/customers", name=name) for name in "MRABCDE"]
    path = f"/customers/{target['id']}/merge"
    answer = await ann.api.post(path, json={"source_id": merged["id"]})
    assert answer.status_code == 200, answer.text
    for each in (restricted, *old):
        await ann.api.delete(f"/customers/{each['id']}")
    async with ann.acting() as ctx:
        keep = text("UPDATE customer SET restricted_at = now() WHERE id = :id")
        await ctx.session.execute(keep, {"id": restricted["id"]})
    await later(29)
    assert await count(ann, Customer, Customer.deleted_at.is_not(None)) == 7
    await later(2)
    async with ann.ctx() as ctx:
        left = set(await ctx.session.scalars(select(Customer.__table__.c.name)))
    assert left >= {"M", "R", "Target"}
    assert not left & {"A", "B", "C", "D", "E"}


async def test_another_workspace_keeps_its_own(ann, enter, later):
    zed = await enter("zed")
    [theirs], [ours] = await deleted(zed, "Theirs"), await deleted(ann, "Ours")
    async with zed.acting() as ctx:
        await ctx.session.execute(text("UPDATE customer SET deleted_at = deleted_at - interval '31 days'"))
    await later(31)
    assert await count(ann, Customer, Customer.id == ours["id"]) == 0
    assert await count(zed, Customer, Customer.id == theirs["id"]) == 1


def test_settings_stay():
    emptied = {key for key, type_ in load().records.items() if bin.is_emptied(type_)}
    assert emptied >= {"customer", "contact", "lead", "deal", "activity", "task"}
    assert not emptied & {"pipeline", "stage", "close_reason", "currency_rate", "customer_class"}


def test_nothing_that_must_name_a_record_keeps_it_from_going():
    known = load().records
    emptied = {key for key, type_ in known.items() if bin.is_emptied(type_)}
    wrong = [
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for key in emptied
        for column in bin.holding(table, key)
    ]
    assert not wrong
