"""What befalls an archive while a worker makes a workspace of it: half of one is never there, and nothing is left."""

import asyncio
import io
import threading
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import psycopg
import pytest
from sqlalchemy import select, update

from core import worker
from core.access.models import Member
from core.kernel.ids import uuid7
from core.tenancy import archive_own, provisioning
from core.tenancy.directory import TenantRow
from tenants.accounts import authentication as sessions
from tenants.api_keys import authentication
from tenants.process import installation
from tenants.workspace import jobs, jobs_import, mails, service_arrival, service_import
from tenants.workspace.models import Import
from tenants.workspace.places import BROUGHT, brought
from tests.tenants.accounts.mails import subjects
from tests.tenants.workspace.bringing import archive_of, send, told


@pytest.fixture(autouse=True)
def forgetful(monkeypatch):
    """Ask the database every time: what is tested is not how long a process remembers."""
    monkeypatch.setattr(authentication, "TTL_S", 0.0)
    monkeypatch.setattr(sessions, "TTL_S", 0.0)
    monkeypatch.setattr("core.runtime.ACTOR_TTL_S", 0.0)
    authentication._kept.clear()


async def failing(ann, drain, tmp_path, times=1):
    """Bring an archive and let a worker try; gives what is told of it."""
    assert (await send(ann, archive_of(ann, tmp_path))).status_code == 202
    for _ in range(times):
        await drain()
    (one,) = await told(ann)
    return one


async def test_an_installation_that_is_full_says_so(ann, drain, made, traces, tmp_path, monkeypatch):
    before = traces()

    def full(*_args, **_options):
        raise provisioning.CellFull

    monkeypatch.setattr(archive_own, "make_draft", full)
    one = await failing(ann, drain, tmp_path)
    assert one["problem"] == jobs_import.FULL
    assert traces() == before


async def test_what_nobody_foresaw_is_told_without_its_inside(
    ann, drain, made, traces, tmp_path, monkeypatch
):
    before = traces()

    async def stumble(*_args):
        raise RuntimeError("secret path")

    monkeypatch.setattr(jobs_import, "settle_in", stumble)
    one = await failing(ann, drain, tmp_path)
    assert one["problem"] == jobs_import.FAILED
    assert traces() == before


async def test_an_address_that_is_always_taken_ends_in_words(ann, drain, made, traces, tmp_path, monkeypatch):
    before = traces()

    async def taken(*_args):
        return ["acme"]

    monkeypatch.setattr(service_arrival, "free", taken)
    one = await failing(ann, drain, tmp_path)
    assert one["problem"] == "This did not work just now. Please try again."
    assert traces() == before


async def test_a_database_that_goes_away_is_waited_for(ann, drain, made, tmp_path, monkeypatch):
    settle_in, left = service_arrival.settle_in, [1]

    async def once(*args):
        if left:
            left.pop()
            raise psycopg.OperationalError("gone")
        return await settle_in(*args)

    monkeypatch.setattr(jobs_import, "settle_in", once)
    monkeypatch.setattr("core.kernel.jobs.attempt.backoff_s", lambda *_args: 0.0)
    one = await failing(ann, drain, tmp_path)
    assert one["finished_at"], one
    assert len(await made()) == 1


async def test_a_database_that_stays_away_is_given_up(ann, drain, made, traces, tmp_path, monkeypatch):
    before = traces()

    async def gone(*_args):
        raise psycopg.OperationalError("gone")

    monkeypatch.setattr(jobs_import, "settle_in", gone)
    monkeypatch.setattr("core.kernel.jobs.attempt.backoff_s", lambda *_args: 0.0)
    monkeypatch.setattr(jobs_import, "ATTEMPTS", 2)
    one = await failing(ann, drain, tmp_path)
    assert one["problem"] == jobs_import.FAILED
    assert traces() == before


async def test_whoever_cancels_it_gets_nothing(ann, drain, made, traces, tmp_path, monkeypatch):
    before = traces()
    fill = archive_own.fill

    def slowly(*args):
        for step in fill(*args):
            yield step
            if step[0] == 3:
                with psycopg.connect(ann.runtime.databases.settings.admin_dsn()) as admin:
                    admin.execute(
                        f"UPDATE {ann.tenant.schema}.job_run SET cancel_requested_at = now() "
                        "WHERE name = 'workspace.import'".encode()
                    )

    monkeypatch.setattr(archive_own, "fill", slowly)
    one = await failing(ann, drain, tmp_path)
    assert one["problem"] == jobs_import.CANCELLED
    assert traces() == before
    (job,) = [one for one in (await ann.api.get("/jobs")).json()["data"] if one["title"] == "Bring Acme back"]
    assert job["state"] == "cancelled"


