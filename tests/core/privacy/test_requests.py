"""Requests about people's data: who may, what an export holds, what a restriction stops, what lifting gives back."""

import io
import json
import zipfile
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from core.contacts.models import Contact
from core.kernel.events.models import EventRow
from core.privacy.models import DataRequest
from core.privacy.service import EXPORT_JOB


@pytest.fixture
async def company(ann):
    body = {"name": "恒通贸易", "city": "佛山"}
    return (await ann.api.post("/customers", json=body)).json()["id"]


@pytest.fixture
async def wang(ann, company):
    body = {
        "name": "王芳",
        "customer_id": company,
        "email": "wang@example.com",
        "mobile": "+8613800138000",
        "notes": "喜欢绿茶",
    }
    answer = await ann.api.post("/contacts", json=body)
    assert answer.status_code == 201, answer.text
    contact = answer.json()["id"]
    note = {"kind": "call", "body": "谈了报价", "contact_id": contact}
    assert (await ann.api.post("/activities", json=note)).status_code == 201
    files = {"file": ("合同.txt", b"signed by Wang", "text/plain")}
    sent = await ann.api.post(f"/files/contact/{contact}", files=files)
    assert sent.status_code == 201, sent.text
    return contact


async def requested(person, kind, record_id, record_type="contact", **more):
    body = {"kind": kind, "record_type": record_type, "record_id": record_id, **more}
    return await person.api.post("/data-requests", json=body)


async def exported(person, drain, record_id):
    answer = await requested(person, "export", record_id)
    assert answer.status_code == 202, answer.text
    await drain()
    return answer.json()["id"]


async def test_an_export_holds_everything(ann, wang, company, drain):
    found = await exported(ann, drain, wang)
    told = (await ann.api.get(f"/data-requests/{found}")).json()
    assert (told["state"], told["is_ready"], told["counts"]["contacts"]) == ("done", True, 1)
    answer = await ann.api.get(f"/data-requests/{found}/file")
    assert answer.headers["content-disposition"].startswith("attachment")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        names = set(archive.namelist())
        contact = json.loads(archive.read("contacts.json"))
        page = archive.read("index.html").decode()
        assert archive.read("files/files/1-合同.txt") == b"signed by Wang"
    assert {"contacts.json", "activities.json", "files.json", "history.json", "index.html"} <= names
    assert contact[0]["notes"] == "喜欢绿茶"
    assert "谈了报价" in page
    assert "恒通贸易" not in json.dumps(contact, ensure_ascii=False)
    async with ann.ctx() as ctx:
        assert (await ctx.session.get_one(DataRequest, found)).person is None
        names = set(await ctx.session.scalars(select(EventRow.name)))
    assert {"data_request.created", "data_request.finished"} <= names


async def test_only_who_may(ann, mia, rea, zed, wang, drain):
    found = await exported(ann, drain, wang)
    for other in (mia, rea):
        assert (await requested(other, "export", wang)).status_code == 403
        assert (await other.api.get(f"/data-requests/{found}/file")).status_code == 403
        assert (await other.page.get(other.w("/settings/personal-data"))).status_code == 403
        assert "personal-data" not in (await other.page.get(other.w("/settings"))).text
    assert (await requested(zed, "export", wang)).status_code == 404
    assert (await zed.api.get(f"/data-requests/{found}")).status_code == 404
    assert (await zed.api.get(f"/data-requests/{found}/file")).status_code == 404


async def test_what_is_refused(ann, wang, company, drain):
    answer = await requested(ann, "export", company, "customer")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "company")
    answer = await requested(ann, "erase", wang, confirm="Wang")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "typed")
    also = [{"record_type": "deal", "record_id": wang}]
    assert (await requested(ann, "export", wang, also=also)).status_code == 422
    also = [{"record_type": "lead", "record_id": wang}]
    assert (await requested(ann, "export", wang, also=also)).status_code == 404
    assert (await requested(ann, "export", company)).status_code == 404
    assert (await requested(ann, "export", wang)).status_code == 202
    assert (await requested(ann, "export", wang)).status_code == 409
    await drain()
    assert (await requested(ann, "export", wang)).status_code == 202


async def test_a_file_expires(ann, wang, drain, runtime):
    found = await exported(ann, drain, wang)
    async with ann.acting() as ctx:
        past = ctx.now() - timedelta(days=1)
        digest = await ctx.session.scalar(select(DataRequest.file_sha256))
        await ctx.session.execute(update(DataRequest).values(expires_at=past))
        ctx.enqueue("privacy.expire", runtime.registry.jobs["privacy.expire"].params())
    await drain()
    assert (await ann.api.get(f"/data-requests/{found}/file")).status_code == 404
    assert not (runtime.files._root / ann.tenant.schema / digest).exists()
    assert runtime.registry.jobs[EXPORT_JOB].page.startswith("/settings/personal-data/")


