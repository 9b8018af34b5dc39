"""Files on records: who may add, see and remove them, and how they leave."""

import os

from core.activities.files import jobs, service
from tests.core.activities.test_activities import customer


async def upload(person, customer_id, name="报价.txt", content=b"12 pieces"):
    return await person.api.post(f"/files/customer/{customer_id}", files={"file": (name, content)})


async def test_a_file_comes_in_and_goes_out(ann):
    customer_id = await customer(ann)
    made = await upload(ann, customer_id)
    assert made.status_code == 201, made.text
    (file,) = made.json()["data"]
    assert (file["name"], file["media_type"], file["size_bytes"]) == ("报价.txt", "text/plain", 9)
    listed = await ann.api.get(f"/files/customer/{customer_id}")
    assert listed.json()["data"] == [file]
    sent = await ann.api.get(f"/files/{file['id']}/content")
    assert sent.content == b"12 pieces"
    assert sent.headers["content-disposition"].startswith("attachment")
    assert sent.headers["x-content-type-options"] == "nosniff"
    assert (await ann.api.get(f"/files/{file['id']}")).json() == file
    timeline = (await ann.api.get(f"/timeline/customer/{customer_id}")).json()["data"]
    assert timeline[0]["title"] == "A file was attached · 报价.txt"


async def test_a_removed_file_is_gone(ann):
    customer_id = await customer(ann)
    file = (await upload(ann, customer_id)).json()["data"][0]
    assert (await ann.api.delete(f"/files/{file['id']}")).status_code == 204
    assert (await ann.api.get(f"/files/{file['id']}/content")).status_code == 404


async def test_only_who_sees_the_record_sees_its_files(ann, bo, rea, zed):
    customer_id = await customer(ann)
    file = (await upload(ann, customer_id)).json()["data"][0]
    for stranger in (bo, zed):
        assert (await upload(stranger, customer_id)).status_code == 404
        assert (await stranger.api.get(f"/files/customer/{customer_id}")).status_code == 404
        assert (await stranger.api.get(f"/files/{file['id']}/content")).status_code == 404
        assert (await stranger.api.delete(f"/files/{file['id']}")).status_code == 404
    assert (await rea.api.get(f"/files/{file['id']}/content")).status_code == 200
    assert (await upload(rea, customer_id)).status_code == 403
    assert (await rea.api.delete(f"/files/{file['id']}")).status_code == 403


async def test_too_large_empty_and_missing_files_are_refused(ann, monkeypatch):
    monkeypatch.setattr(service, "MAX_BYTES", 2**20)
    customer_id = await customer(ann)
    refused = await upload(ann, customer_id, content=b"x" * (2**20 + 1))
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["code"] == "file.too_large"
    assert (await upload(ann, customer_id, content=b"")).json()["errors"][0]["code"] == "file.empty"
    assert (await ann.api.post(f"/files/customer/{customer_id}", data={"x": "y"})).status_code == 422
    assert (await ann.api.get(f"/files/customer/{customer_id}")).json()["data"] == []


async def test_the_tab_takes_files_and_tells_what_is_wrong(ann):
    customer_id = await customer(ann)
    path = f"/files/customer/{customer_id}"
    part = {"HX-Request": "true", "HX-Request-Type": "partial"}
    shown = await ann.page.post(
        ann.w(path), data={"_csrf": ann.csrf}, files={"file": ("a.txt", b"hello")}, headers=part
    )
    assert shown.status_code == 200, shown.text
    assert "a.txt" in shown.text
    refused = await ann.page.post(
        ann.w(path), data={"_csrf": ann.csrf}, files={"file": ("b.txt", b"")}, headers=part
    )
    assert refused.status_code == 422
    assert "The file is empty." in refused.text
    tab = (await ann.page.get(ann.w(f"/panels/customer/{customer_id}/tab/files"))).text
    assert "a.txt" in tab
    file = (await ann.api.get(path)).json()["data"][0]
    assert (await ann.page.get(ann.w(f"/files/{file['id']}"))).content == b"hello"
    gone = await ann.post(f"/files/{file['id']}/delete")
    assert gone.status_code == 303


async def test_the_bytes_of_a_removed_file_are_swept(ann, drain, runtime):
    customer_id = await customer(ann)
    kept, gone = [
        (await upload(ann, customer_id, content=text)).json()["data"][0] for text in (b"kept", b"gone")
    ]
    await ann.api.delete(f"/files/{gone['id']}")
    paths = [runtime.files.path(ann.tenant.schema, file["sha256"]) for file in (kept, gone)]
    for path in paths:
        os.utime(path, (0, 0))
    async with ann.acting() as ctx:
        ctx.enqueue(jobs.SWEEP, jobs.Nothing())
    await drain()
    assert [path.exists() for path in paths] == [True, False]
