"""An archive comes back as a workspace of its own: whose it is, what it holds, what it does not do by itself."""

import pytest
from sqlalchemy import func, select

from core.access.models import Member
from core.customers.models import Customer
from core.kernel.events.models import EventRow
from core.kernel.idempotency.models import Idempotency
from core.kernel.ids import uuid7
from core.kernel.jobs import JobRunRow, letters
from core.tenancy.directory import TenantPlugin, TenantRow
from core.webhooks.models import Delivery, Endpoint
from core.webhooks.signing import unseal
from tenants.accounts import authentication as sessions
from tenants.accounts import limits
from tenants.accounts.models import Account, Membership
from tenants.api_keys import authentication
from tenants.api_keys.models import ApiKey
from tenants.billing.models import BillingAccount
from tenants.billing.plans import FREE
from tenants.workspace.models import Import
from tenants.workspace.places import brought, place
from tests.tenants.accounts.mails import subjects
from tests.tenants.workspace.bringing import PASSPHRASE, archive_of, send, told


@pytest.fixture(autouse=True)
def forgetful(monkeypatch):
    """Ask the database every time: what is tested is not how long a process remembers."""
    monkeypatch.setattr(authentication, "TTL_S", 0.0)
    monkeypatch.setattr(sessions, "TTL_S", 0.0)
    monkeypatch.setattr("core.tenancy.directory.FRESH_S", 0.0)
    monkeypatch.setattr("core.runtime.ACTOR_TTL_S", 0.0)
    authentication._kept.clear()
    sessions._kept.clear()


async def rows_of(person, tenant, statement):
    async with person.runtime.databases.tenant(tenant) as unit:
        return (await unit.session.execute(statement)).all()


async def test_the_workspace_stands_beside_and_belongs_to_who_asked(ann, bo, drain, made, tmp_path):
    mine = (await ann.api.post("/customers", json={"name": "Halden"})).json()
    await bo.api.post("/customers", json={"name": "Bergen"})
    content = archive_of(ann, tmp_path)
    await ann.api.post("/customers", json={"name": "Later"})
    page = await ann.page.get(ann.w("/settings/data"))
    assert "Bring a workspace back from an archive" in page.text
    asked = await ann.post(
        "/settings/data/imports", {"passphrase": PASSPHRASE}, files={"file": ("acme.zip", content)}
    )
    assert asked.status_code == 303, asked.text
    assert "Being read in" in (await ann.page.get(ann.w("/settings/data"))).text
    await drain()
    (tenant,) = await made()
    assert (tenant.state, tenant.sandbox_of, tenant.readonly) == ("active", None, False)
    assert tenant.id != ann.tenant.id
    assert tenant.slug.startswith("acme-")
    assert tenant.name.startswith("Acme (")
    names = await rows_of(ann, tenant, select(Customer.name).order_by(Customer.name))
    assert [row[0] for row in names] == ["Bergen", "Halden"]
    there = await ann.page.get(f"/w/{tenant.slug}/customers/{mine['id']}")
    assert there.status_code == 200
    assert "Halden" in there.text
    here = (await ann.api.get("/customers")).json()["data"]
    assert {row["name"] for row in here} == {"Bergen", "Halden", "Later"}
    page = (await ann.page.get(ann.w("/settings/data"))).text
    assert f'href="/w/{tenant.slug}/"' in page
    assert page.count(tenant.name) >= 2, "in the list, and in the switcher"
    assert subjects(ann.runtime, "ann@acme.test")[0] == f"{tenant.name} is back"
    log = (await ann.api.get("/audit", params={"what": "workspace"})).json()["data"]
    assert [one["event"] for one in log] == ["workspace.imported"]
    page = await ann.page.get(f"/w/{tenant.slug}/settings/audit")
    assert "A workspace was made from an archive" in page.text
    (one,) = await told(ann)
    assert not brought(ann.runtime, one["id"]).exists()