async def test_a_restriction_keeps_and_stops(ann, bo, wang, company, drain):
    before = (await ann.api.get(f"/contacts/{wang}")).json()
    answer = await requested(ann, "restrict", wang)
    assert (answer.status_code, answer.json()["state"]) == (202, "done")
    found = answer.json()["id"]
    assert (await requested(ann, "restrict", wang)).status_code == 409
    page = await ann.page.get(ann.w(f"/contacts/{wang}"))
    assert "is restricted" in page.text.replace("&#39;", "'")
    assert f"/contacts/{wang}/edit" not in page.text
    assert "mailto:" not in page.text.partition("record-tab")[0]
    refused = await ann.api.patch(f"/contacts/{wang}", json={"notes": "x"})
    assert refused.status_code == 403
    assert "restricted" in refused.json()["detail"]
    assert (await ann.api.delete(f"/contacts/{wang}")).status_code == 403
    note = await ann.api.post("/activities", json={"kind": "call", "contact_id": wang})
    assert (note.status_code, note.json()["errors"][0]["code"]) == (422, "restricted")
    deal = await ann.api.post("/deals", json={"name": "x", "contact_id": wang})
    assert (deal.status_code, deal.json()["errors"][0]["path"]) == (422, "contact_id")
    for listed in ("/contacts", "/contacts?q=wang", "/contacts?sort=name", "/contacts?f=name:eq:王芳"):
        assert (await ann.api.get(listed)).json()["data"] == []
    assert (await ann.api.get("/search", params={"q": "王芳"})).json()["data"] == []
    lifted = await ann.api.post(f"/data-requests/{found}/lift")
    assert lifted.json()["state"] == "lifted"
    assert (await ann.api.post(f"/data-requests/{found}/lift")).status_code == 409
    after = (await ann.api.get(f"/contacts/{wang}")).json()
    assert {**after, "version": 0, "updated_at": 0} == {**before, "version": 0, "updated_at": 0}
    assert (await ann.api.patch(f"/contacts/{wang}", json={"notes": "x"})).status_code == 200
    assert len((await ann.api.get("/search", params={"q": "王芳"})).json()["data"]) >= 1


async def test_through_the_pages(ann, wang, company, drain):
    tab = f"/panels/contact/{wang}/tab/personal-data"
    shown = (await ann.page.get(ann.w(tab))).text
    assert "Type 王芳 to confirm" in shown
    assert "no person" in (await ann.page.get(ann.w(f"/panels/customer/{company}/tab/personal-data"))).text
    twin = {"name": "Fang Wang", "email": "wang@example.com"}
    lead = (await ann.api.post("/leads?allow_duplicates=1", json=twin)).json()["id"]
    assert f"lead:{lead}" in (await ann.page.get(ann.w(tab))).text
    sent = {"record_type": "contact", "record_id": wang, "also": f"lead:{lead}"}
    wrong = await ann.post("/settings/personal-data", {**sent, "kind": "erase", "confirm": "?"})
    assert wrong.status_code == 422
    assert "Type the name exactly" in wrong.text
    wrong = await ann.post("/settings/personal-data", {**sent, "also": "lead:x", "kind": "export"})
    assert wrong.status_code == 422
    answer = await ann.post("/settings/personal-data", {**sent, "kind": "export"})
    assert answer.status_code == 303, answer.text
    here = answer.headers["location"]
    assert "job-progress" in (await ann.page.get(here)).text
    assert (await ann.page.get(f"{here}/progress")).status_code == 200
    await drain()
    assert (await ann.page.get(f"{here}/progress")).status_code in {200, 303}
    with zipfile.ZipFile(io.BytesIO((await ann.page.get(f"{here}/file")).content)) as archive:
        assert json.loads(archive.read("leads.json"))[0]["name"] == "Fang Wang"
    answer = await ann.post("/settings/personal-data", {**sent, "kind": "restrict"})
    assert answer.status_code == 303
    async with ann.ctx() as ctx:
        assert (await ctx.session.get_one(Contact, wang)).restricted_at is not None
        found = await ctx.session.scalar(select(DataRequest.id).where(DataRequest.kind == "restrict"))
    assert "Lift" in (await ann.page.get(ann.w(f"/panels/lead/{lead}/tab/personal-data"))).text
    assert "restricted" in (await ann.page.get(ann.w(f"/settings/personal-data/{found}"))).text
    assert (await ann.post(f"/settings/personal-data/{found}/lift")).status_code == 303
    assert "Fang" not in (await ann.page.get(ann.w("/settings/personal-data"))).text
