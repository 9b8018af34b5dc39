"""Modules of other people that crash, hang and lie at work: no page of ours fails, and each failing part is named.

Each is written as a distribution of its own and switched on for Acme.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import pytest

from core.cli import doctor
from core.ext import specs
from core.web.live import look
from tenants.accounts.authentication import COOKIE
from tests.fixtures.scene import Planted, Scene

FUNCTIONS = """
from sqlalchemy import text

async def crash(*args, **kwargs): raise ValueError("no luck")
async def hang(*args, **kwargs): await asyncio.sleep(60)
async def lie(*args, **kwargs): return 7
async def sql(ctx, *args): await ctx.session.execute(text("SELECT * FROM no_such_table"))
async def stall(ctx, *args):
    n = "generate_series(1, 30000)"
    await ctx.session.execute(text(f"SELECT count(*) FROM {n} AS a, {n} AS b"))
def told(*args): raise ValueError("no luck")
def lying(*args): return 7
def spin(*args, **kwargs): time.sleep(60)
"""


@dataclass(frozen=True)
class Group:
    """Parts that are declared together, where each must be said to have failed, and how they are met."""

    text: str
    places: tuple[str, ...]
    visit: Callable[[Scene, str], Awaitable[None]]


def places(kind: str, *keys: str) -> tuple[str, ...]:
    return tuple(f"{kind} {key}" for key in keys)


CARDS = """
@hookimpl
def crm_panels():
    given = dict(slot="customer.side", timeout_ms=300)
    odd = (crash, hang, sql)
    unsure = [Panel(key=f"unsure-{f.__name__}", title="x", render=lie, is_wanted=f, **given) for f in odd]
    return unsure + [Panel(key=f.__name__, title="x", render=f, **given) for f in (crash, hang, stall, lie, sql)]
@hookimpl
def crm_widgets():
    return [Widget(key=f.__name__, title=f.__name__, render=f) for f in (crash, hang, stall, lie, sql)]
"""


async def cards_fail_alone(scene: Scene, record: str) -> None:
    show = await scene.page.get(scene.ann.w(f"/customers/{record}"))
    assert show.status_code == 200
    assert "/side/crash" in show.text
    assert "unsure" not in show.text
    for key in ("crash", "hang", "stall", "lie", "sql"):
        panel = await scene.page.get(scene.ann.w(f"/panels/customer/{record}/side/{key}"))
        assert panel.status_code == 200, key
        assert "no luck" not in panel.text
        assert (await scene.page.get(scene.ann.w(f"/widgets/{key}"))).status_code == 200, key


SHELL = """
def line(ctx, principal): raise ValueError("no luck")
@hookimpl
def crm_steps():
    return [Step(key=f.__name__, title=f.__name__, url="/x", is_done=f) for f in (crash, hang, stall, sql)]
@hookimpl
def crm_live(): return [LivePart(key=f.__name__, render=f) for f in (crash, hang, stall, lie, sql)]
@hookimpl
def crm_banners(): return [Banner(key=f.__name__, render=f) for f in (line, spin, lying)]
@hookimpl
def crm_nav(): return [Nav(key="planted", title="Planted", icon="puzzle", url="/planted/nowhere", group="apps")]
@hookimpl
def crm_checks(): return [Check(key=f"planted {f.__name__}", title="x", run=f) for f in (crash, hang, lie)]
"""


async def the_shell_stands(scene: Scene, record: str) -> None:
    principal = replace(scene.ann.principal, tenant=await scene.runtime.tenant(scene.ann.tenant.id))
    shown = await look(scene.runtime, principal)
    assert shown
    assert not {"crash", "hang", "stall", "lie", "sql"} & set(shown)
    for check in scene.runtime.registry.items(specs.Check):
        if check.plugin == "planted":
            assert "planted" in (await doctor.declared_result(scene.runtime, check)).problems[0]


LISTS = """
@hookimpl
def crm_actions():
    given = dict(title="x", icon="x", record_type="customer")
    return [Action(key=f.__name__, run=f, **given) for f in (crash, hang, stall, sql)]
@hookimpl
def crm_filters():
    made = {"crash": (told, crash), "hang": (spin, hang), "stall": (told, stall), "lie": (lying, lie)}
    given = dict(title="Odd", record_type="customer")
    return [Filter(key=key, condition=c, choices=f, **given) for key, (c, f) in made.items()]
"""


async def lists_go_on(scene: Scene, record: str) -> None:
    for key in ("crash", "hang", "stall", "sql"):
        form = {"_csrf": scene.ann.csrf, "ids": record}
        bulk = await scene.page.post(scene.ann.w(f"/customers/bulk/{key}"), data=form)
        assert bulk.status_code < 400, key
    for key in ("crash", "hang", "stall", "lie"):
        odd = await scene.page.get(scene.ann.w(f"/customers?f=planted.{key}:eq:x"))
        assert odd.status_code == 422, key
        offered = await scene.page.get(scene.ann.w(f"/customers/conditions/planted.{key}"))
        assert offered.status_code == 200, key


LATER = """
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