async def test_members_keep_their_records_and_have_no_login(ann, bo, mia, drain, made, tmp_path):
    await bo.api.post("/customers", json={"name": "Bergen"})
    content = archive_of(ann, tmp_path)
    assert (await send(ann, content)).status_code == 202
    await drain()
    (tenant,) = await made()
    found = await rows_of(ann, tenant, select(Member.id, Member.role, Member.account_id, Member.active))
    people = {row.id: row for row in found}
    assert len(people) == 4
    assert people[ann.member_id].account_id == ann.account_id
    assert {row.account_id for key, row in people.items() if key != ann.member_id} == {None}
    assert people[bo.member_id].role == "member"
    (owner,) = await rows_of(ann, tenant, select(Customer.owner_id))
    assert owner == (bo.member_id,)
    for person in (bo, mia):
        assert (await person.page.get(f"/w/{tenant.slug}/customers")).status_code == 404
    async with ann.runtime.control() as control:
        who = (await control.session.scalars(select(Membership).filter_by(tenant_id=tenant.id))).all()
        keys = (await control.session.scalars(select(ApiKey).filter_by(tenant_id=tenant.id))).all()
        plan = await control.session.scalar(select(BillingAccount.plan).filter_by(tenant_id=tenant.id))
    assert [(row.account_id, row.member_id) for row in who] == [(ann.account_id, ann.member_id)]
    assert keys == []
    assert plan == ann.runtime.settings.first_plan == FREE.key
    assert tenant.limits["members"] == FREE.limits_of("month")["members"] < len(people) + 1
    refused = await ann.page.get(f"/w/{tenant.slug}/settings/members")
    assert refused.status_code == 200, "over the limit, and nothing is lost"


async def test_somebody_elses_archive_is_his_who_has_the_passphrase(ann, zed, bo, drain, made, tmp_path):
    await ann.api.post("/customers", json={"name": "Halden"})
    content = archive_of(ann, tmp_path)
    assert (await send(zed, content, "a guess, no more")).status_code == 422
    asked = await send(zed, content)
    assert asked.status_code == 202
    place = f"/workspace/imports/{asked.json()['id']}"
    assert (await ann.api.get(place)).status_code == 404
    assert (await ann.api.get("/workspace/imports")).json() == {"data": []}
    await drain()
    (tenant,) = await made()
    assert tenant.name == "Acme"
    one = (await zed.api.get(place)).json()
    assert (one["slug"], one["problem"], one["failed_at"]) == (tenant.slug, "", None)
    assert one["finished_at"]
    people = await rows_of(zed, tenant, select(Member.name, Member.role, Member.account_id))
    logins = [(row.name, row.role) for row in people if row.account_id is not None]
    assert logins == [("Zed", "owner")]
    assert (await zed.page.get(f"/w/{tenant.slug}/customers")).status_code == 200
    for person in (ann, bo):
        assert (await person.page.get(f"/w/{tenant.slug}/customers")).status_code == 404


async def test_whoever_left_comes_back_as_the_owner_of_his_own(ann, zed, drain, made, tmp_path):
    async with ann.runtime.open(ann.tenant) as ctx:
        left = Member(name="Zed of old", email="zed@other.test", role="readonly", active=False)
        ctx.session.add(left)
        await ctx.session.flush()
        member_id = left.id
    async with zed.runtime.control() as control:
        email = (await control.session.get_one(Account, zed.account_id)).email
    async with ann.runtime.open(ann.tenant) as ctx:
        (await ctx.session.get_one(Member, member_id)).email = email
    assert (await send(zed, archive_of(ann, tmp_path))).status_code == 202
    await drain()
    (tenant,) = await made()
    people = await rows_of(zed, tenant, select(Member).where(Member.account_id.is_not(None)))
    assert [(row[0].id, row[0].role, row[0].active) for row in people] == [(member_id, "owner", True)]


async def something_that_acts(ann):
    """Let webhooks wait to tell something, a job be at work, and an answer be kept for who asks again."""
    now = ann.runtime.clock.now()
    async with ann.runtime.open(ann.tenant) as ctx:
        hook = Endpoint(url="https://example.com/a", events=["*"], member_id=ann.member_id, secret="v1.x")
        app = Endpoint(
            url="https://example.com/b",
            events=["*"],
            member_id=ann.member_id,
            secret="v1.x",
            kept_at="/settings/remote-apps/1",
        )
        ctx.session.add_all([hook, app])
        await ctx.session.flush()
        for state, endpoint in (("pending", hook), ("held", hook), ("delivered", app)):
            ctx.session.add(
                Delivery(
                    endpoint_id=endpoint.id,
                    message_id=uuid7(),
                    event_name=state,
                    state=state,
                    next_at=now,
                )
            )
        ctx.session.add(
            JobRunRow(
                id=hook.id,
                entry_id=hook.id,
                kind="bulk",
                name="workspace.archive",
                title="Export",
                params={},
                actor={},
                state="running",
                created_at=now,
            )
        )
        ctx.session.add(
            Idempotency(
                key_hash=b"k",
                principal="p",
                route="r",
                payload_digest=b"d",
                status=200,
                headers={},
                body=b"{}",
                created_at=now,
            )
        )


