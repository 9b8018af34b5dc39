"""The workspace as one file, and its sandbox."""

import io
import zipfile
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.tenancy.archive import import_tenant
from core.tenancy.directory import TenantRow
from core.tenancy.provisioning import drop
from tenants.accounts import authentication as sessions
from tenants.api_keys import authentication, service
from tenants.api_keys.models import ApiKey
from tenants.process import installation
from tenants.workspace import jobs
from tenants.workspace.models import Archive
from tenants.workspace.places import place

PASSPHRASE = "a long passphrase"


@pytest.fixture(autouse=True)
def forgetful(monkeypatch):
    """Ask the database every time: what is tested is not how long a process remembers."""
    monkeypatch.setattr(authentication, "TTL_S", 0.0)
    monkeypatch.setattr(sessions, "TTL_S", 0.0)
    authentication._kept.clear()


@pytest.fixture
async def tidy(ann):
    """Remove every sandbox of Acme afterwards."""
    yield
    for tenant in await ann.runtime.directory.all():
        if tenant.sandbox_of == ann.tenant.id or tenant.slug.startswith("acme.sandbox"):
            drop(ann.runtime.databases.settings, tenant)
    ann.runtime.directory.forget()


async def ready(person, drain):
    asked = await person.api.post("/workspace/archives", json={"passphrase": PASSPHRASE})
    assert asked.status_code == 202, asked.text
    await drain()
    return asked.json()["id"]


async def test_everything_is_in_one_file_that_can_be_read_again(ann, drain):
    await ann.api.post("/customers", json={"name": "Halden"})
    archive_id = await ready(ann, drain)
    (told,) = (await ann.api.get("/workspace/archives")).json()["data"]
    assert told["finished_at"]
    assert told["size_bytes"] > 1000
    fetched = await ann.api.get(f"/workspace/archives/{archive_id}/file")
    assert "attachment" in fetched.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(fetched.content)) as box:
        assert b"Halden" in box.read("tables/core/customer.copy")
    page = await ann.page.get(ann.w("/settings/data"))
    assert f"/settings/data/archives/{archive_id}/file" in page.text
    same = await ann.page.get(ann.w(f"/settings/data/archives/{archive_id}/file"))
    assert same.content == fetched.content
    path = place(ann.runtime, archive_id)
    assert path.stat().st_mode & 0o077 == 0
    made = import_tenant(installation(ann.runtime), path, passphrase=PASSPHRASE, slug="again", as_copy=True)
    drop(ann.runtime.databases.settings, await ann.runtime.tenant(made))
    ann.runtime.directory.forget()
    log = (await ann.api.get("/audit", params={"what": "workspace"})).json()["data"]
    assert "workspace.exported" in [one["event"] for one in log]


async def test_an_erasure_keeps_no_archive_of_before(ann, drain):
    archive_id = await ready(ann, drain)
    made = {"name": "Wang Fang", "email": "wang@example.com"}
    contact = (await ann.api.post("/contacts", json=made)).json()["id"]
    wish = {"kind": "erase", "record_type": "contact", "record_id": contact, "confirm": "Wang Fang"}
    assert (await ann.api.post("/data-requests", json=wish)).status_code == 202
    await drain()
    assert not place(ann.runtime, archive_id).exists()
    assert (await ann.api.get(f"/workspace/archives/{archive_id}/file")).status_code == 404


async def test_the_passphrase_is_nowhere_in_the_clear(ann, drain):
    from core.tenancy.control_log import ControlOutbox

    await ann.post("/settings/data/archives", {"passphrase": PASSPHRASE})
    async with ann.runtime.control() as control:
        asked = (await control.session.scalars(select(ControlOutbox))).all()
        assert asked
        assert PASSPHRASE not in repr([one.params for one in asked])


async def test_a_weak_passphrase_and_too_many_at_once_are_refused(ann):
    assert (await ann.post("/settings/data/archives", {"passphrase": "short"})).status_code == 422
    for _ in range(3):
        assert (await ann.post("/settings/data/archives", {"passphrase": PASSPHRASE})).status_code == 303
    refused = await ann.post("/settings/data/archives", {"passphrase": PASSPHRASE})
    assert refused.status_code == 409
    assert "Wait for the archives" in refused.text


