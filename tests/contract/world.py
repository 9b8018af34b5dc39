"""Two full workspaces, made the way people make them, that the contract tests attack and read."""

from __future__ import annotations

import json
from collections import defaultdict
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
from litestar import Litestar
from psycopg import sql
from sqlalchemy import select

from core import worker
from core.access.models import Member, Role
from core.ext.specs import RecordType
from core.runtime import Runtime
from core.tenancy.directory import Tenant
from tenants.accounts.authentication import COOKIE
from tenants.api_keys import service as keys
from tenants.marketplace import service as marketplace
from tenants.signup.schema import WorkspaceIn
from tenants.signup.service import create_workspace
from tests.contract.routes import API, Call, calls
from tests.contract.samples import sample
from tests.fixtures.people import BASE, Person, hire

NOBODY = "nobody"
NAMES = {"owner": "陈晓燕", "member": "赵敏", "readonly": "林雪", NOBODY: "周涛"}
ROWS = 60
ROUNDS = 4
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY 1"


@dataclass
class Side:
    """One workspace with its people and the ids of what is in it, by record type, table and address."""

    tenant: Tenant
    people: dict[str, Person] = field(default_factory=dict)
    ids: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def owner(self) -> Person:
        """Who may do everything."""
        return self.people["owner"]

    def know(self, name: str, found: object) -> None:
        """Remember the id of a row."""
        if isinstance(found, str) and found not in self.ids[name]:
            self.ids[name].append(found)


@dataclass
class World:
    """The application and the two sides."""

    runtime: Runtime
    app: Litestar
    calls: list[Call]
    ours: Side
    theirs: Side
    stack: AsyncExitStack

    async def client(self, **options: Any) -> httpx.AsyncClient:
        """A client of the application, closed with the world."""
        options.setdefault("base_url", BASE)
        transport = httpx.ASGITransport(app=self.app)
        return await self.stack.enter_async_context(httpx.AsyncClient(transport=transport, **options))

    def checksum(self, side: Side) -> dict[str, bytes]:
        """What every table of a side holds, as text."""
        found = {}
        with psycopg.connect(self.runtime.databases.settings.admin_dsn()) as admin:
            for (table,) in admin.execute(TABLES, [side.tenant.schema]).fetchall():
                name = sql.Identifier(side.tenant.schema, table)
                digest = sql.SQL(
                    "SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {} t"
                )
                row = admin.execute(digest.format(name)).fetchone()
                found[table] = row[0] if row else ""
        return found


async def make(runtime: Runtime, app: Litestar, stack: AsyncExitStack) -> World:
    """Make both workspaces and fill them through the API."""
    sides = []
    for slug, name, locale in (("north", "Northwind", "en"), ("south", "南方商行", "zh_CN")):
        wanted = WorkspaceIn(slug=slug, name=name, locale=locale, currency="CNY", timezone="Asia/Shanghai")
        sides.append(Side(await create_workspace(runtime, wanted)))
    world = World(runtime, app, calls(app), *sides, stack)
    for side in sides:
        await switch_on(world, side)
        await populate(world, side)
        await fill(world, side)
    return world


async def switch_on(world: World, side: Side) -> None:
    """Give a workspace every module that it can take."""
    runtime = world.runtime
    for module in runtime.registry.modules.values():
        if module.manifest.kind == "optional":
            async with runtime.control() as control:
                await marketplace.enable(control, side.tenant, module.key)
    await worker.drain(runtime)
    runtime.directory.forget(side.tenant.id)
    side.tenant = await runtime.tenant(side.tenant.id)


async def populate(world: World, side: Side) -> None:
    """Hire an owner, one of each other role, and somebody who may do nothing."""
    async with world.runtime.open(side.tenant) as ctx:
        none = dict.fromkeys(world.runtime.registry.permissions, "none")
        ctx.session.add(Role(key=NOBODY, name="无", grants=none))
    for role in ("owner", "member", "readonly", NOBODY):
        person = await hire(world.runtime, side.tenant, f"{role}-{side.tenant.slug}", role)
        person.page = await world.client(cookies={COOKIE: person.token})
        bearer = {"Authorization": f"Bearer {person.key}"}
        person.api = await world.client(base_url=f"{BASE}{API}", headers=bearer)
        side.people[role] = person
        async with world.runtime.open(side.tenant) as ctx:
            member = await ctx.session.get_one(Member, person.member_id)
            member.name = NAMES[role]
        side.know("member", str(person.member_id))
        side.know("members", str(person.member_id))


