"""Sessions: in one tenant, in the control schema, in a cell.

Owns the engines of a process. Emits nothing. Never commits by itself: a unit that is left without
``commit()`` is rolled back.
"""

import asyncio
from typing import Any

import asyncpg
import msgspec
from sqlalchemy import ExceptionContext, event, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.util import await_only

from core.kernel.errors import Unavailable
from core.kernel.turns import turn_held
from core.tenancy.connection import NotEntered, Opening, TenantConnection
from core.tenancy.directory import Tenant
from core.tenancy.pools import Budget, SharedPool
from core.tenancy.settings import DatabaseSettings
from core.tenancy.unit import TenantSession, Unit, driver_of

CONNECT_S = 5.0
"""A server that says nothing so long is away; a request is better told so than kept waiting."""


class Databases:
    """Every database of the installation, as one process uses them."""

    def __init__(self, settings: DatabaseSettings) -> None:
        self.settings = settings
        self.budget = Budget(settings.connections, share=settings.tenant_share, wait_s=settings.wait_s)
        self._control_budget = Budget(settings.control_connections, wait_s=settings.wait_s)
        self._worker_budget = Budget(settings.worker_connections, wait_s=settings.wait_s)
        self._engines: dict[tuple[str, str | None], AsyncEngine] = {}

    @property
    def budgets(self) -> tuple[Budget, ...]:
        """The budgets of the process: the requests' and jobs', the control plane's and the relay's."""
        return self.budget, self._control_budget, self._worker_budget

    async def start(self) -> None:
        """Fail when the control database does not answer, after the time that a restart of it takes."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.settings.start_s
        while not await self.is_ready():
            if loop.time() > deadline:
                async with self.control(readonly=True) as unit:
                    await unit.session.execute(select(1))
            await asyncio.sleep(0.2)

    async def is_ready(self) -> bool:
        """Whether the control database answers now."""
        try:
            async with asyncio.timeout(2), self.control(readonly=True) as unit:
                await unit.session.execute(select(1))
        except (OSError, TimeoutError, DBAPIError, asyncpg.PostgresError, Unavailable):
            return False
        return True

    async def close(self) -> None:
        """Close every idle connection; those in use close as their units end."""
        engines, self._engines = self._engines, {}
        for engine in engines.values():
            await engine.dispose()

    def tenant(
        self, tenant: Tenant, *, readonly: bool = False, statement_timeout_ms: int | None = None
    ) -> Unit:
        """Open one transaction in a tenant's schema, with the tenant's role and no other right."""
        role = self.settings.slice_role(tenant.cell, tenant.slice)
        opening = self._opening(tenant.schema, readonly, statement_timeout_ms)
        return Unit(self._engine(role, tenant.cell, self.budget), self.budget, tenant.id, opening)

    def control(self, *, readonly: bool = False, statement_timeout_ms: int | None = None) -> Unit:
        """Open one transaction in the control schema."""
        budget = self._control_budget
        engine = self._engine(self.settings.control, None, budget)
        return Unit(engine, budget, object(), self._opening(None, readonly, statement_timeout_ms))

    def cell(self, cell: str, *, readonly: bool = False, statement_timeout_ms: int | None = None) -> Unit:
        """Open one transaction in a cell's own schema with the worker's rights."""
        budget = self._worker_budget
        engine = self._engine(self.settings.migrate, cell, budget)
        return Unit(engine, budget, object(), self._opening(None, readonly, statement_timeout_ms))

    def owner_dsn(self, cell: str | None = None) -> str:
        """Address for psycopg as the role that may become the owner (migrations, provisioning, tools)."""
        return self.settings.dsn(self.settings.migrate, cell)

    def cells(self) -> tuple[str, ...]:
        """Names of the cells."""
        return tuple(self.settings.cell_urls())

    def _opening(self, role: str | None, readonly: bool, statement_timeout_ms: int | None) -> Opening:
        return Opening(
            role=role,
            readonly=readonly,
            statement_timeout_ms=statement_timeout_ms or self.settings.statement_timeout_ms,
            lock_timeout_ms=self.settings.lock_timeout_ms,
        )

    def _engine(self, role: str, cell: str | None, budget: Budget) -> AsyncEngine:
        engine = self._engines.get((role, cell))
        if engine is None:
            engine = self._engines[role, cell] = self._create(role, cell, budget)
        return engine

    def _create(self, role: str, cell: str | None, budget: Budget) -> AsyncEngine:
        settings = self.settings
        dsn = settings.dsn(role, cell)

        async def connect(*_args: Any, **_options: Any) -> asyncpg.Connection:
            try:
                return await asyncpg.connect(
                    dsn,
                    timeout=CONNECT_S,
                    connection_class=TenantConnection,
                    statement_cache_size=settings.statement_cache,
                    server_settings={
                        "application_name": "guanxi",
                        "jit": "off",
                        "idle_in_transaction_session_timeout": str(settings.idle_timeout_ms),
                        "timezone": "UTC",
                    },
                )
            except OSError as error:
                # Nobody listens, or the server's socket file is not there while it starts again.
                raise Unavailable(retry_after_s=1) from error

        engine = create_async_engine(
            "postgresql+asyncpg://",
            poolclass=SharedPool,
            json_serializer=_json,
            json_deserializer=msgspec.json.decode,
            budget=budget,
            max_age_s=settings.max_age_s,
            max_tenants=settings.max_tenants,
            connect_args={
                "async_creator_fn": connect,
                "prepared_statement_cache_size": settings.statement_cache,
            },
        )
        event.listen(engine.sync_engine, "before_cursor_execute", _give_way)
        event.listen(engine.sync_engine, "handle_error", _spare)
        return engine


def _give_way(*_statement: object) -> None:
    """Before each statement of work that can wait, others go first."""
    turns = turn_held()
    if turns is not None:
        await_only(turns.breathe())


def _spare(failure: ExceptionContext) -> None:
    """Keep a connection on which only a part was ended: the driver cancels the statement, the savepoint undoes it."""
    connection = failure.connection
    is_ended = isinstance(failure.original_exception, asyncio.CancelledError)
    if is_ended and connection is not None and connection.in_nested_transaction():
        failure.is_disconnect = False


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


__all__ = ["Databases", "NotEntered", "TenantSession", "Unit", "driver_of"]