async def modules_of_the_marketplace(ann):
    """Let a module be on that is bought and has a secret, and one that nobody here knows."""
    async with ann.runtime.control() as control:
        control.session.add_all(
            [
                TenantPlugin(
                    tenant_id=ann.tenant.id,
                    plugin="marketing.forms",
                    state="enabled",
                    version="1.0",
                    settings={"kept": 1},
                    secrets={"token": "v1.sealed"},
                ),
                TenantPlugin(tenant_id=ann.tenant.id, plugin="nobody.knows", state="enabled"),
            ]
        )


async def test_nothing_in_it_acts_by_itself(ann, drain, made, tmp_path):
    await something_that_acts(ann)
    content = archive_of(ann, tmp_path)
    assert (await send(ann, content)).status_code == 202
    await drain()
    (tenant,) = await made()
    hooks = await rows_of(ann, tenant, select(Endpoint.url, Endpoint.state, Endpoint.paused_reason))
    assert hooks == [("https://example.com/a", "paused", "copied")]
    states = await rows_of(ann, tenant, select(Delivery.event_name, Delivery.state).order_by("event_name"))
    assert states == [("held", "skipped"), ("pending", "skipped")]
    jobs = await rows_of(ann, tenant, select(JobRunRow.state).filter_by(title="Export"))
    assert jobs == [("cancelled",)]
    assert await rows_of(ann, tenant, select(Idempotency.route)) == []


async def test_modules_of_the_marketplace_come_switched_off(ann, drain, made, tmp_path):
    await modules_of_the_marketplace(ann)
    content = archive_of(ann, tmp_path)
    assert (await send(ann, content)).status_code == 202
    await drain()
    (tenant,) = await made()
    async with ann.runtime.control() as control:
        found = (await control.session.scalars(select(TenantPlugin).filter_by(tenant_id=tenant.id))).all()
    modules = {row.plugin: row for row in found}
    forms = modules["marketing.forms"]
    assert (forms.state, forms.settings, forms.secrets, forms.version) == (
        "disabled",
        {"kept": 1},
        {},
        "1.0",
    )
    assert forms.disabled_at is not None
    assert "nobody.knows" not in modules
    usual = {k for k, m in ann.runtime.registry.modules.items() if m.manifest.kind == "default_on"}
    assert usual <= tenant.plugins
    assert "marketing.forms" not in tenant.plugins


async def test_history_comes_along_and_secrets_open_for_nobody(ann, drain, made, tmp_path):
    await ann.api.post("/customers", json={"name": "Halden"})
    answer = await ann.api.post("/webhooks", json={"url": "https://example.com/h", "events": ["deal.won"]})
    assert answer.status_code in {200, 201}, answer.text
    await drain()
    content = archive_of(ann, tmp_path)
    assert (await send(ann, content)).status_code == 202
    await drain()
    (tenant,) = await made()
    before = await rows_of(ann, ann.tenant, select(func.count()).select_from(EventRow))
    after = await rows_of(ann, tenant, select(func.count()).select_from(EventRow))
    assert before[0][0] >= after[0][0] > 0
    async with ann.runtime.open(tenant) as ctx:
        (hook,) = (await ctx.session.scalars(select(Endpoint))).all()
        with pytest.raises(Exception, match="wrong key, wrong place"):
            unseal(ctx, hook.id, hook.secret)


