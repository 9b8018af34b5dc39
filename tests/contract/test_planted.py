"""Modules of other people that crash, hang, lie and misspell, at every hook: no page of ours fails, and it is told.

Each is written as a distribution of its own and switched on for Acme.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

import httpx
import pytest

from core.app import create_app
from core.cli.doctor import declared_result
from core.ext import specs
from core.ext.documented import hook_names
from core.runtime import Runtime
from core.tenancy.directory import TenantPlugin
from core.web.live import look
from core.worker import drain
from tenants.accounts.authentication import COOKIE
from tests.fixtures.people import BASE, Cast, Person
from tests.fixtures.planted import Plant
from tests.fixtures.restore import Restore

# Hooks that return something at boot, and two lies for each: what is no list of it, and what is nearly one.
LIES = {
    "crm_records": ("[1]", "'text'"),
    "crm_api": ("[1]", "[type('X', (Controller,), {'path': 7})]"),
    "crm_pages": ("[1]", "None"),
    "crm_public": ("[1]", "None"),
    "crm_permissions": ("[Permission(name=1, title='x', reach={})]", "{}"),
    "crm_jobs": ("[JobSpec(name='x', handler=None, params=int)]", "[None]"),
    "crm_events": ("[int]", "[type('E', (), {})]"),
    "crm_subscriptions": ("[Subscription(event='no.such', name='x', handler=print)]", "[Nav]"),
    "crm_nav": (
        "[Nav(key='x', title='x', icon='x', url='/x', permission='no.such')]",
        "[Nav(key=1, title=2, icon=3, url=4)]",
    ),
    "crm_panels": ("[Panel(slot='customer.side', key='x', title='x', render=7)]", "'panel'"),
    "crm_timeline": (
        "[TimelineKind(event='no.such', icon='x', summary=str)]",
        "[TimelineKind(event='customer.created', icon='x', summary=str)]",
    ),
    "crm_widgets": ("[Widget(key='x', title='x', render=None)]", "[Widget]"),
    "crm_steps": ("[Step(key='x', title='x', url='/x', is_done=1)]", "[1]"),
    "crm_processes": ("[]", "[1]"),
    "crm_live": ("[LivePart(key='x', render=1)]", "7"),
    "crm_banners": ("[Banner(key='x', render=1)]", "7"),
    "crm_actions": ("[Action(key='x', title='x', icon='x', record_type='no_such', run=print)]", "[{}]"),
    "crm_filters": ("[Filter(key='x', title='x', record_type='no_such', condition=print)]", "[{}]"),
    "crm_settings": ("int", "type('S', (msgspec.Struct,), {'__annotations__': {'a': int}})"),
    "crm_personal_data": ("[PersonalData(key='x', title='x', export=1, erase=1, restrict=1)]", "[1]"),
    "crm_checks": ("[Check(key='x', title='x', run=1)]", "[1]"),
    "crm_commands": ("[print]", "[1]"),
    "crm_manifest": ("None", "Manifest(key='other', title='x')"),
}
LATER = {"crm_seed", "crm_demo", "crm_install", "crm_upgrade", "crm_uninstall", "crm_authenticate"}


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


def hook(name: str, body: str) -> str:
    return f"\n@hookimpl\ndef {name}():\n    {body}\n"


def boot(plant: Plant, text: str) -> str:
    """What is said of a module that starts with this text; nothing of it may be left."""
    registry = plant("planted", {"plugin.py": "import msgspec, os, sys, time\n" + text})
    from core.app import refuse_unmountable

    refuse_unmountable(registry)
    found = registry.modules["planted"]
    if found.error:
        assert not [
            item
            for items in registry.declared.values()
            for item in items
            if getattr(item, "plugin", "") == "planted"
        ]
        assert "planted" not in registry.owners.values()
        assert "planted" not in registry.settings
    return found.error


def test_every_hook_is_tried() -> None:
    assert set(LIES) | LATER == set(hook_names())


@pytest.mark.parametrize("name", sorted(LIES))
def test_a_hook_that_crashes_puts_its_module_out_of_order(plant: Plant, name: str) -> None:
    assert "no luck" in boot(plant, hook(name, "raise ValueError('no luck')"))


@pytest.mark.parametrize(("name", "lie"), [(name, lie) for name in sorted(LIES) for lie in LIES[name]])
def test_a_hook_that_lies_puts_its_module_out_of_order(plant: Plant, name: str, lie: str) -> None:
    assert boot(plant, hook(name, f"return {lie}"))


@pytest.mark.parametrize("name", sorted(LIES))
def test_a_hook_that_hangs_is_left_behind(plant: Plant, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("core.kernel.installed", "core.ext.registry"):
        monkeypatch.setattr(f"{module}.LIMIT_S", 0.5)
    assert "did not end" in boot(plant, hook(name, "time.sleep(3)"))


@pytest.mark.parametrize("name", [*LIES, *sorted(LATER)])
def test_a_misspelt_hook_is_named(plant: Plant, name: str) -> None:
    assert f"{name}x" in boot(plant, hook(f"{name}x", "return []"))


@pytest.mark.parametrize("name", sorted(LATER))
def test_a_hook_of_the_wrong_form_is_named(plant: Plant, name: str) -> None:
    assert name in boot(plant, hook(name, "return None"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("raise ValueError('at import')", "at import"),
        ("sys.exit(3)", "SystemExit"),
        ("import no_such_module", "no_such_module"),
        ("def broken(:", "SyntaxError"),
        ("@hookimpl\nasync def crm_authenticate(runtime, request): ...", "crm_authenticate"),
        ("def crm_nav(): return []", "hookimpl"),
        (
            "@hookimpl\ndef crm_manifest(): return Manifest(key='planted', title='x', kind='locked')",
            "optional",
        ),
        (
            "@hookimpl\ndef crm_manifest(): return Manifest(key='planted', title='x', requires=('no.such',))",
            "no.such",
        ),
        (
            "@hookimpl\ndef crm_manifest(): return Manifest(key='planted', title='x', requires_core='>=99')",
            ">=99",
        ),
        (
            hook("crm_nav", "return [Nav(key='a', title='a', icon='x', url='/a')]")
            + hook("crm_permissions", "return [Permission(name='customers.view', title='x', reach={})]"),
            "customers.view",
        ),
        (
            "from litestar import get as bare\n"
            "class Api(Controller):\n"
            "    path = '/open'\n"
            "    @bare('/')\n"
            "    async def show(self) -> str: return 'x'\n" + hook("crm_api", "return [Api]"),
            "neither permission",
        ),
        (
            "class Thing: ...\n"
            "class Api(Controller):\n"
            "    path = '/odd'\n"
            "    @get('/', permission='*')\n"
            "    async def show(self, what: 'NoSuchType') -> str: return 'x'\n"
            + hook("crm_api", "return [Api]"),
            "NoSuchType",
        ),
    ],
)
def test_what_cannot_be_taken_in_is_quarantined(plant: Plant, text: str, said: str) -> None:
    assert said in boot(plant, text)


def test_a_module_whose_need_is_out_of_order_is_out_of_order_too(plant: Plant) -> None:
    plant("first", {"plugin.py": "raise ValueError('no')"})
    registry = plant("second", {"plugin.py": ""}, more=", requires=('first',)")
    assert "first" in registry.modules["second"].error


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
def line(ctx, principal): raise ValueError("no luck")

class Seen(Event, frozen=True, kw_only=True):
    name = "planted.thing.seen"
    summary = "A thing was seen"
    subject = "customer"

class Params(msgspec.Struct): pass

class Api(Controller):
    path = "/things"
    @get("/", permission="*")
    async def show(self, ctx: Ctx) -> dict[str, str]: raise ValueError("no luck")

@hookimpl
def crm_api(): return [Api]
@hookimpl
def crm_events(): return [Seen]
@hookimpl
def crm_timeline(): return [TimelineKind(event="planted.thing.seen", icon="eye", summary=summary)]
@hookimpl
def crm_panels():
    given = dict(slot="customer.side", timeout_ms=300)
    odd = (crash, hang, sql)
    unsure = [Panel(key=f"unsure-{f.__name__}", title="x", render=lie, is_wanted=f, **given) for f in odd]
    return unsure + [Panel(key=f.__name__, title="x", render=f, **given) for f in (crash, hang, lie, sql)]
@hookimpl
def crm_widgets(): return [Widget(key=f.__name__, title=f.__name__, render=f) for f in (crash, lie, sql)]
@hookimpl
def crm_steps():
    return [Step(key=f.__name__, title=f.__name__, url="/x", is_done=f) for f in (crash, sql)]
@hookimpl
def crm_live(): return [LivePart(key=f.__name__, render=f) for f in (crash, hang, lie, sql)]
@hookimpl
def crm_banners(): return [Banner(key="line", render=line)]
@hookimpl
def crm_actions():
    return [Action(key="crash", title="Crash", icon="x", record_type="customer", run=crash)]
@hookimpl
def crm_filters(): return [Filter(key="odd", title="Odd", record_type="customer", condition=summary, choices=crash)]
@hookimpl
def crm_checks(): return [Check(key=f"planted {f.__name__}", title="x", run=f) for f in (crash, hang, lie)]
@hookimpl
def crm_jobs(): return [JobSpec(name="planted.crash", handler=crash, params=Params, retries=0)]
@hookimpl
def crm_subscriptions(): return [Subscription(event="customer.created", name="crash", handler=crash)]
@hookimpl
def crm_nav(): return [Nav(key="planted", title="Planted", icon="puzzle", url="/planted/nowhere", group="apps")]
"""


