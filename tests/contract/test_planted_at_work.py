"""Modules of other people that crash, hang and lie at work: no page of ours fails, and each failing part is named.

Each is written as a distribution of its own and switched on for Acme.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

import httpx
import pytest

from core.app import create_app
from core.cli import doctor
from core.ext import specs
from core.runtime import Runtime
from core.tenancy.directory import TenantPlugin
from core.web.live import look
from core.worker import drain
from tenants.accounts.authentication import COOKIE
from tests.fixtures.people import BASE, Cast, Person
from tests.fixtures.planted import Plant
from tests.fixtures.restore import Restore


@dataclass
class Scene:
    """A process with a planted module, and Ann's clients."""

    runtime: Runtime
    ann: Person
    page: httpx.AsyncClient
    api: httpx.AsyncClient

    async def drain(self) -> None:
        await drain(self.runtime)

    async def core_pages_work(self) -> None:
        for path in ("/", "/customers", "/contacts", "/deals", "/leads", "/settings", "/marketplace"):
            answer = await self.page.get(self.ann.w(path), follow_redirects=True)
            assert answer.status_code == 200, (path, answer.status_code, answer.text[:300])
        assert (await self.api.get("/customers")).status_code == 200
        assert (await self.api.get("/schema/openapi.json")).status_code == 200


Planted = Callable[..., Awaitable[Scene]]


@pytest.fixture
async def planted(runtime: Runtime, plant: Plant, cast: Cast, committing: Restore) -> AsyncIterator[Planted]:
    async with AsyncExitStack() as stack:

        async def _planted(text: str) -> Scene:
            registry = plant("planted", {"plugin.py": "import msgspec, asyncio, time\n" + text})
            mine = replace(runtime, registry=registry, _parts={})
            app = create_app(mine)
            ann = cast.people["ann"]
            if not registry.modules["planted"].error:
                async with runtime.control() as control:
                    row = TenantPlugin(
                        tenant_id=ann.tenant.id, plugin="planted", state="enabled", version="1"
                    )
                    control.session.add(row)
                    await control.touch(ann.tenant.id)
            runtime.directory.forget()
            transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
            page = await stack.enter_async_context(
                httpx.AsyncClient(transport=transport, base_url=BASE, cookies={COOKIE: ann.token})
            )
            bearer = {"Authorization": f"Bearer {ann.key}"}
            api = await stack.enter_async_context(
                httpx.AsyncClient(transport=transport, base_url=f"{BASE}/api/v1", headers=bearer)
            )
            return Scene(mine, ann, page, api)

        yield _planted
    runtime.directory.forget()


async def test_how_a_module_failed_is_told_to_administrators_alone(planted: Planted, cast: Cast) -> None:
    scene = await planted("raise ValueError('no luck today')")
    scene.runtime.faults.note(scene.ann.tenant.id, "planted", "panel x", ValueError("secret path"), "r1")
    await scene.runtime.faults.flush()
    reader = cast.people["rea"]
    for person, is_told in ((scene.ann, True), (reader, False)):
        scene.api.headers["Authorization"] = f"Bearer {person.key}"
        scene.page.cookies.set(COOKIE, person.token)
        found = (await scene.api.get("/plugins/planted")).json()
        [fault] = found["faults"]
        assert (fault["place"], fault["faults"], fault["request_id"]) == ("panel x", 1, "r1")
        assert ("secret path" in fault["error"]) is is_told
        assert ("no luck today" in found["plugin"]["problem"]) is is_told
        page = (await scene.page.get(person.w("/marketplace/planted"))).text
        assert "panel x" in page
        assert ("no luck today" in page, "secret path" in page) == (is_told, is_told)


async def test_a_broken_module_shows_in_the_marketplace_and_stops_nothing(planted: Planted) -> None:
    scene = await planted("raise ValueError('no luck today')")
    await scene.core_pages_work()
    page = await scene.page.get(scene.ann.w("/marketplace/planted"))
    assert "no luck today" in page.text
    assert "Out of order" in (await scene.page.get(scene.ann.w("/marketplace"))).text
    assert (await scene.api.post("/plugins/planted/enable", json={})).status_code == 409