async def test_a_program_asks_once_and_sees_how_it_goes(ann, drain, made, tmp_path):
    content = archive_of(ann, tmp_path)
    key = {"Idempotency-Key": "import-1"}
    answers = [await send(ann, content, headers=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[1].headers["Idempotent-Replayed"] == "true"
    first = answers[0].json()
    assert first == answers[1].json()
    assert (first["slug"], first["finished_at"], first["name"]) == (None, None, "Acme")
    assert (await send(ann, content + b"!", headers=key)).status_code == 422
    assert (await send(ann, content)).json()["code"] == "import.under_way"
    await drain()
    (tenant,) = await made()
    (one,) = await told(ann)
    assert one["slug"] == tenant.slug
    jobs = (await ann.api.get("/jobs")).json()["data"]
    (job,) = [one for one in jobs if one["title"] == "Bring Acme back"]
    assert job["state"] == "done"
    assert job["done"] == job["total"] > 40
    # Once it is there another one may come, which has an address and a name of its own.
    assert (await send(ann, content)).status_code == 202
    await drain()
    assert len({one.slug for one in await made()}) == 2


async def test_a_job_that_came_along_writes_over_nobodys_archive(ann, drain, made):
    archive_id = (await ann.api.post("/workspace/archives", json={"passphrase": PASSPHRASE})).json()["id"]
    await drain()
    path = place(ann.runtime, archive_id)
    before = path.read_bytes()
    assert (await send(ann, before)).status_code == 202
    await drain()
    (tenant,) = await made()
    async with ann.runtime.databases.tenant(tenant) as unit:
        job_id = await unit.session.scalar(select(JobRunRow.id).filter_by(name="workspace.archive"))
        await letters.replay(unit.session, tenant, job_id)
        await unit.commit()
    await drain()
    assert path.read_bytes() == before


async def test_it_is_for_owners_and_not_for_sandboxes(ann, mia, bo, made, tmp_path):
    content = archive_of(ann, tmp_path)
    form = {"passphrase": PASSPHRASE}
    for person in (mia, bo):
        assert (await send(person, content)).status_code == 403
        assert (await person.api.get("/workspace/imports")).status_code == 403
        sent = await person.post("/settings/data/imports", form, files={"file": ("a.zip", content)})
        assert sent.status_code == 403
    async with ann.runtime.control() as control:
        (await control.session.get_one(TenantRow, ann.tenant.id)).sandbox_of = ann.tenant.id
    refused = await ann.post("/settings/data/imports", form, files={"file": ("a.zip", content)})
    assert refused.status_code in {403, 404}
    assert (await send(ann, content)).status_code in {401, 403, 404}
    page = await ann.page.get(ann.w("/settings/data"))
    assert "Bring a workspace back" not in page.text
    async with ann.runtime.control() as control:
        (await control.session.get_one(TenantRow, ann.tenant.id)).sandbox_of = None
        await control.session.execute(
            Membership.__table__.delete().where(Membership.tenant_id == ann.tenant.id)
        )
    refused = await send(ann, content)
    assert (refused.status_code, refused.json()["detail"]) == (403, "Only an owner can do this.")
    assert await made() == []


async def test_it_is_counted_as_a_signup(ann, drain, made, tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "SIGNUPS", ((1, 3_600),))
    content = archive_of(ann, tmp_path)
    assert (await send(ann, content, "wrong")).status_code == 422
    assert (await send(ann, content)).status_code == 202
    await drain()
    assert (await send(ann, content)).status_code == 429
    form = {"passphrase": PASSPHRASE}
    refused = await ann.post("/settings/data/imports", form, files={"file": ("a.zip", content)})
    assert refused.status_code == 429
    assert len(await made()) == 1


async def test_both_languages_say_it(ann, made, tmp_path):
    async with ann.runtime.open(ann.tenant) as ctx:
        (await ctx.session.get_one(Member, ann.member_id)).locale = "zh_CN"
    page = (await ann.page.get(ann.w("/settings/data"))).text
    assert "从归档文件恢复企业" in page
    content = archive_of(ann, tmp_path)
    form = {"passphrase": "no"}
    refused = await ann.post("/settings/data/imports", form, files={"file": ("a.zip", content)})
    assert refused.status_code == 422
    assert "口令不正确，无法打开该归档文件。" in refused.text
    assert (
        await send(ann, b"no archive", name="a.zip", headers={"Accept-Language": "zh-CN"})
    ).status_code == 400
    async with ann.runtime.control() as control:
        assert await control.session.scalar(select(Import.id)) is None