async def key(world: World, person: Person, *scopes: str, days: int = 1) -> str:
    """Give a person one more key; with ``days`` below zero it has expired."""
    wanted = keys.KeyIn(
        tenant_id=person.tenant.id,
        member_id=person.member_id,
        name="one more",
        scopes=sorted(scopes),
        expires_at=datetime.now(UTC) + timedelta(days=days),
    )
    async with world.runtime.control() as control:
        text, _ = await keys.issue(control, wanted)
    return text


async def fill(world: World, side: Side) -> None:
    """Create one of everything that the API can create, then more rows of every record type."""
    await _note_seeds(world, side)
    makers = [call for call in world.calls if call.is_api and call.method == "POST" and not call.places]
    makers = [call for call in makers if call.body is not None and call.handler.status_code == 201]
    for _ in range(ROUNDS):
        for call in list(makers):
            if await _create(side, call):
                makers.remove(call)
    for type_ in world.runtime.registry.records.values():
        await _more(world, side, type_)
    await _note_tables(world, side)


async def _note_seeds(world: World, side: Side) -> None:
    for call in world.calls:
        if call.is_api and call.is_guarded and call.method == "GET" and not call.places:
            answer = await side.owner.api.get(call.template.removeprefix(API))
            data = answer.json().get("data") if answer.status_code == 200 else None
            for row in data if isinstance(data, list) else ():
                side.know(call.template.removeprefix(API).strip("/"), row.get("id"))
    await _note_tables(world, side)


async def _create(side: Side, call: Call) -> bool:
    path = call.template.removeprefix(API)
    assert call.body is not None
    for full in (True, False):
        answer = await side.owner.api.post(path, json=sample(call.body, side.ids, full=full))
        if answer.status_code == 201:
            found = answer.json()
            side.failed.pop(str(call), None)
            side.know(path.strip("/"), found.get("id"))
            side.know(_key_of(path), found.get("id"))
            return True
    side.failed[str(call)] = answer.text
    return False


def _key_of(path: str) -> str:
    """The singular of an address, as fields name what they refer to."""
    return path.strip("/").rpartition("/")[2].removesuffix("s")


async def _more(world: World, side: Side, type_: RecordType) -> None:
    path = below(world.runtime, type_)
    side.ids[type_.key] = side.ids.pop(path.strip("/"), side.ids[type_.key])
    rows = "\n".join(json.dumps(sample(type_.create, side.ids, full=True)) for _ in range(ROWS))
    answer = await side.owner.api.post(f"{path}/bulk", content=rows)
    made = answer.json().get("results", ()) if answer.status_code == 200 else ()
    for row in made:
        side.know(type_.key, row.get("id"))
    side.ids[path.strip("/")] = side.ids[type_.key]
    if sum(row["status"] == "created" for row in made) < ROWS:
        side.failed[f"POST {path}/bulk"] = answer.text[:2000]


async def _note_tables(world: World, side: Side) -> None:
    """Know a few ids of every table that has such a column, by the table's name."""
    with psycopg.connect(world.runtime.databases.settings.admin_dsn()) as admin:
        question = (
            "SELECT table_name FROM information_schema.columns WHERE table_schema = %s "
            "AND column_name = 'id' AND udt_name = 'uuid' ORDER BY 1"
        )
        for (table,) in admin.execute(question, [side.tenant.schema]).fetchall():
            name = sql.Identifier(side.tenant.schema, table)
            for (id_,) in admin.execute(sql.SQL("SELECT id FROM {} LIMIT 3").format(name)).fetchall():
                side.know(table, str(id_))


def below(runtime: Runtime, type_: RecordType) -> str:
    """The address of a record type under the API and under a workspace."""
    return f"{runtime.registry.below(type_.plugin)}/{type_.path}"


async def rows_of(world: World, side: Side, model: type[Any]) -> list[Any]:
    """All rows of a table."""
    async with world.runtime.open(side.tenant, readonly=True) as ctx:
        return list(await ctx.session.scalars(select(model)))
