"""Jobs as people and programs see them."""

import pytest

from core.work.pages import tray
from tenants.api_keys import service as keys

FILE = {"record_type": "customer", "text": "name\nAda\nBea\n", "start": "run"}


@pytest.fixture
async def job(ann):
    answer = await ann.api.post("/imports", json=FILE)
    return answer.json()["job_id"]


async def test_a_job_is_listed_shown_and_ends(ann, job, drain):
    assert "/imports/" in (await ann.page.get(ann.w("/jobs?state=active"))).text
    shown = await ann.page.get(ann.w(f"/jobs/{job}"))
    assert "job-progress" in shown.text
    assert (await ann.page.get(ann.w(f"/jobs/{job}/progress"))).status_code == 200
    await drain()
    found = (await ann.api.get(f"/jobs/{job}")).json()
    assert (found["state"], found["done"], found["total"]) == ("done", 2, 2)
    assert [one["id"] for one in (await ann.api.get("/jobs?state=done")).json()["data"]] == [job]
    assert (await ann.page.get(ann.w(f"/jobs/{job}/progress"))).status_code == 303
    assert (await ann.page.get(ann.w(f"/jobs/{job}"))).status_code == 200
    assert (await ann.api.post(f"/jobs/{job}/cancel")).status_code == 409
    assert (await ann.api.post(f"/jobs/{job}/replay")).status_code == 409


async def test_the_tray_shows_what_runs_for_the_reader(ann, bo, job, drain):
    async with ann.ctx() as ctx:
        template, values = await tray(ctx)
        assert template == "work/tray.html"
        assert [one["url"].startswith(ctx.w("/imports/")) for one in values["jobs"]] == [True]
    async with bo.ctx() as ctx:
        assert (await tray(ctx))[1]["jobs"] == []
    await drain()
    async with ann.ctx() as ctx:
        assert (await tray(ctx))[1]["jobs"] == []


async def test_a_cancelled_job_runs_again(ann, job, drain):
    assert (await ann.post(f"/jobs/{job}/cancel")).status_code == 303
    await drain()
    assert (await ann.api.get(f"/jobs/{job}")).json()["state"] == "cancelled"
    assert (await ann.post(f"/jobs/{job}/replay")).status_code == 303
    await drain()
    assert (await ann.api.get(f"/jobs/{job}")).json()["state"] == "done"
    assert len((await ann.api.get("/customers")).json()["data"]) == 2


async def test_jobs_of_others(ann, bo, zed, job):
    for stranger in (bo, zed):
        assert (await stranger.api.get(f"/jobs/{job}")).status_code == 404
        assert (await stranger.api.post(f"/jobs/{job}/cancel")).status_code == 404
        assert (await stranger.api.get("/jobs")).json()["data"] == []
    mine = (await bo.api.post("/imports", json=FILE)).json()["job_id"]
    assert (await ann.api.post(f"/jobs/{mine}/cancel")).status_code == 200


async def test_a_key_that_only_reads_stops_nothing(ann, job):
    async with ann.runtime.control() as control:
        data = {"tenant_id": ann.tenant.id, "member_id": ann.member_id, "name": "reader"}
        text, _ = await keys.issue(control, keys.KeyIn(**data, scopes=["customers:read", "imports:read"]))
    reader = {"Authorization": f"Bearer {text}"}
    assert (await ann.api.get(f"/jobs/{job}", headers=reader)).status_code == 200
    for way in ("cancel", "replay"):
        assert (await ann.api.post(f"/jobs/{job}/{way}", headers=reader)).status_code == 403
    assert (await ann.api.get(f"/jobs/{job}")).json()["state"] == "waiting"