async def test_a_module_that_fails_at_work_fails_alone(
    planted: Planted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.web.live.PART_S", 0.3)
    monkeypatch.setattr("core.cli.doctor.CHECK_S", 0.3)
    scene = await planted(RUNTIME)
    assert not scene.runtime.registry.modules["planted"].error
    await scene.core_pages_work()
    made = await scene.api.post("/customers", json={"name": "Acme Trading"})
    record = made.json()["id"]
    async with scene.runtime.open(await scene.runtime.tenant(scene.ann.tenant.id)) as ctx:
        seen = scene.runtime.registry.events["planted.thing.seen"]
        ctx.emit(seen(subject_id=record, label="Acme Trading"))
    await scene.drain()
    await scene.core_pages_work()
    show = await scene.page.get(scene.ann.w(f"/customers/{record}"))
    assert show.status_code == 200
    assert "/side/crash" in show.text
    assert "unsure" not in show.text
    for key in ("crash", "hang", "lie", "sql"):
        panel = await scene.page.get(scene.ann.w(f"/panels/customer/{record}/side/{key}"))
        assert panel.status_code == 200, key
        assert "no luck" not in panel.text
    for key in ("crash", "lie", "sql"):
        assert (await scene.page.get(scene.ann.w(f"/widgets/{key}"))).status_code == 200, key
    told = await scene.api.get(f"/timeline/customer/{record}")
    assert told.status_code == 200
    assert "A thing was seen" in told.text
    assert (await scene.api.get("/planted/things")).status_code == 500
    bulk = await scene.page.post(
        scene.ann.w("/customers/bulk/crash"), data={"_csrf": scene.ann.csrf, "ids": record}
    )
    assert bulk.status_code < 500
    odd = await scene.page.get(scene.ann.w("/customers?f=planted.odd:eq:x"))
    assert odd.status_code == 422
    assert (await scene.page.get(scene.ann.w("/customers/conditions/planted.odd"))).status_code == 200
    shown = await look(
        scene.runtime, replace(scene.ann.principal, tenant=await scene.runtime.tenant(scene.ann.tenant.id))
    )
    assert not {"crash", "hang", "lie", "sql"} & set(shown)
    for check in scene.runtime.registry.items(specs.Check):
        if check.plugin == "planted":
            assert "planted" in (await declared_result(scene.runtime, check)).problems[0]
