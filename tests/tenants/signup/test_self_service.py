"""A stranger signs up and is inside; the same form sent twice makes one workspace."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import delete, func, select, update

from core.access.models import Member, Unit
from core.kernel.errors import Conflict, NotFound
from core.kernel.i18n import translator
from core.pipeline.models import Stage
from core.pipeline.service_seed import STAGES
from core.tenancy.control_log import ControlEvent, ControlOutbox
from core.tenancy.directory import TenantPlugin, TenantRow
from tenants.accounts import authentication
from tenants.accounts.models import Account, Membership
from tenants.signup import presets, service_signup
from tenants.signup.models import Signup
from tenants.signup.places import place_of
from tenants.signup.presets import preset_of
from tenants.signup.schema import AnswersIn, WorkspaceFormIn
from tenants.signup.service_signup import Asked

pytestmark = pytest.mark.usefixtures("unlimited")
PASSWORD = "a long enough password"
FORM = {
    "name": "Nora",
    "email": "nora@nova.test",
    "password": PASSWORD,
    "workspace": "恒通贸易有限公司",
    "slug": "",
    "suggested": "",
    "timezone": "Asia/Shanghai",
    "_key": "k1",
}


@pytest.fixture(autouse=True)
def forgetful(monkeypatch, runtime):
    """Ask the database every time, and know no workspace of another test by its address."""
    monkeypatch.setattr(authentication, "TTL_S", 0.0)
    authentication._kept.clear()
    runtime.directory.forget()


async def sign_up(client, **changes):
    return await client.post("/signup", data={**FORM, **changes})


async def rows(runtime, statement):
    async with runtime.control() as control:
        return (await control.session.execute(statement)).all()


async def count(runtime, model, *where):
    [(found,)] = await rows(runtime, select(func.count()).select_from(model).where(*where))
    return found


async def csrf(client, path):
    return (await client.get(path)).text.partition('name="_csrf" value="')[2].partition('"')[0]


async def test_a_stranger_is_inside_at_once(stranger, runtime):
    page = await stranger.get("/signup")
    assert page.status_code == 200
    answer = await sign_up(stranger)
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"] == "/w/hengtongmaoyi/welcome"
    welcome = await stranger.get("/w/hengtongmaoyi/welcome")
    assert welcome.status_code == 200
    assert "Welcome, Nora" in welcome.text
    assert "Confirm your e-mail address" in welcome.text
    tenant = await runtime.directory.by_slug("hengtongmaoyi")
    assert (tenant.timezone, tenant.country, tenant.currency) == ("Asia/Shanghai", "CN", "CNY")
    async with runtime.open(tenant) as ctx:
        [member] = (await ctx.session.scalars(select(Member))).all()
        assert (member.name, member.email, member.role) == ("Nora", "nora@nova.test", "owner")
        assert await ctx.session.scalar(select(func.count()).select_from(Stage)) == 5
    [(account,)] = await rows(runtime, select(Account).where(Account.email == "nora@nova.test"))
    assert account.verified_at is None
    assert account.verify_by > account.created_at + timedelta(days=6)
    assert member.account_id == account.id
    names = {name for (name,) in await rows(runtime, select(ControlEvent.name))}
    assert {"account.created", "workspace.created"} <= names


async def test_a_double_click_makes_one_workspace(stranger, runtime, app):
    answers = await asyncio.gather(*(sign_up(stranger) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {303}
    assert {answer.headers["location"] for answer in answers} == {"/w/hengtongmaoyi/welcome"}
    assert await count(runtime, Signup) == 1
    assert await count(runtime, Account, Account.email == "nora@nova.test") == 1
    assert (await stranger.get("/w/hengtongmaoyi/")).status_code == 200


async def test_a_form_is_not_repeated_by_somebody_else(stranger, runtime):
    await sign_up(stranger)
    stranger.cookies.clear()
    assert (await sign_up(stranger, email="eve@nova.test")).status_code == 409
    assert (await sign_up(stranger, password="another password")).status_code == 422
    assert "gx_session" not in stranger.cookies
    async with runtime.control() as control:
        await control.session.execute(delete(Account).where(Account.email == "nora@nova.test"))
    assert (await sign_up(stranger)).status_code == 409


async def test_everything_wrong_is_said_at_once(stranger, tenant, runtime):
    before = await count(runtime, Account)
    wrong = {"name": "", "email": "nonsense", "password": "short", "workspace": "", "slug": tenant.slug}
    answer = await sign_up(stranger, **wrong)
    assert answer.status_code == 422
    assert answer.text.count('aria-invalid="true"') == 5
    assert f"{tenant.slug}-crm" in answer.text
    assert await count(runtime, Account) == before


async def test_in_the_readers_language(stranger, tenant):
    stranger.cookies.set("gx_locale", "zh_CN")
    answer = await sign_up(stranger, slug=tenant.slug)
    assert answer.status_code == 422
    assert "该地址已被使用" in answer.text


@pytest.mark.parametrize(("slug", "status"), [("admin", 422), ("No Good", 422), ("good-one", 303)])
async def test_an_address_of_ones_own(stranger, slug, status):
    answer = await sign_up(stranger, slug=slug)
    assert answer.status_code == status
    assert status == 422 or answer.headers["location"] == "/w/good-one/welcome"


async def test_a_name_that_is_taken_gets_another_address(stranger, tenant):
    answer = await sign_up(stranger, workspace=tenant.slug.title())
    assert answer.headers["location"] == f"/w/{tenant.slug}-crm/welcome"
    stranger.cookies.clear()
    answer = await sign_up(stranger, workspace="!!!", _key="k2", email="x@nova.test")
    assert answer.headers["location"].startswith("/w/team-")


async def test_two_who_want_the_same_address_at_once_both_get_one(stranger, runtime):
    forms = [{"_key": f"k{n}", "email": f"n{n}@nova.test", "workspace": "Same"} for n in range(4)]
    answers = await asyncio.gather(*(sign_up(stranger, **form) for form in forms))
    assert len({answer.headers["location"] for answer in answers}) == 4


async def test_the_address_is_suggested_while_the_name_is_typed(stranger, tenant):
    async def ask(**query):
        return (await stranger.get("/signup/address", params=query)).text

    assert 'value="hengtongmaoyi"' in await ask(workspace="恒通贸易有限公司")
    assert "is free" in await ask(workspace="Brightline Software", slug="brightline", suggested="brightline")
    own = await ask(workspace="Brightline", slug="my-own", suggested="bright")
    assert 'value="my-own"' in own
    taken = await ask(workspace="x", slug=tenant.slug)
    assert "This address is taken" in taken
    assert "is free" not in await ask(workspace="!!!")
    assert "is free" not in await ask(workspace="x", slug="No Good")


async def test_an_empty_pool_makes_a_schema(stranger, runtime):
    async with runtime.control() as control:
        await control.session.execute(update(TenantRow).where(TenantRow.state == "free").values(state="held"))
    assert (await sign_up(stranger)).status_code == 303


async def test_a_pool_that_stays_empty_is_said(stranger, runtime, monkeypatch):
    async def nothing(session, **values):
        return None

    monkeypatch.setattr(service_signup, "take", nothing)
    monkeypatch.setattr(service_signup, "fill_pool", lambda *args, **options: 0)
    answer = await sign_up(stranger)
    assert answer.status_code == 409
    assert await count(runtime, Account, Account.email == "nora@nova.test") == 0


async def test_what_a_dead_process_began_is_finished(stranger, runtime, monkeypatch):
    async def die(*args):
        raise ConnectionError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(service_signup, "settle", die)
        assert (await sign_up(stranger)).status_code == 503
    [(job,)] = await rows(runtime, select(ControlOutbox).where(ControlOutbox.job == service_signup.SETTLE))
    tenant = await runtime.directory.by_slug("hengtongmaoyi")
    params = service_signup.SettleIn(tenant_id=tenant.id)
    assert job.params == {"tenant_id": str(tenant.id)}
    await asyncio.gather(*(service_signup.settle_later(runtime, params) for _ in range(3)))
    async with runtime.open(tenant) as ctx:
        assert await ctx.session.scalar(select(func.count()).select_from(Member)) == 1
        assert await ctx.session.scalar(select(func.count()).select_from(Stage)) == 5
    again = await sign_up(stranger)
    assert again.headers["location"] == "/w/hengtongmaoyi/welcome"
    assert (await stranger.get("/w/hengtongmaoyi/")).status_code == 200


async def test_nothing_is_finished_that_nobody_began(runtime, tenant, committing):
    async def members() -> int:
        async with runtime.open(tenant) as ctx:
            return await ctx.session.scalar(select(func.count()).select_from(Member))

    before = await members()
    await service_signup.settle_later(runtime, service_signup.SettleIn(tenant_id=tenant.id))
    assert await members() == before


async def test_a_conflict_that_is_none_of_its_own_goes_on(runtime, tenant, ann):
    other = Signup(key_hash=b"", tenant_id=tenant.id, account_id=ann.account_id, member_id=ann.account_id)
    async with runtime.control() as control:
        account = await control.session.get_one(Account, ann.account_id)
    with pytest.raises(Conflict):
        await service_signup.settle(runtime, tenant, other, account)


async def test_somebody_who_is_in_makes_another_workspace(ann, runtime):
    page = await ann.page.get("/signup")
    assert 'name="email"' not in page.text
    form = {
        "_csrf": ann.csrf,
        "workspace": "Second",
        "slug": "",
        "timezone": "",
        "suggested": "",
        "_key": "k9",
    }
    for _ in range(2):
        answer = await ann.page.post("/signup", data=form)
        assert answer.headers["location"] == "/w/second/welcome"
        assert "gx_session" not in answer.headers.get("set-cookie", "")
    assert (await ann.page.get("/w/second/welcome")).status_code == 200
    assert (await ann.page.get(ann.w("/customers"))).status_code == 200
    assert await count(runtime, Membership, Membership.account_id == ann.account_id) == 2
    assert (await ann.page.post("/signup", data={**form, "workspace": "", "_key": "k10"})).status_code == 422


async def test_another_workspace_is_nobody_elses(runtime, ann, bo):
    asked = Asked(key="k1")
    await service_signup.add_workspace(runtime, ann.account_id, WorkspaceFormIn(workspace="Second"), asked)
    with pytest.raises(Conflict):
        await service_signup.add_workspace(runtime, bo.account_id, WorkspaceFormIn(workspace="Second"), asked)
    with pytest.raises(NotFound):
        await service_signup.add_workspace(
            runtime, bo.member_id, WorkspaceFormIn(workspace="Third"), Asked(key="k2")
        )


async def test_the_answers_fit_the_workspace(stranger, runtime):
    await sign_up(stranger)
    path = "/w/hengtongmaoyi/welcome"
    answers = {"trade": "trading", "size": "few", "first": "deals"}
    answer = await stranger.post(path, data={**answers, "_csrf": await csrf(stranger, path), "_key": "a1"})
    assert answer.headers["location"] == "/w/hengtongmaoyi/deals"
    tenant = await runtime.directory.by_slug("hengtongmaoyi")
    async with runtime.open(tenant) as ctx:
        names = (await ctx.session.scalars(select(Stage.name).order_by(Stage.position))).all()
    assert names[:2] == ["Enquiry", "Quotation sent"]
    [(signup,)] = await rows(runtime, select(Signup))
    assert (signup.trade, signup.size, signup.first) == ("trading", "few", "deals")
    assert (await stranger.get(path)).text.count(" checked") == 3


async def test_no_answer_is_one_too(stranger, ann, bo):
    await sign_up(stranger)
    path = "/w/hengtongmaoyi/welcome"
    answer = await stranger.post(path, data={"_csrf": await csrf(stranger, path)})
    assert answer.headers["location"] == "/w/hengtongmaoyi/"
    assert (await ann.page.get(ann.w("/welcome"))).status_code == 200
    assert (await bo.page.get(bo.w("/welcome"))).status_code == 403


async def test_modules_that_are_on_by_default_are_on(stranger, runtime, registry):
    await sign_up(stranger)
    keys = {key for key, module in registry.modules.items() if module.manifest.kind == "default_on"}
    tenant = await runtime.directory.by_slug("hengtongmaoyi")
    found = await rows(runtime, select(TenantPlugin.plugin).where(TenantPlugin.tenant_id == tenant.id))
    assert {key for (key,) in found} == keys
    assert tenant.plugins == keys


@pytest.mark.parametrize(
    ("timezone", "locale", "place"),
    [
        ("Asia/Shanghai", "en", ("Asia/Shanghai", "CN", "CNY")),
        ("Europe/Berlin", "en", ("Europe/Berlin", "DE", "EUR")),
        ("Antarctica/Casey", "en", ("Antarctica/Casey", "AQ", "USD")),
        ("", "zh_CN", ("Asia/Shanghai", "CN", "CNY")),
        ("Mars/Base", "en", ("UTC", "US", "USD")),
        ("UTC", "en", ("UTC", "US", "USD")),
    ],
)
def test_a_place_follows_from_the_time_zone(timezone, locale, place):
    assert place_of(timezone, locale) == place


def test_answers_choose_together():
    preset = preset_of(AnswersIn(trade="software", size="many", first="leads"))
    assert preset.modules == ("marketing.forms",)
    assert preset.stages[0] == "Qualified"
    assert len(preset.units) == 3
    assert preset_of(AnswersIn()) == preset_of(AnswersIn(trade="nonsense", size="nonsense", first="nonsense"))


@pytest.mark.parametrize("locale", ["en", "zh_CN"])
def test_every_trade_names_every_stage_in_its_own_way(locale):
    said = translator(locale).gettext
    named = [preset_of(AnswersIn(trade=trade.value)).stages for trade in presets.TRADES]
    assert {len(stages) for stages in named} == {len(STAGES)}
    assert len({tuple(map(said, stages)) for stages in named}) == len(presets.TRADES)
    assert locale == "en" or not any(said(name).isascii() for stages in named for name in stages)


def test_few_people_get_no_departments():
    units = {size.value: len(preset_of(AnswersIn(size=size.value)).units) for size in presets.SIZES}
    assert units == {"one": 0, "few": 0, "many": 3, "company": 3}


async def test_a_shop_begins_with_the_stages_of_a_shop(stranger, runtime):
    await sign_up(stranger)
    path = "/w/hengtongmaoyi/welcome"
    for trade, last in (("retail", "Handed over"), ("other", "Agreed by word")):
        await stranger.post(path, data={"trade": trade, "_csrf": await csrf(stranger, path)})
        tenant = await runtime.directory.by_slug("hengtongmaoyi")
        async with runtime.open(tenant) as ctx:
            names = (await ctx.session.scalars(select(Stage.name).order_by(Stage.position))).all()
        assert names[-1] == last


async def test_a_company_begins_with_departments_once(stranger, runtime):
    await sign_up(stranger)
    path = "/w/hengtongmaoyi/welcome"
    for _ in range(2):
        answer = await stranger.post(path, data={"size": "company", "_csrf": await csrf(stranger, path)})
        assert answer.status_code == 303, answer.text
    tenant = await runtime.directory.by_slug("hengtongmaoyi")
    async with runtime.open(tenant) as ctx:
        assert len((await ctx.session.scalars(select(Unit.name))).all()) == 3


async def test_what_costs_something_is_shown_and_not_switched_on(ann, runtime, registry):
    answer = await ann.post("/welcome", {"first": "leads"})
    assert answer.headers["location"] == ann.w("/marketplace/marketing.forms")
    assert (await ann.page.get(answer.headers["location"])).status_code == 200
    rows_of = select(TenantPlugin).where(TenantPlugin.tenant_id == ann.tenant.id)
    assert "marketing.forms" not in {row.plugin for (row,) in await rows(runtime, rows_of)}


async def test_what_costs_nothing_is_switched_on(ann, runtime, registry, monkeypatch):
    module = registry.modules["marketing.forms"]
    free = replace(module, manifest=msgspec.structs.replace(module.manifest, price=None))
    monkeypatch.setitem(registry.modules, "marketing.forms", free)
    answer = await ann.post("/welcome", {"first": "leads"})
    assert answer.headers["location"] == ann.w("/leads")
    rows_of = select(TenantPlugin).where(TenantPlugin.tenant_id == ann.tenant.id)
    states = {row.plugin: row.state for (row,) in await rows(runtime, rows_of)}
    assert states["marketing.forms"] == "enabling"