RUNTIME = """
async def crash(*args, **kwargs): raise ValueError("no luck")
async def hang(*args, **kwargs): await asyncio.sleep(60)
async def lie(*args, **kwargs): return 7
async def sql(ctx, *args):
    from sqlalchemy import text
    await ctx.session.execute(text("SELECT * FROM no_such_table"))
def summary(event, t): raise ValueError("no luck")
def flat(event, t): return 7
def lying(*args): return 7
def told(*args): raise ValueError("no luck")
def line(ctx, principal): raise ValueError("no luck")
def spin(*args, **kwargs): time.sleep(60)

class Seen(Event, frozen=True, kw_only=True):
    name = "planted.thing.seen"
    summary = "A thing was seen"
    subject = "customer"

class Heard(Event, frozen=True, kw_only=True):
    name = "planted.thing.heard"
    summary = "A thing was heard"
    subject = "customer"

class Said(Event, frozen=True, kw_only=True):
    name = "planted.thing.said"
    summary = "A thing was said"
    subject = "customer"

class Params(msgspec.Struct): pass

class Api(Controller):
    path = "/things"
    @get("/", permission="*")
    async def show(self, ctx: Ctx) -> dict[str, str]: raise ValueError("no luck")
    @get("/slow", permission="*")
    async def slow(self, ctx: Ctx) -> dict[str, str]: await asyncio.sleep(60)
    @get("/odd", permission="*")
    async def odd(self, ctx: Ctx) -> dict[str, str]: return object()

@hookimpl
def crm_api(): return [Api]
@hookimpl
def crm_events(): return [Seen, Heard, Said]
@hookimpl
def crm_timeline():
    made = {"seen": summary, "heard": spin, "said": flat}
    return [TimelineKind(event=f"planted.thing.{key}", icon="eye", summary=f) for key, f in made.items()]
@hookimpl
def crm_panels():
    given = dict(slot="customer.side", timeout_ms=300)
    odd = (crash, hang, sql)
    unsure = [Panel(key=f"unsure-{f.__name__}", title="x", render=lie, is_wanted=f, **given) for f in odd]
    return unsure + [Panel(key=f.__name__, title="x", render=f, **given) for f in (crash, hang, lie, sql)]
@hookimpl
def crm_widgets(): return [Widget(key=f.__name__, title=f.__name__, render=f) for f in (crash, hang, lie, sql)]
@hookimpl
def crm_steps():
    return [Step(key=f.__name__, title=f.__name__, url="/x", is_done=f) for f in (crash, hang, sql)]
@hookimpl
def crm_live(): return [LivePart(key=f.__name__, render=f) for f in (crash, hang, lie, sql)]
@hookimpl
def crm_banners(): return [Banner(key=f.__name__, render=f) for f in (line, spin, lying)]
@hookimpl
def crm_actions():
    given = dict(title="x", icon="x", record_type="customer")
    return [Action(key=f.__name__, run=f, **given) for f in (crash, hang, sql)]
@hookimpl
def crm_filters():
    made = {"crash": (told, crash), "hang": (spin, hang), "lie": (lying, lie)}
    given = dict(title="Odd", record_type="customer")
    return [Filter(key=key, condition=c, choices=f, **given) for key, (c, f) in made.items()]
@hookimpl
def crm_checks(): return [Check(key=f"planted {f.__name__}", title="x", run=f) for f in (crash, hang, lie)]
@hookimpl
def crm_jobs():
    return [
        JobSpec(name=f"planted.{f.__name__}", handler=f, params=Params, retries=0, timeout_s=0.3) for f in (crash, hang)
    ]
@hookimpl
def crm_subscriptions():
    return [Subscription(event="customer.created", name=f.__name__, handler=f) for f in (crash, hang)]
@hookimpl
def crm_personal_data():
    made = {"crash": crash, "hang": hang, "lie": lie, "sql": sql}
    return [PersonalData(key=f"planted_{key}", title=key, export=f, erase=f, restrict=f) for key, f in made.items()]
@hookimpl
async def crm_seed(ctx): raise ValueError("no luck")
@hookimpl
async def crm_demo(ctx, rng): raise ValueError("no luck")
@hookimpl
def crm_nav(): return [Nav(key="planted", title="Planted", icon="puzzle", url="/planted/nowhere", group="apps")]
"""


