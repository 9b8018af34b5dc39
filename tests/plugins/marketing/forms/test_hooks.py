"""Every contribution of the module: there for the workspace that has it, absent for the other, gone when it is off."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import httpx
import psycopg
import pytest
from sqlalchemy import func, select

from core.ext.specs import Action, Nav, Panel, Person, Widget
from core.pipeline.leads import service as leads
from core.pipeline.leads.models import Lead
from core.pipeline.leads.schema import LeadIn
from core.runtime import Runtime
from core.tenancy.ddl import uninstall
from core.tenancy.directory import TenantPlugin
from plugins.marketing.forms import lifecycle, personal, service, service_demo
from plugins.marketing.forms.jobs import CLEAR
from plugins.marketing.forms.models import Form, Submission
from plugins.marketing.forms.settings import FormsSettings
from tenants.marketplace import service as marketplace
from tests.fixtures.people import Person as Somebody
from tests.plugins.marketing.forms.conftest import ANSWERS, Visitor, published

Drain = Callable[[], Awaitable[None]]
KEY = "marketing.forms"
ADDRESSES = ("/marketing/forms/forms", "/marketing/forms/submissions", "/widgets/marketing-forms")


async def sent(person: Somebody, visitor: Visitor, drain: Drain, **answers: str) -> Submission:
    await visitor.fill_in({**ANSWERS, **answers})
    await drain()
    async with person.ctx() as ctx:
        found = await ctx.session.scalars(select(Submission).order_by(Submission.created_at.desc()).limit(1))
        return found.one()


async def serves(runtime: Runtime, person: Somebody) -> dict[str, bool]:
    """Which of the module's contributions a workspace has."""
    async with runtime.enter(person.principal) as ctx:
        registry = runtime.registry
        found = {
            spec.__name__: any(one.plugin == KEY for one in registry.serve(spec, ctx))
            for spec in (Nav, Panel, Widget, Action)
        }
        event = "marketing.forms.submission.received"
        found["Subscription"] = bool(registry.subscribers(event, ctx.tenant.plugins, in_transaction=False))
        return found


async def test_one_workspace_has_it_and_the_other_does_not(
    forms: Somebody, zed: Somebody, visitor: Visitor, runtime: Runtime, drain: Drain
) -> None:
    await published(forms)
    assert set((await serves(runtime, forms)).values()) == {True}
    assert set((await serves(runtime, zed)).values()) == {False}
    for path in ADDRESSES:
        assert (await forms.page.get(forms.w(path))).status_code == 200, path
        assert (await zed.page.get(zed.w(path))).status_code == 404, path
    for path in ("/marketing/forms/forms", "/marketing/forms/submissions"):
        assert (await forms.api.get(path)).status_code == 200
        assert (await zed.api.get(path)).status_code == 404
    assert (await visitor.client.get(visitor.url())).status_code == 200
    theirs = await visitor.client.get(visitor.url().replace(forms.tenant.slug, zed.tenant.slug))
    nowhere = await visitor.client.get(visitor.url().replace(forms.tenant.slug, "nowhere"))
    assert theirs.status_code == nowhere.status_code == 404


async def test_it_is_gone_at_once_when_it_is_switched_off(
    forms: Somebody, visitor: Visitor, runtime: Runtime, drain: Drain
) -> None:
    await published(forms)
    page = await visitor.open()
    async with runtime.control(forms.principal) as control:
        assert await marketplace.disable(control, forms.tenant, KEY)
    runtime.directory.forget(forms.tenant.id)
    assert (await visitor.client.get(visitor.url())).status_code == 404
    assert (await visitor.fill_in(page=page)).status_code == 404
    for path in ADDRESSES:
        assert (await forms.page.get(forms.w(path))).status_code == 404
    assert (await forms.api.get("/marketing/forms/forms")).status_code == 404
    async with runtime.control(forms.principal) as control:
        await marketplace.enable(control, forms.tenant, KEY)
    await drain()
    runtime.directory.forget(forms.tenant.id)
    assert (await visitor.client.get(visitor.url())).status_code == 200