async def test_what_is_cancelled_between_attempts_holds_nobody_up(ann, drain, made, tmp_path, monkeypatch):
    async def gone(*_args):
        with psycopg.connect(ann.runtime.databases.settings.admin_dsn()) as admin:
            admin.execute(f"UPDATE {ann.tenant.schema}.job_run SET cancel_requested_at = now()".encode())
        raise psycopg.OperationalError("gone")

    monkeypatch.setattr("core.kernel.jobs.attempt.backoff_s", lambda *_args: 0.0)
    monkeypatch.setattr(jobs_import, "settle_in", gone)
    assert (await failing(ann, drain, tmp_path))["failed_at"] is None
    assert (await send(ann, archive_of(ann, tmp_path))).status_code == 202
    _, earlier = await told(ann)
    assert earlier["problem"] == jobs_import.CANCELLED


async def test_whoever_may_not_any_more_gets_nothing(ann, drain, made, traces, tmp_path):
    content, before = archive_of(ann, tmp_path), traces()
    assert (await send(ann, content)).status_code == 202
    async with ann.runtime.open(ann.tenant) as ctx:
        (await ctx.session.get_one(Member, ann.member_id)).role = "admin"
    await drain()
    async with ann.runtime.control() as control:
        (row,) = (await control.session.scalars(select(Import))).all()
    assert row.problem == jobs_import.FAILED
    assert traces() == before


async def test_a_login_that_is_gone_gets_nothing_and_no_mail(ann, drain, made, traces, tmp_path):
    content, before = archive_of(ann, tmp_path), traces()
    mailed = subjects(ann.runtime, "ann@acme.test")
    asked = (await send(ann, content)).json()
    async with ann.runtime.control() as control:
        await control.session.execute(update(Import).values(account_id=uuid7()))
    await drain()
    (one,) = await told(ann)
    assert (one["finished_at"], one["failed_at"]) == (None, None)
    await mails.tell_brought(ann.runtime, mails.BroughtParams(import_id=asked["id"]))
    assert subjects(ann.runtime, "ann@acme.test") == mailed
    brought(ann.runtime, asked["id"]).unlink()
    assert traces() == before


class Run:
    """A job's run as its handler sees it, of a worker that is killed at some step."""

    def __init__(self, ann, import_id, dies_at):
        self.person, self.params, self.left = ann, jobs_import.ImportParams(import_id=import_id), dies_at

    def open(self):
        return self.person.runtime.enter(self.person.principal)

    def progress(self, *_args):
        self.left -= 1

    async def step(self, *_args):
        if self.left < 0:
            raise asyncio.CancelledError


async def test_a_killed_worker_leaves_what_nobody_opens_and_the_next_removes(
    ann, drain, made, tmp_path, monkeypatch
):
    asked = (await send(ann, archive_of(ann, tmp_path))).json()
    # A worker that is killed cleans nothing up.
    monkeypatch.setattr(archive_own, "discard", lambda *_args: None)
    with pytest.raises(asyncio.CancelledError):
        await jobs_import.bring_back(Run(ann, asked["id"], 5))
    (half,) = await made()
    assert (half.state, half.slug) == ("deleting", "")
    assert (await ann.page.get(f"/closed/{half.id}/")).status_code == 404
    (one,) = await told(ann)
    assert (one["slug"], one["finished_at"]) == (None, None)
    monkeypatch.undo()
    await drain()
    (whole,) = await made()
    assert whole.id != half.id
    assert whole.state == "active"
    with psycopg.connect(ann.runtime.databases.settings.admin_dsn()) as admin:
        found = admin.execute("SELECT to_regrole(%s), to_regnamespace(%s)", [half.schema] * 2).fetchone()
    assert found == (None, None)


async def test_what_nobody_comes_back_for_is_removed_by_time(ann, drain, made, traces, tmp_path):
    before = traces()
    asked = (await send(ann, archive_of(ann, tmp_path))).json()
    attempt = await jobs_import._begin(ann.runtime, ann.tenant.id, asked["id"])
    home = installation(ann.runtime)
    half = archive_own.draft(home, attempt.made_id, attempt.key)
    await worker.remove_deleted(ann.runtime)
    assert [one.id for one in await made()] == [half.id]
    async with ann.runtime.control() as control:
        row = await control.session.get_one(TenantRow, half.id)
        assert row.delete_after - ann.runtime.clock.now() > timedelta(hours=5)
        row.delete_after = ann.runtime.clock.now() - timedelta(seconds=1)
        (await control.session.get_one(Import, asked["id"])).created_at -= timedelta(days=2)
    await worker.remove_deleted(ann.runtime)
    await jobs.sweep(ann.runtime, jobs.Nothing())
    (one,) = await told(ann)
    assert one["problem"] == jobs_import.FAILED
    assert brought(ann.runtime, asked["id"]).exists(), "a young file may be one that is just coming in"
    jobs_import.forget_files(ann.runtime.settings.home / BROUGHT, float("inf"))
    assert traces() == before
    await drain()
    assert traces() == before
    jobs_import.forget_files(ann.runtime.settings.home / "nowhere", float("inf"))