async def test_a_failed_archive_says_so(ann, drain, monkeypatch):
    def fail(*_args, **_options):
        raise OSError("disk full")

    monkeypatch.setattr(jobs, "export_tenant", fail)
    await ready(ann, drain)
    assert (await ann.api.get("/workspace/archives")).json()["data"][0]["failed_at"]
    assert "Failed" in (await ann.page.get(ann.w("/settings/data"))).text


async def test_expired_files_go_and_the_unfinished_are_given_up(ann, drain):
    archive_id = await ready(ann, drain)
    now = ann.runtime.clock.now()
    async with ann.runtime.control() as control:
        (await control.session.get_one(Archive, archive_id)).expires_at = now - timedelta(seconds=1)
        lost = Archive(tenant_id=ann.tenant.id, file_name="lost.zip", created_at=now - timedelta(days=2))
        control.session.add(lost)
    assert (await ann.api.get(f"/workspace/archives/{archive_id}/file")).status_code == 404
    assert "expired" in (await ann.page.get(ann.w("/settings/data"))).text
    await jobs.sweep(ann.runtime, jobs.Nothing())
    assert not place(ann.runtime, archive_id).exists()
    async with ann.runtime.control() as control:
        assert (await control.session.get_one(Archive, lost.id)).failed_at is not None


async def test_the_archive_is_for_owners_and_the_sandbox_for_administrators(ann, mia, bo, zed, drain):
    archive_id = await ready(ann, drain)
    for person in (mia, bo):
        assert (await person.page.get(person.w("/settings/data"))).status_code == 403
        assert (await person.post("/settings/data/archives", {"passphrase": PASSPHRASE})).status_code == 403
        assert (await person.post("/settings/data/sandbox")).status_code == 403
        assert (await person.api.get(f"/workspace/archives/{archive_id}/file")).status_code == 403
        assert (await person.api.delete("/workspace/sandbox")).status_code == 403
    assert (await zed.api.get(f"/workspace/archives/{archive_id}/file")).status_code == 404
    assert (await zed.page.get(zed.w(f"/settings/data/archives/{archive_id}/file"))).status_code == 404


async def test_the_sandbox_is_made_refreshed_and_removed(ann, drain, tidy):
    await ann.api.post("/customers", json={"name": "First"})
    assert (await ann.api.delete("/workspace/sandbox")).status_code == 409
    assert (await ann.post("/settings/data/sandbox")).status_code == 303
    await drain()
    made = (await ann.api.get("/workspace/sandbox")).json()
    assert made["id"]
    form = {"name": "t", "mode": "test", "days": "", "scope.customers": "write"}
    shown = await ann.post("/settings/keys/new", form)
    text = shown.text.split("gx_test_")[1][:36]
    headers = {"Authorization": f"Bearer gx_test_{text}"}

    async def names():
        return {row["name"] for row in (await ann.api.get("/customers", headers=headers)).json()["data"]}

    await ann.api.post("/customers", json={"name": "Tried"}, headers=headers)
    await ann.api.post("/customers", json={"name": "Later"})
    assert await names() == {"First", "Tried"}
    await ann.api.post("/workspace/sandbox")
    await drain()
    assert await names() == {"First", "Later"}
    again = (await ann.api.get("/workspace/sandbox")).json()
    assert again["id"] != made["id"]
    async with ann.runtime.control() as control:
        left = (await control.session.scalars(select(TenantRow.sandbox_of))).all()
        assert left.count(ann.tenant.id) == 1
    await ann.post("/settings/data/sandbox/remove")
    await drain()
    assert (await ann.api.get("/customers", headers=headers)).status_code == 401
    assert (await ann.api.get("/workspace/sandbox")).json() == {"id": None, "made_at": None}
    async with ann.runtime.control() as control:
        digest = service.digest(f"gx_test_{text}")
        assert await control.session.scalar(select(ApiKey).where(ApiKey.key_hash == digest)) is None
    log = (await ann.api.get("/audit", params={"what": "sandbox"})).json()["data"]
    assert [one["event"] for one in log] == ["sandbox.removed", "sandbox.made", "sandbox.made"]
