"""Boats in a tenant, and people who see some of them."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import event
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from core.access.models import Member
from core.access.policy import Policy
from core.ext.registry import Registry
from core.kernel.clock import FrozenClock
from core.kernel.i18n import translator
from core.tenancy.ctx import Actor, Ctx
from core.tenancy.db import TenantSession
from core.tenancy.directory import Tenant
from core.tenancy.settings import DatabaseSettings
from tests.core.records.toys import BOAT, YARD, Harbour

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


@pytest.fixture(scope="session")
def harbour(database_settings: DatabaseSettings, tenant: Tenant) -> None:
    """The toys' tables in the tenant's schema, made by an administrator."""
    with psycopg.connect(database_settings.admin_dsn()) as admin:
        admin.execute(f'SET LOCAL search_path TO "{tenant.schema}"')
        for table in Harbour.metadata.sorted_tables:
            admin.execute(str(CreateTable(table).compile(dialect=postgresql.dialect())))
            admin.execute(f'GRANT ALL ON "{table.name}" TO "{tenant.schema}"')


@pytest.fixture
async def ctx(harbour: None, session: TenantSession, tenant: Tenant) -> AsyncIterator[Ctx]:
    """Ann's transaction, rolled back at the end; she reaches everything."""
    people = [
        Member(id=ANN, name="Ann", email="ann@example.com", role="owner"),
        Member(id=BO, name="Bo", email="bo@example.com"),
        Member(id=CY, name="Cy", email="cy@example.com", active=False),
    ]
    session.add_all(people)
    await session.flush()
    actor = Actor(kind="member", member_id=ANN, name="Ann", grants=ALL)
    here = replace(tenant, currency="CNY")
    yield Ctx(
        tenant=here,
        actor=actor,
        session=session,
        machinery=Machinery(),
        timezone="Asia/Shanghai",  # type: ignore[arg-type]
    )


@pytest.fixture
def bo(ctx: Ctx) -> Ctx:
    """Bo in the same transaction; he reaches his own."""
    return replace(ctx, actor=Actor(kind="member", member_id=BO, name="Bo", grants=dict(OWN)))


@pytest.fixture
def statements(ctx: Ctx) -> Iterator[Callable[[], list[str]]]:
    """The statements since the last call."""
    seen: list[str] = []
    engine = ctx.session.bind.sync_engine  # type: ignore[union-attr]

    def note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    def taken() -> list[str]:
        found, seen[:] = seen[:], []
        return found

    event.listen(engine, "before_cursor_execute", note)
    yield taken  # type: ignore[misc]
    event.remove(engine, "before_cursor_execute", note)
