"""The directory of tenants.

Owns ``control.tenant`` and ``control.tenant_plugin`` and their cached reading. Emits nothing.
Never opens a tenant's schema.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

from msgspec import structs
from sqlalchemy import (
    ForeignKey,
    Index,
    Integer,
    Row,
    SmallInteger,
    Text,
    Uuid,
    bindparam,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from core.kernel.db import ControlBase, Mapped, mapped_column, utc_now
from core.kernel.ids import uuid7
from core.kernel.statements import Statement

FRESH_S: Final = 0.9
"""How long a reading is served unchecked: what one process changes, every other sees within a second."""

_REMEMBERED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Tenant:
    """What a process knows of a tenant at one revision of the directory.

    ``readonly``: nothing but what needs no payment may be written. ``limits``: how many of a thing the workspace may
    have; what is not named is not limited. ``notices``: what its members are told above every page, by code.
    """

    id: UUID
    slug: str
    name: str
    schema: str
    cell: str = "main"
    slice: int = 0
    state: str = "active"
    revision: int = 1
    locale: str = "en"
    timezone: str = "UTC"
    currency: str = "USD"
    country: str = "US"
    plugins: frozenset[str] = frozenset()
    sandbox_of: UUID | None = None
    key: bytes = b""
    readonly: bool = False
    limits: Mapping[str, int] = field(default_factory=dict, hash=False)
    notices: Mapping[str, str] = field(default_factory=dict, hash=False)
    options: Mapping[str, Any] = field(default_factory=dict, compare=False)
    """What modules are set to, by module: a pair of plain and of sealed values."""


OWN_COLUMNS: Final = tuple(name for name in Tenant.__dataclass_fields__ if name not in {"plugins", "options"})
"""What of a tenant stands in its own row."""


class TenantRow(ControlBase):
    """A schema and, once claimed, the workspace that lives in it.

    States: ``free`` (in the warm pool), ``active``, ``suspended``, ``deleting`` (until ``delete_after``).
    """

    __tablename__ = "tenant"
    __table_args__ = (
        Index("ix_tenant_free", "id", postgresql_where=text("state = 'free'")),
        Index("ix_tenant_sandbox_of", "sandbox_of", postgresql_where=text("sandbox_of IS NOT NULL")),
        Index("ix_tenant_delete_after", "delete_after", postgresql_where=text("state = 'deleting'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    slug: Mapped[str | None] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(server_default="")
    schema: Mapped[str] = mapped_column(unique=True)
    cell: Mapped[str]
    slice: Mapped[int] = mapped_column(SmallInteger())
    state: Mapped[str] = mapped_column(server_default="free")
    revision: Mapped[int] = mapped_column(Integer(), server_default=text("1"))
    locale: Mapped[str] = mapped_column(server_default="en")
    timezone: Mapped[str] = mapped_column(server_default="UTC")
    currency: Mapped[str] = mapped_column(server_default="USD")
    country: Mapped[str] = mapped_column(server_default="US")
    sandbox_of: Mapped[UUID | None] = mapped_column(ForeignKey("control.tenant.id"))
    key: Mapped[bytes]
    readonly: Mapped[bool] = mapped_column(server_default=text("false"))
    limits: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'"))
    notices: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now, server_default=text("now()"))
    claimed_at: Mapped[datetime | None]
    delete_after: Mapped[datetime | None]


class FormerSlug(ControlBase):
    """An address that a workspace had: it leads to the present one ``until`` then, and nobody else may take it."""

    __tablename__ = "former_slug"
    __table_args__ = (Index("ix_former_slug_tenant", "tenant_id"),)

    slug: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("control.tenant.id"))
    until: Mapped[datetime]


class TenantPlugin(ControlBase):
    """A module that a tenant has, or had.

    States: ``enabling``, ``enabled``, ``disabled``, ``uninstalling``, ``uninstalled`` and ``failed``, which says in
    ``problem`` what went wrong. ``operation_id`` is the latest wish; work that carries out an earlier one stops.
    ``version`` is that of the module when it was last switched on, empty before; ``disabled_at`` since when it
    misses events; ``archive`` what it left when it was removed.
    """

    __tablename__ = "tenant_plugin"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("control.tenant.id"), primary_key=True)
    plugin: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(server_default="installed")
    version: Mapped[str] = mapped_column(server_default="")
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'"))
    secrets: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'"))
    operation_id: Mapped[UUID | None]
    problem: Mapped[str] = mapped_column(server_default="")
    disabled_at: Mapped[datetime | None]
    archive: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(default=utc_now, server_default=text("now()"))
    updated_at: Mapped[datetime] = mapped_column(default=utc_now, server_default=text("now()"))


_ENABLED: Final = (
    select(func.array_agg(TenantPlugin.plugin))
    .where(TenantPlugin.tenant_id == TenantRow.id, TenantPlugin.state == "enabled")
    .correlate(TenantRow)
    .scalar_subquery()
    .label("plugins")
)
_OPTIONS: Final = (
    select(
        func.jsonb_object_agg(
            TenantPlugin.plugin, func.jsonb_build_array(TenantPlugin.settings, TenantPlugin.secrets)
        )
    )
    .where(TenantPlugin.tenant_id == TenantRow.id, TenantPlugin.state != "uninstalled")
    .correlate(TenantRow)
    .scalar_subquery()
    .label("options")
)
_READ: Final = select(
    TenantRow.id,
    TenantRow.slug,
    TenantRow.name,
    TenantRow.schema,
    TenantRow.cell,
    TenantRow.slice,
    TenantRow.state,
    TenantRow.revision,
    TenantRow.locale,
    TenantRow.timezone,
    TenantRow.currency,
    TenantRow.country,
    TenantRow.sandbox_of,
    TenantRow.key,
    TenantRow.readonly,
    TenantRow.limits,
    TenantRow.notices,
    _ENABLED,
    _OPTIONS,
).where(TenantRow.state != "free")

_FORMER: Final = (
    select(FormerSlug.tenant_id)
    .where(FormerSlug.slug == bindparam("key", type_=Text()), FormerSlug.until > func.now())
    .scalar_subquery()
)
_HAS_SLUG: Final = or_(TenantRow.slug == bindparam("key", type_=Text()), TenantRow.id == _FORMER)
# Every tenant in use is read once a second by each process.
_BY_SLUG: Final = Statement(_READ.where(_HAS_SLUG).limit(1))
_BY_ID: Final = Statement(_READ.where(TenantRow.id == bindparam("key", type_=Uuid())))


class _Databases(Protocol):
    def control(self, *, readonly: bool = False) -> Any: ...


class Directory:
    """Reads tenants, each at most once per ``FRESH_S`` and process, whatever the number of requests."""

    def __init__(self, databases: _Databases) -> None:
        self._databases = databases
        self._known: OrderedDict[object, tuple[float, Tenant | None]] = OrderedDict()
        self._reading: dict[object, asyncio.Task[Tenant | None]] = {}

    async def by_slug(self, slug: str) -> Tenant | None:
        """Find a tenant by the name in its addresses, or by one that it had not long ago: compare its ``slug``."""
        return await self._find(slug)

    async def by_id(self, tenant_id: UUID) -> Tenant | None:
        """Find a tenant by its id."""
        return await self._find(tenant_id)

    async def all(self) -> list[Tenant]:
        """Read every tenant that is not in the warm pool; for jobs and commands, not for requests."""
        async with self._databases.control(readonly=True) as unit:
            return [tenant_of(row) for row in await unit.session.execute(_READ.order_by(TenantRow.id))]

    async def bump(self, tenant_id: UUID, session: AsyncSession | None = None) -> None:
        """Raise the revision, so that every process reads the tenant anew within a second.

        With ``session`` (on control) it is part of that transaction; call :meth:`forget` after its commit.
        """
        statement = update(TenantRow).where(TenantRow.id == tenant_id).values(revision=TenantRow.revision + 1)
        if session is not None:
            await session.execute(statement)
        else:
            async with self._databases.control() as unit:
                await unit.session.execute(statement)
                await unit.commit()
        self.forget(tenant_id)

    def forget(self, tenant_id: UUID | None = None) -> None:
        """Drop what this process remembers of one tenant, or of all."""
        for key, (_, tenant) in list(self._known.items()):
            if tenant_id is None or tenant is None or tenant.id == tenant_id:
                del self._known[key]
        self._reading.clear()

    async def _find(self, key: str | UUID) -> Tenant | None:
        known = self._known.get(key)
        if known is not None and time.monotonic() - known[0] < FRESH_S:
            return known[1]
        task = self._reading.get(key)
        if task is None:
            task = self._reading[key] = asyncio.create_task(self._read(key))
            task.add_done_callback(lambda done: self._finish(key, done))
        return await asyncio.shield(task)

    def _finish(self, key: object, done: "asyncio.Task[Tenant | None]") -> None:
        if self._reading.get(key) is done:
            del self._reading[key]
        if not done.cancelled():
            done.exception()

    async def _read(self, key: str | UUID) -> Tenant | None:
        at = time.monotonic()
        this = asyncio.current_task()
        question = _BY_SLUG if isinstance(key, str) else _BY_ID
        async with self._databases.control(readonly=True) as unit:
            rows = await unit.session.run(question, {"key": key})
        tenant = tenant_of(structs.asdict(rows[0])) if rows else None
        # A reading that was forgotten while it was on its way must not be remembered.
        if self._reading.get(key) is this:
            self._known[key] = (at, tenant)
            self._known.move_to_end(key)
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return tenant


def tenant_of(row: Row[Any] | Mapping[str, Any]) -> Tenant:
    """Build the tenant from a row of the directory's reading."""
    values = dict(row._mapping) if isinstance(row, Row) else dict(row)
    values["plugins"] = frozenset(values.get("plugins") or ())
    values["options"] = values.get("options") or {}
    values["slug"] = values["slug"] or ""
    values["key"] = bytes(values["key"])
    return Tenant(**values)
