"""Boats in a tenant, and people who see some of them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from litestar import Litestar
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from core.access.models import Member
from core.access.policy import Policy
from core.app import create_app
from core.ext.registry import Registry, load
from core.kernel.clock import FrozenClock
from core.kernel.i18n import translator
from core.runtime import Runtime
from core.tenancy.ctx import Actor, Ctx
from core.tenancy.db import TenantSession
from core.tenancy.directory import Tenant
from core.tenancy.settings import DatabaseSettings
from tenants.accounts.authentication import COOKIE
from tenants.api_keys.service import KeyIn, issue
from tests.core.records.toys import BOAT, PERMISSIONS, YARD, BoatEvent, Harbour
from tests.fixtures.people import BASE, Cast, Person
from tests.fixtures.restore import Restore

NOW = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)
ANN, BO, CY = (UUID(int=n) for n in (1, 2, 3))
ALL = {
    f"{area}.{action}": "all"
    for area in ("boats", "yards")
    for action in ("view", "edit", "create", "delete")
}
OWN = dict.fromkeys(ALL, "own")


@dataclass
class Machinery:
    """What a context borrows, without the composition root."""

    registry: Registry = field(default_factory=lambda: Registry(records={BOAT.key: BOAT, YARD.key: YARD}))
    clock: FrozenClock = field(default_factory=lambda: FrozenClock(NOW))
    policy: Policy = field(default_factory=Policy)

    def translator(self, locale: str) -> Any:
        return translator(locale)

    def part(self, kind: type[Any], make: Callable[[], Any]) -> Any:
        return make()


@pytest.fixture(scope="session")
def harbour(database_settings: DatabaseSettings, tenant: Tenant, other_tenant: Tenant) -> None:
    """The toys' tables in both tenants' schemas, made by an administrator."""
    for schema in (tenant.schema, other_tenant.schema):
        with psycopg.connect(database_settings.admin_dsn()) as admin:
            admin.execute(f'SET LOCAL search_path TO "{schema}"')
            for table in Harbour.metadata.sorted_tables:
                admin.execute(str(CreateTable(table).compile(dialect=postgresql.dialect())))
                for index in table.indexes:
                    admin.execute(str(CreateIndex(index).compile(dialect=postgresql.dialect())))
                admin.execute(f'GRANT ALL ON "{table.name}" TO "{schema}"')


@pytest.fixture
async def ctx(harbour: None, session: TenantSession, tenant: Tenant) -> Ctx:
    """Ann's transaction, rolled back at the end; she reaches everything."""
    people = [
        Member(id=ANN, name="Ann", email="ann@example.com", role="owner"),
        Member(id=BO, name="Bo", email="bo@example.com"),
        Member(id=CY, name="Cy", email="cy@example.com", active=False),
    ]
    session.add_all(people)
    await session.flush()
    return _acting(session, replace(tenant, currency="CNY"), ANN, ALL)


@pytest.fixture
def bo(ctx: Ctx) -> Ctx:
    """Bo in the same transaction; he reaches his own."""
    return _acting(ctx.session, ctx.tenant, BO, dict(OWN))


def _acting(session: Any, tenant: Tenant, member_id: UUID, grants: dict[str, str]) -> Ctx:
    actor = Actor(kind="member", member_id=member_id, grants=grants, timezone="Asia/Shanghai")
    return Ctx(tenant, actor, session, Machinery())  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def harbour_runtime(harbour: None, runtime: Runtime) -> Runtime:
    """The process with the toys among its record types."""
    registry = load()
    registry.records |= {BOAT.key: BOAT, YARD.key: YARD}
    for item in PERMISSIONS:
        registry.permissions[item.name] = item
    registry.events[BoatEvent.name] = BoatEvent
    return replace(runtime, registry=registry, _actors=type(runtime._actors)())


@pytest.fixture(scope="session")
def harbour_app(harbour_runtime: Runtime) -> Litestar:
    """The web application with the toys mounted; they belong to the machinery's own module."""
    return create_app(harbour_runtime)


@pytest.fixture
async def crew(
    harbour_app: Litestar, harbour_runtime: Runtime, cast: Cast, committing: Restore
) -> AsyncIterator[Callable[[str], Awaitable[Person]]]:
    """People of the cast with clients of the toys' application, and keys for boats."""
    async with AsyncExitStack() as stack:

        async def join(name: str, *scopes: str) -> Person:
            person = replace(cast.people[name], runtime=harbour_runtime)
            transport = httpx.ASGITransport(app=harbour_app)
            person.page = await stack.enter_async_context(
                httpx.AsyncClient(transport=transport, base_url=BASE, cookies={COOKIE: person.token})
            )
            async with harbour_runtime.control() as control:
                wanted = KeyIn(
                    tenant_id=person.tenant.id,
                    member_id=person.member_id,
                    name="boats",
                    scopes=scopes or ("boats:write", "yards:write", "views:write"),
                )
                key, _ = await issue(control, wanted)
            person.api = await stack.enter_async_context(
                httpx.AsyncClient(
                    transport=transport,
                    base_url=f"{BASE}/api/v1",
                    headers={"Authorization": f"Bearer {key}"},
                )
            )
            return person

        yield join