LIMITS = {
    "core.web.live.PART_S": 0.3,
    "core.web.middleware.MODULE_S": 0.3,
    "core.cli.doctor.CHECK_S": 0.3,
    "core.home.pages.TIMEOUT_S": 0.3,
    "core.home.today.STEP_S": 0.3,
    "core.ext.faults.CALL_S": 0.2,
    "core.records.actions.ACTION_S": 0.3,
    "core.records.foreign.CHOICES_S": 0.3,
    "core.kernel.jobs.attempt.EVENT_TIMEOUT_S": 0.3,
    "core.privacy.people.HOLDER_S": 0.3,
    "tenants.marketplace.calls.PREPARE_S": 0.3,
}
AT_WORK = {
    *(f"panel {key}" for key in ("crash", "hang", "lie", "sql", "unsure-crash", "unsure-hang", "unsure-sql")),
    *(f"widget {key}" for key in ("crash", "hang", "lie", "sql")),
    *(f"step {key}" for key in ("crash", "hang", "sql")),
    *(f"live part {key}" for key in ("crash", "hang", "lie", "sql")),
    *(f"banner {key}" for key in ("line", "spin", "lying")),
    *(f"action {key}" for key in ("crash", "hang", "sql")),
    *(f"filter {key}" for key in ("crash", "hang", "lie")),
    *(f"personal data planted_{key}" for key in ("crash", "hang", "lie", "sql")),
    *(f"timeline kind planted.thing.{key}" for key in ("seen", "heard", "said")),
    *(f"job planted.{key}" for key in ("crash", "hang")),
    *(f"job planted:{key}" for key in ("crash", "hang")),
    *(f"GET /api/v1/planted/things{path}" for path in ("", "/slow", "/odd")),
}


SWITCHES = {
    "crm_install": ("ctx", ("disable", "uninstall", "enable")),
    "crm_upgrade": ("ctx, from_version", ("disable", "enable")),
    "crm_uninstall": ("ctx, keep_data", ("disable", "uninstall")),
}


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in LIMITS.items():
        monkeypatch.setattr(name, seconds)


async def test_a_module_that_fails_at_work_fails_alone_and_is_named(planted: Planted, hurried: None) -> None:
    scene = await planted(RUNTIME)
    ann, runtime = scene.ann, scene.runtime
    assert not runtime.registry.modules["planted"].error
    await scene.core_pages_work()
    made = await scene.api.post("/customers", json={"name": "Acme Trading"})
    record = made.json()["id"]
    async with runtime.open(await runtime.tenant(ann.tenant.id)) as ctx:
        for key in ("seen", "heard", "said"):
            event = runtime.registry.events[f"planted.thing.{key}"]
            ctx.emit(event(subject_id=record, label="Acme Trading"))
        for key in ("crash", "hang"):
            ctx.enqueue(f"planted.{key}", runtime.registry.jobs[f"planted.{key}"].params())
    await scene.drain()
    await scene.core_pages_work()
    await parts_fail_alone(scene, record)
    await conditions_fail_alone(scene, record)
    await routes_fail_alone(scene)
    await signups_go_on(scene)
    await people_can_be_forgotten(scene)
    await runtime.faults.flush()
    detail = (await scene.api.get("/plugins/planted")).json()
    told = {fault["place"] for fault in detail["faults"]}
    assert told == AT_WORK
    assert all(fault["error"] for fault in detail["faults"])
    page = (await scene.page.get(ann.w("/marketplace/planted"))).text
    assert all(place in page for place in AT_WORK)
    named = "\n".join(doctor.faults(runtime.databases.settings))
    assert all(f"planted: {place} failed" in named for place in AT_WORK)