@hookimpl
def crm_events(): return [Seen, Heard, Said]
@hookimpl
def crm_timeline():
    made = {"seen": told, "heard": spin, "said": lying}
    return [TimelineKind(event=f"planted.thing.{key}", icon="eye", summary=f) for key, f in made.items()]
@hookimpl
def crm_jobs():
    given = dict(params=Params, retries=0, timeout_s=0.3)
    return [JobSpec(name=f"planted.{f.__name__}", handler=f, **given) for f in (crash, hang)]
@hookimpl
def crm_subscriptions():
    return [Subscription(event="customer.created", name=f.__name__, handler=f) for f in (crash, hang)]
"""


async def work_goes_on(scene: Scene, record: str) -> None:
    runtime = scene.runtime
    async with runtime.open(await runtime.tenant(scene.ann.tenant.id)) as ctx:
        for key in ("seen", "heard", "said"):
            event = runtime.registry.events[f"planted.thing.{key}"]
            ctx.emit(event(subject_id=record, label="Acme Trading"))
        for key in ("crash", "hang"):
            ctx.enqueue(f"planted.{key}", runtime.registry.jobs[f"planted.{key}"].params())
    await scene.drain()
    told = await scene.api.get(f"/timeline/customer/{record}")
    assert told.status_code == 200
    assert all(f"A thing was {what}" in told.text for what in ("seen", "heard", "said"))


ROUTES = """
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
"""


async def routes_fail_alone(scene: Scene, record: str) -> None:
    for path, status in (("", 500), ("/slow", 504), ("/odd", 500)):
        assert (await scene.api.get(f"/planted/things{path}")).status_code == status, path


PEOPLE = """
@hookimpl
def crm_personal_data():
    made = {"crash": crash, "hang": hang, "stall": stall, "lie": lie, "sql": sql}
    # Our own modules have no more time than these: what takes all of it is asked once.
    does = {"crash": crash, "hang": crash, "stall": sql, "lie": lie, "sql": sql}
    return [
        PersonalData(key=f"planted_{key}", title=key, export=f, erase=does[key], restrict=does[key])
        for key, f in made.items()
    ]
"""


async def people_can_be_forgotten(scene: Scene, record: str) -> None:
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


SEEDS = """
@hookimpl
async def crm_seed(ctx): raise ValueError("no luck")
@hookimpl
async def crm_demo(ctx, rng): raise ValueError("no luck")
"""


async def signups_go_on(scene: Scene, record: str) -> None:
    scene.page.cookies.clear()
    values = {"name": "New", "email": "new@new.test", "password": "correct horse battery", "workspace": "New"}
    begun = await scene.page.post("/signup", data={**values, "_key": "planted", "timezone": "Europe/Berlin"})
    assert begun.status_code == 303, begun.text[-500:]
    scene.page.cookies.clear()
    scene.page.cookies.set(COOKIE, scene.ann.token)


GROUPS = {
    "cards": Group(
        CARDS,
        places("panel", "crash", "hang", "stall", "lie", "sql", "unsure-crash", "unsure-hang", "unsure-sql")
        + places("widget", "crash", "hang", "stall", "lie", "sql"),
        cards_fail_alone,
    ),
    "shell": Group(
        SHELL,
        places("step", "crash", "hang", "stall", "sql")
        + places("live part", "crash", "hang", "stall", "lie", "sql")
        + places("banner", "line", "spin", "lying"),
        the_shell_stands,
    ),
    "lists": Group(
        LISTS,
        places("action", "crash", "hang", "stall", "sql") + places("filter", "crash", "hang", "stall", "lie"),
        lists_go_on,
    ),
    "later": Group(
        LATER,
        places("timeline kind", "planted.thing.seen", "planted.thing.heard", "planted.thing.said")
        + places("job", "planted.crash", "planted.hang", "planted:crash", "planted:hang"),
        work_goes_on,
    ),
    "routes": Group(
        ROUTES,
        places("GET", *(f"/api/v1/planted/things{path}" for path in ("", "/slow", "/odd"))),
        routes_fail_alone,
    ),
    "people": Group(
        PEOPLE,
        places("personal data", *(f"planted_{key}" for key in ("crash", "hang", "stall", "lie", "sql"))),
        people_can_be_forgotten,
    ),
    "seeds": Group(SEEDS, (), signups_go_on),
}


@pytest.mark.parametrize("name", sorted(GROUPS))
async def test_a_module_that_fails_at_work_fails_alone_and_is_named(
    planted: Planted, hurried: None, name: str
) -> None:
    group = GROUPS[name]
    scene = await planted(FUNCTIONS + group.text)
    assert not scene.runtime.registry.modules["planted"].error
    made = await scene.api.post("/customers", json={"name": "Acme Trading"})
    await scene.core_pages_work()
    await group.visit(scene, made.json()["id"])
    await scene.core_pages_work()
    await scene.names(*group.places)