async def test_its_tables_go_when_it_is_removed_and_its_rows_come_back(
    forms: Somebody, visitor: Visitor, runtime: Runtime, drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenants.marketplace.jobs.SETTLE_S", 0.0)
    await published(forms)
    await sent(forms, visitor, drain)
    async with runtime.control(forms.principal) as control:
        await marketplace.uninstall(control, forms.tenant, KEY)
    await drain()
    runtime.directory.forget(forms.tenant.id)
    assert tables(runtime, forms) == []
    kept = await forms.api.get("/leads")
    assert kept.status_code == 200, kept.text
    assert kept.json()["data"][0]["name"] == "Li Wei"
    async with runtime.control(forms.principal) as control:
        await marketplace.enable(control, forms.tenant, KEY, archive=newest(runtime, forms))
    await drain()
    runtime.directory.forget(forms.tenant.id)
    async with runtime.control() as control:
        row = await control.session.get(TenantPlugin, (forms.tenant.id, KEY))
        assert row is not None
        assert (row.state, row.problem) == ("enabled", "")
    assert (await visitor.client.get(visitor.url())).status_code == 200
    async with forms.ctx() as ctx:
        assert [one.title for one in await ctx.session.scalars(select(Submission))] == ["Li Wei"]
    uninstall(runtime.databases.settings, forms.tenant, "marketing_forms")


def tables(runtime: Runtime, person: Somebody) -> list[str]:
    question = (
        "SELECT tablename FROM pg_tables WHERE schemaname = %s AND tablename LIKE '%%marketing_forms%%'"
    )
    with psycopg.connect(runtime.databases.settings.admin_dsn()) as admin:
        return [row[0] for row in admin.execute(question, [person.tenant.schema]).fetchall()]


def newest(runtime: Runtime, person: Somebody) -> str:
    folder = runtime.settings.home / "files" / person.tenant.schema / "modules"
    return max(folder.iterdir(), key=lambda path: path.stat().st_mtime).name


async def test_records_show_their_submissions_and_lists_filter_by_form(
    forms: Somebody, visitor: Visitor, drain: Drain
) -> None:
    form = await published(forms)
    other = await published(forms, slug="other")
    one = await sent(forms, visitor, drain)
    async with forms.acting() as ctx:
        await leads.create(ctx, LeadIn(name="Nobody"))
    panel = await forms.page.get(forms.w(f"/panels/lead/{one.lead_id}/side/marketing-forms"))
    assert f"/marketing/forms/submissions/{one.id}" in panel.text
    shown = await forms.page.get(forms.w(f"/timeline/lead/{one.lead_id}"))
    assert "A form became a lead" in shown.text
    for wanted, names in ((form, ["Li Wei"]), (other, [])):
        found = await forms.api.get("/leads", params={"f": f"marketing.forms.submitted_form:eq:{wanted.id}"})
        assert found.status_code == 200, found.text
        assert [row["name"] for row in found.json()["data"]] == names
    board = await forms.page.get(forms.w(f"/leads/board?f=marketing.forms.submitted_form:eq:{form.id}"))
    assert ("Li Wei" in board.text, "Nobody" in board.text) == (True, False)
    assert f'<b>{form.name}</b><a href="{forms.w("/leads/board")}"' in board.text
    assert forms.w("/leads/conditions/marketing.forms.submitted_form") in board.text
    converted = await forms.api.post(f"/leads/{one.lead_id}/convert", json={})
    customer = converted.json()["customer_id"]
    panel = await forms.page.get(forms.w(f"/panels/customer/{customer}/side/marketing-forms"))
    assert str(one.id) in panel.text
    found = await forms.api.get("/customers", params={"f": f"marketing.forms.submitted_form:eq:{form.id}"})
    assert [row["id"] for row in found.json()["data"]] == [customer]
    widget = await forms.page.get(forms.w("/widgets/marketing-forms"))
    assert "Contact" in widget.text


async def test_members_see_what_is_theirs(
    forms: Somebody, bo: Somebody, rea: Somebody, visitor: Visitor, drain: Drain
) -> None:
    await published(forms)
    one = await sent(forms, visitor, drain)
    assert (await bo.api.get("/marketing/forms/submissions")).json()["data"] == []
    assert (await bo.api.get(f"/marketing/forms/submissions/{one.id}")).status_code == 404
    assert (await bo.api.post("/marketing/forms/forms", json={"name": "Mine"})).status_code == 403
    assert (await rea.api.post(f"/marketing/forms/submissions/{one.id}/spam")).status_code == 403


async def test_a_person_is_exported_restricted_and_erased(
    forms: Somebody, visitor: Visitor, drain: Drain
) -> None:
    form = await published(forms, consent_text="I agree.", consent_required=False)
    one = await sent(forms, visitor, drain)
    person = Person(record_type="lead", record_id=one.lead_id, emails=("li@example.com",))
    async with forms.acting() as ctx:
        (told,) = await personal.export(ctx, person)
        assert told["answers"]["message"] == "Please call me."
        await personal.restrict(ctx, person, True)
    assert (await forms.api.post(f"/marketing/forms/submissions/{one.id}/spam")).status_code == 200
    refused = await forms.api.post(f"/marketing/forms/submissions/{one.id}/accept")
    assert (refused.status_code, refused.json()["code"]) == (409, "marketing.forms.restricted")
    async with forms.acting() as ctx:
        await service.delete(ctx, await ctx.session.get_one(Form, form.id))
        await personal.erase(ctx, person)
    async with forms.ctx() as ctx:
        assert (await ctx.session.get_one(Submission, one.id)).title == form.name
    with psycopg.connect(forms.runtime.databases.settings.admin_dsn()) as admin:
        question = f'SELECT t::text FROM "{forms.tenant.schema}".marketing_forms_submission t'
        assert "li@example" not in str(admin.execute(question.encode()).fetchall())


async def test_old_spam_is_cleared(forms: Somebody, visitor: Visitor, drain: Drain, runtime: Runtime) -> None:
    await published(forms)
    await sent(forms, visitor, drain, homepage="x")
    assert runtime.registry.jobs[CLEAR].every_s == 86_400
    with psycopg.connect(runtime.databases.settings.admin_dsn(), autocommit=True) as admin:
        table = f'"{forms.tenant.schema}".marketing_forms_submission'
        admin.execute(f"UPDATE {table} SET created_at = now() - interval '31 days'".encode())
    async with forms.acting() as ctx:
        ctx.enqueue(CLEAR, runtime.registry.jobs[CLEAR].params())
    await drain()
    async with forms.ctx() as ctx:
        assert await ctx.session.scalar(select(func.count()).select_from(Submission)) == 0


async def test_settings_hold_a_secret_that_is_never_shown(
    forms: Somebody, visitor: Visitor, runtime: Runtime
) -> None:
    await published(forms)
    page = await visitor.open()
    given = FormsSettings(signing_word="swordfish", keep_spam_days=7)
    async with runtime.control(forms.principal) as control:
        await marketplace.configure(control, forms.tenant, KEY, given)
    runtime.directory.forget(forms.tenant.id)
    tenant = await runtime.tenant(forms.tenant.id)
    assert "swordfish" not in repr(tenant.options)
    assert (await visitor.fill_in(page=page)).status_code == 422
    assert (await visitor.fill_in()).status_code == 200


async def test_it_begins_with_a_draft_and_demo_rows_are_the_same_on_every_run(forms: Somebody) -> None:
    made: list[Any] = []
    for _ in range(2):
        async with forms.ctx() as ctx:
            assert [form.state for form in await ctx.session.scalars(select(Form))] == ["draft"]
            for number in range(12):
                ctx.session.add(Lead(name=f"L{number:02d}", owner_id=forms.member_id))
            await ctx.session.flush()
            await service_demo.crm_demo(ctx, Random(7))
            rows = await ctx.session.scalars(select(Submission).order_by(Submission.title))
            made.append([(row.title, row.state, row.values.get("message")) for row in rows])
    assert made[0] == made[1]
    assert len(made[0]) == 12


async def test_coming_back_judges_what_waited(forms: Somebody, visitor: Visitor) -> None:
    await published(forms)
    await visitor.fill_in()
    async with forms.acting() as ctx:
        await lifecycle.crm_upgrade(ctx, "0.9.0")
    async with forms.ctx() as ctx:
        assert (await ctx.session.scalars(select(Submission.state))).all() == ["accepted"]


async def test_the_snippet_names_this_host(forms: Somebody, visitor: Visitor) -> None:
    await published(forms)
    script = await visitor.client.get(visitor.url(rest="/embed.js"))
    assert script.headers["content-type"].startswith("text/javascript")
    assert isinstance(script, httpx.Response)
    assert "/embed" in script.text


async def test_the_marketplace_says_which_conditions_it_lends(ann: Somebody, zed: Somebody) -> None:
    for person, words in ((ann, "Customer: Submitted form"), (zed, "客户: 提交过的表单")):
        page = await person.page.get(person.w("/marketplace/marketing.forms"))
        assert words in page.text
