"""Lists as files: what is in them, who may have them, how long."""

import csv
import io
import os
import time
from datetime import timedelta

import pytest
from openpyxl import load_workbook
from sqlalchemy import select, update

from core.exports import jobs
from core.exports.jobs import SCRATCH, remove_abandoned
from core.exports.models import ExportRun
from core.kernel.events.models import EventRow


@pytest.fixture
async def some(ann):
    for name, city in (("=cmd()", "Linz"), ("恒通贸易", "佛山"), ("Cyd", "Graz")):
        body = {"name": name, "city": city, "mobile": "+8613800138000", "stage": "loyal", "tags": ["a", "b"]}
        answer = await ann.api.post("/customers?allow_duplicates=1", json=body)
        assert answer.status_code == 201, answer.text


async def exported(person, drain, **body):
    answer = await person.api.post("/exports", json={"record_type": "customer", **body})
    assert answer.status_code == 202, answer.text
    await drain()
    return (await person.api.get(f"/exports/{answer.json()['id']}")).json()


async def test_a_list_with_its_filters_and_columns_becomes_csv(ann, some, drain, monkeypatch):
    monkeypatch.setattr(jobs, "BATCH", 2)
    monkeypatch.setattr(jobs, "TOLD_EVERY", 1)
    query = "f=city:ne:Graz&sort=-name&columns=name,city,owner_id,stage,tags,mobile"
    run = await exported(ann, drain, query=query)
    assert (run["is_ready"], run["rows"]) == (True, 2)
    found = await ann.api.get(f"/exports/{run['id']}/file")
    assert found.headers["content-disposition"].startswith("attachment")
    assert list(csv.reader(io.StringIO(found.content.decode("utf-8-sig")))) == [
        ["Name", "City", "Owner", "Lifecycle stage", "Tags", "Mobile"],
        ["恒通贸易", "佛山", "Ann", "Loyal", "a, b", "+8613800138000"],
        ["'=cmd()", "Linz", "Ann", "Loyal", "a, b", "+8613800138000"],
    ]
    async with ann.ctx() as ctx:
        names = set(await ctx.session.scalars(select(EventRow.name)))
    assert "export.finished" in names


async def test_as_a_workbook_without_formulas(ann, some, drain):
    run = await exported(ann, drain, format="xlsx", query="columns=name,created_at&sort=name")
    found = await ann.api.get(f"/exports/{run['id']}/file")
    rows = list(load_workbook(io.BytesIO(found.content)).active.iter_rows())
    assert [cell.value for cell in rows[0]] == ["Name", "Created"]
    assert {row[0].value for row in rows[1:]} == {"'=cmd()", "恒通贸易", "Cyd"}
    assert {row[0].data_type for row in rows[1:]} == {"s"}
    assert {row[1].data_type for row in rows[1:]} == {"d"}


async def test_through_the_pages(ann, some, drain):
    assert "/exports" in (await ann.page.get(ann.w("/customers"))).text
    answer = await ann.post("/exports", {"record_type": "customer", "query": "", "format": "csv"})
    assert answer.status_code == 303, answer.text
    here = answer.headers["location"]
    assert "job-progress" in (await ann.page.get(here)).text
    assert (await ann.page.get(f"{here}/progress")).status_code == 200
    await drain()
    assert f"{here}/file" in (await ann.page.get(here)).text
    assert (await ann.page.get(f"{here}/file")).status_code == 200
    assert (await ann.page.get(ann.w("/exports"))).status_code == 200


async def test_only_who_may_and_only_ones_own(ann, bo, rea, zed, some, drain):
    assert (await bo.api.post("/exports", json={"record_type": "customer"})).status_code == 403
    assert (await rea.api.post("/exports", json={"record_type": "customer"})).status_code == 403
    run = await exported(ann, drain)
    for stranger in (bo, zed):
        assert (await stranger.api.get(f"/exports/{run['id']}")).status_code == 404
        assert (await stranger.api.get(f"/exports/{run['id']}/file")).status_code == 404
    assert (await ann.api.post("/exports", json={"record_type": "nothing"})).status_code == 422
    body = {"record_type": "customer", "query": "f=nothing:eq:1"}
    assert (await ann.api.post("/exports", json=body)).status_code == 400


async def test_files_expire(ann, some, drain, runtime):
    run = await exported(ann, drain)
    async with ann.acting() as ctx:
        past = ctx.now() - timedelta(days=1)
        sha256 = await ctx.session.scalar(select(ExportRun.file_sha256))
        await ctx.session.execute(update(ExportRun).values(expires_at=past))
        ctx.enqueue(jobs.EXPIRE, jobs.Nothing())
    assert runtime.files.path(ann.tenant.schema, sha256).exists()
    await drain()
    assert (await ann.api.get(f"/exports/{run['id']}/file")).status_code == 404
    assert not (runtime.files._root / ann.tenant.schema / sha256).exists()


async def test_a_right_to_export_ones_own_gives_nobody_elses(ann, mia, drain):
    for person, name in ((ann, "Anns Anlagen"), (mia, "Mias Maschinen")):
        assert (await person.api.post("/customers", json={"name": name})).status_code == 201
    grants = {"customers.view": "all", "customers.export": "own", "customers.create": "all"}
    role = await ann.api.put("/roles/clerk", json={"name": "Clerk", "grants": grants})
    assert role.status_code == 200, role.text
    assert (await ann.api.patch(f"/members/{mia.member_id}", json={"role": "clerk"})).status_code == 200
    mia.runtime.forget_actors(mia.tenant.id)
    assert len((await mia.api.get("/customers")).json()["data"]) == 2
    run = await exported(mia, drain, query="columns=name")
    found = await mia.api.get(f"/exports/{run['id']}/file")
    assert found.content.decode("utf-8-sig").split() == ["Name", "Mias", "Maschinen"]


def test_what_killed_exports_left_goes(tmp_path):
    old, fresh, other = tmp_path / f"{SCRATCH}old", tmp_path / f"{SCRATCH}fresh", tmp_path / "other"
    for folder in (old, fresh, other):
        folder.mkdir()
        (folder / "file").write_text("x")
    for folder in (old, other):
        os.utime(folder, (0, 0))
    assert remove_abandoned(tmp_path, time.time()) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [fresh.name, "other"]