async def test_an_attempt_that_was_overtaken_gives_way(ann, drain, made, tmp_path, monkeypatch):
    """A worker that was thought dead comes to its end after another one: one workspace, and it is that one's."""
    asked = (await send(ann, archive_of(ann, tmp_path))).json()
    settle_in = service_arrival.settle_in

    async def late(*args):
        owner_id = await settle_in(*args)
        monkeypatch.setattr(jobs_import, "settle_in", settle_in)
        await drain()
        return owner_id

    monkeypatch.setattr(jobs_import, "settle_in", late)
    await jobs_import.bring_back(Run(ann, asked["id"], 10_000))
    (tenant,) = await made()
    (one,) = await told(ann)
    assert one["slug"] == tenant.slug
    await jobs_import._fail(
        ann.runtime, jobs_import.Attempt(one["id"], uuid7(), b"", None, False), RuntimeError()
    )
    await jobs_import.bring_back(Run(ann, asked["id"], 10_000))
    assert [one.id for one in await made()] == [tenant.id]


async def test_a_mail_about_what_is_gone_is_not_sent(ann, drain, made):
    before = subjects(ann.runtime, "ann@acme.test")
    await mails.tell_brought(ann.runtime, mails.BroughtParams(import_id=uuid7()))
    assert subjects(ann.runtime, "ann@acme.test") == before


async def test_whoever_is_stopped_waits_for_what_his_thread_does():
    began, go, ended = threading.Event(), threading.Event(), threading.Event()

    def work():
        began.set()
        go.wait(60)
        ended.set()

    task = asyncio.create_task(jobs_import._whole(work))
    await asyncio.to_thread(began.wait, 60)
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()


async def test_a_disk_that_is_full_keeps_no_half_of_a_file(ann, made, traces, tmp_path, monkeypatch):
    content, before = archive_of(ann, tmp_path), traces()

    def full(*_args):
        raise OSError("disk full")

    monkeypatch.setattr("tenants.workspace.service_import.shutil.copyfileobj", full)
    with pytest.raises(OSError, match="disk full"):
        service_import._write(io.BytesIO(content), brought(ann.runtime, uuid7()))
    assert traces() == before


def test_what_all_workspaces_have_stays_as_it_was():
    kinds = {
        "core": "locked",
        "new": "default_on",
        "on": "default_on",
        "off": "default_on",
        "bought": "optional",
        "gone": "optional",
        "never": "optional",
    }
    modules = {key: SimpleNamespace(manifest=SimpleNamespace(kind=kind)) for key, kind in kinds.items()}
    machinery = SimpleNamespace(registry=SimpleNamespace(modules=modules))
    states = {
        "on": "enabled",
        "off": "disabled",
        "bought": "enabled",
        "gone": "uninstalled",
        "lost": "enabled",
    }
    archived = [
        {"plugin": key, "state": state, "version": "1", "settings": {"a": 1}, "secrets": {"b": "v1.x"}}
        | {"disabled_at": "2026-01-02 03:04:05.5+00" if key in {"off", "bought"} else None}
        for key, state in states.items()
    ]
    at = datetime(2026, 6, 1, tzinfo=UTC)
    rows = service_arrival._modules(machinery, uuid7(), archived, at)
    assert {row.plugin: (row.state, row.disabled_at) for row in rows} == {
        "new": ("enabled", None),
        "on": ("enabled", None),
        # What was off misses what happened since then, what was on nothing of what is in the archive.
        "off": ("disabled", datetime(2026, 1, 2, 3, 4, 5, 500_000, UTC)),
        "bought": ("disabled", at),
    }
    assert not any(row.secrets for row in rows)


async def test_a_job_of_another_workspace_begins_nothing(ann, zed, drain, made, tmp_path):
    asked = (await send(ann, archive_of(ann, tmp_path))).json()
    assert await jobs_import._begin(ann.runtime, zed.tenant.id, asked["id"]) is None
    await drain()
    assert len(await made()) == 1
    (one,) = await told(ann)
    assert one["failed_at"] is None
