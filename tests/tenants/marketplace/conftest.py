"""A module of an installed distribution that uses every stage of its life, and a process that has it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from functools import cached_property

import httpx
import psycopg
import pytest
from litestar import Litestar

from core.app import create_app
from core.ext.registry import Registry
from core.runtime import Runtime
from core.tenancy.directory import Tenant, TenantPlugin
from core.tenancy.settings import DatabaseSettings
from core.worker import drain
from tenants.accounts.authentication import COOKIE
from tests.fixtures.people import BASE, Cast, Person
from tests.fixtures.planted import Plant
from tests.fixtures.restore import Restore

MODELS = """
from core.sdk import Base, Mapped, Row

class Point(Row, Base):
    __tablename__ = "loyalty_point"
    name: Mapped[str]
    points: Mapped[int]
"""
PLUGIN = """
from typing import Annotated
import msgspec
from core.sdk import Ctx, Secret, select
from planted_loyalty.models import Point

class Settings(msgspec.Struct, frozen=True, kw_only=True):
    rate: Annotated[int, msgspec.Meta(ge=1, le=100, title="Points per sale")] = 3
    greeting: Annotated[str, msgspec.Meta(max_length=50, title="Greeting")] = ""
    token: Annotated[Secret, msgspec.Meta(title="Token")] = ""

async def earn(ctx, event):
    ctx.session.add(Point(name=f"event {event.label}", points=ctx.settings("loyalty").rate))

@hookimpl
def crm_settings():
    return Settings

@hookimpl
def crm_subscriptions():
    return [Subscription(event="customer.created", name="earn", handler=earn)]

@hookimpl
async def crm_install(ctx):
    ctx.session.add(Point(name="installed", points=0))

@hookimpl
async def crm_upgrade(ctx, from_version):
    ctx.session.add(Point(name=f"upgraded from {from_version}", points=0))

@hookimpl
async def crm_uninstall(ctx, keep_data):
    ctx.session.add(Point(name="last words", points=0))
"""


@dataclass
class Shop:
    """A process with planted modules, and what tests ask of it."""

    runtime: Runtime
    settings: DatabaseSettings
    tenant: Tenant
    cast: Cast

    @cached_property
    def app(self) -> Litestar:
        """The process's application, for those who ask it."""
        return create_app(self.runtime)

    def use(self, registry: Registry) -> None:
        """Go on as a process that starts with these modules."""
        self.runtime = replace(self.runtime, registry=registry, _parts={})
        self.__dict__.pop("app", None)

    async def drain(self) -> None:
        """Run all that waits, in the tenants and in the control plane."""
        await drain(self.runtime)

    async def row(self, plugin: str = "loyalty") -> TenantPlugin | None:
        """The module's row."""
        async with self.runtime.control() as control:
            return await control.session.get(TenantPlugin, (self.tenant.id, plugin))

    async def state(self, plugin: str = "loyalty") -> str:
        """The module's state."""
        row = await self.row(plugin)
        return row.state if row else ""

    def tables(self, prefix: str = "%loyalty%", tenant: Tenant | None = None) -> set[str]:
        """The module's tables, version tables included."""
        with psycopg.connect(self.settings.admin_dsn()) as admin:
            found = admin.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = %s AND tablename LIKE %s",
                [(tenant or self.tenant).schema, prefix],
            )
            return {row[0] for row in found}

    def points(self) -> list[str]:
        """What the module wrote, oldest first."""
        with psycopg.connect(self.settings.admin_dsn()) as admin:
            query = f"SELECT name FROM {self.tenant.schema}.loyalty_point ORDER BY created_at, id"
            return [row[0] for row in admin.execute(query.encode())]

    async def now(self) -> Tenant:
        """The tenant as every process sees it a second later."""
        self.runtime.directory.forget()
        return await self.runtime.tenant(self.tenant.id)


@pytest.fixture
async def shop(
    runtime: Runtime, plant: Plant, cast: Cast, database_settings: DatabaseSettings, committing: Restore
) -> AsyncIterator[Shop]:
    """A process that has the module."""
    registry: Registry = plant("loyalty", {"models.py": MODELS, "plugin.py": PLUGIN})
    assert not registry.modules["loyalty"].error, registry.modules["loyalty"].error
    mine = replace(runtime, registry=registry, _parts={})
    made = Shop(mine, database_settings, cast.people["ann"].tenant, cast)
    yield made
    runtime.directory.forget()
    with psycopg.connect(database_settings.admin_dsn()) as admin:
        for table in made.tables():
            admin.execute(f"DROP TABLE {made.tenant.schema}.{table}".encode())


@pytest.fixture
async def owner(shop: Shop) -> AsyncIterator[Person]:
    """Ann, at the process that has the module."""
    ann = shop.cast.people["ann"]
    transport = httpx.ASGITransport(app=shop.app)
    async with (
        httpx.AsyncClient(transport=transport, base_url=BASE, cookies={COOKIE: ann.token}) as page,
        httpx.AsyncClient(
            transport=transport,
            base_url=f"{BASE}/api/v1",
            headers={"Authorization": f"Bearer {ann.key}"},
        ) as api,
    ):
        ann.page, ann.api = page, api
        yield ann


Drain = Callable[[], Awaitable[None]]