async def parts_fail_alone(scene: Scene, record: str) -> None:
    ann = scene.ann
    show = await scene.page.get(ann.w(f"/customers/{record}"))
    assert show.status_code == 200
    assert "/side/crash" in show.text
    assert "unsure" not in show.text
    for key in ("crash", "hang", "lie", "sql"):
        panel = await scene.page.get(ann.w(f"/panels/customer/{record}/side/{key}"))
        assert panel.status_code == 200, key
        assert "no luck" not in panel.text
        assert (await scene.page.get(ann.w(f"/widgets/{key}"))).status_code == 200, key
    told = await scene.api.get(f"/timeline/customer/{record}")
    assert told.status_code == 200
    assert all(f"A thing was {what}" in told.text for what in ("seen", "heard", "said"))
    principal = replace(ann.principal, tenant=await scene.runtime.tenant(ann.tenant.id))
    shown = await look(scene.runtime, principal)
    assert not {"crash", "hang", "lie", "sql"} & set(shown)
    for check in scene.runtime.registry.items(specs.Check):
        if check.plugin == "planted":
            assert "planted" in (await doctor.declared_result(scene.runtime, check)).problems[0]


async def conditions_fail_alone(scene: Scene, record: str) -> None:
    ann = scene.ann
    for key in ("crash", "hang", "sql"):
        form = {"_csrf": ann.csrf, "ids": record}
        bulk = await scene.page.post(ann.w(f"/customers/bulk/{key}"), data=form)
        assert bulk.status_code < 500, key
    for key in ("crash", "hang", "lie"):
        odd = await scene.page.get(ann.w(f"/customers?f=planted.{key}:eq:x"))
        assert odd.status_code == 422, key
        offered = await scene.page.get(ann.w(f"/customers/conditions/planted.{key}"))
        assert offered.status_code == 200, key


async def routes_fail_alone(scene: Scene) -> None:
    for path, status in (("", 500), ("/slow", 504), ("/odd", 500)):
        assert (await scene.api.get(f"/planted/things{path}")).status_code == status, path


async def people_can_be_forgotten(scene: Scene) -> None:
    made = await scene.api.post("/contacts", json={"name": "Wang Fang", "email": "wang@example.test"})
    contact = made.json()["id"]
    tab = await scene.page.get(scene.ann.w(f"/panels/contact/{contact}/tab/personal-data"))
    assert tab.status_code == 200
    assert "Its module failed" in tab.text
    about = {"record_type": "contact", "record_id": contact}
    refused = await scene.api.post("/data-requests", json={**about, "kind": "restrict"})
    assert (refused.status_code, refused.json()["code"]) == (409, "privacy.module")
    begun = await scene.api.post("/data-requests", json={**about, "kind": "erase", "confirm": "Wang Fang"})
    assert begun.status_code == 202, begun.text
    await scene.drain()
    # What the core holds is gone, and the request stays open for the rest.
    assert "Wang" not in (await scene.api.get("/contacts")).text
    found = (await scene.api.get(f"/data-requests/{begun.json()['id']}")).json()
    assert found["state"] != "done"


async def signups_go_on(scene: Scene) -> None:
    scene.page.cookies.clear()
    values = {"name": "New", "email": "new@new.test", "password": "correct horse battery", "workspace": "New"}
    begun = await scene.page.post("/signup", data={**values, "_key": "planted", "timezone": "Europe/Berlin"})
    assert begun.status_code == 303, begun.text[-500:]
    scene.page.cookies.clear()
    scene.page.cookies.set(COOKIE, scene.ann.token)


@pytest.mark.parametrize("function", ["crash", "hang"])
@pytest.mark.parametrize("name", sorted(SWITCHES))
async def test_a_module_that_fails_at_a_switch_is_named(
    planted: Planted, hurried: None, name: str, function: str
) -> None:
    arguments, switches = SWITCHES[name]
    does = {"crash": "raise ValueError('no luck')", "hang": "await asyncio.sleep(60)"}[function]
    scene = await planted(f"@hookimpl\nasync def {name}({arguments}): {does}\n")
    here = "/plugins/planted"
    for switch in switches:
        assert (await scene.api.post(f"{here}/{switch}", json={})).status_code < 300, switch
        await scene.drain()
    said = {"crash": "no luck", "hang": "TimeoutError"}[function]
    plugin = (await scene.api.get(here)).json()["plugin"]
    assert (plugin["state"], said in plugin["problem"]) == ("failed", True)
    assert said in (await scene.page.get(scene.ann.w("/marketplace/planted"))).text
    named = "\n".join(doctor.faults(scene.runtime.databases.settings))
    assert "planted: it could not be set up" in named
    assert said in named
    await scene.core_pages_work()
